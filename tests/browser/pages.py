"""Every page of Maru and who looks at it; `{…}` are ids of a Maru that was lived in for some days."""

PAGES: dict[str, list[str]] = {
    "": [
        "/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/status", "/privacy-notice",
        "/problems/ask_not_pending", "/no-such-room", "/receipts/verify", "/dialects",
    ],
    "newcomer": ["/welcome", "/join/{invitation}"],
    "mother": [
        "/inbox", "/inbox?state=answered", "/inbox/{ask}", "/history", "/history/{consent}", "/history/{ended}",
        "/appliances", "/appliances/{appliance}", "/appliances/{appliance}/leave",
        "/appliances/pairings/{pairing}", "/wallet", "/wallet/gifts", "/shop", "/shop?show=all",
        "/shop/{reward}/reserve", "/shop/{service}/reserve",
        "/shop/orders", "/shop/orders/{order}", "/shop/orders/{accepted}", "/shop/orders/{refused}",
        "/privacy", "/privacy/members", "/privacy/members/{father}/take-out",
        "/accounts/2fa/", "/accounts/2fa/totp/activate", "/accounts/2fa/webauthn/add/", "/accounts/email/",
        "/accounts/sessions/", "/accounts/password/change/", "/accounts/logout/", "/privacy/leave",
    ],
    "teen": ["/inbox", "/appliances", "/wallet", "/shop", "/privacy"],
    "neighbour": ["/inbox", "/history", "/appliances", "/wallet", "/shop/orders"],
    "school": [
        "/buyer/data-requests", "/buyer/data-requests/new", "/buyer/data-requests/{request}/manage",
        "/buyer/data-requests/{request}/edit", "/buyer/data-requests/{request}", "/buyer/data-requests/{draft}/manage",
        "/buyer/data-requests/{waiting}/manage", "/buyer/records", "/buyer/budget", "/buyer/keys",
    ],
    "provider": [
        "/provider/orders", "/provider/orders?show=over", "/provider/orders/{order}", "/provider/orders/{accepted}",
        "/provider/rewards", "/provider/rewards/{service}",
    ],
    "auditor": [
        "/audit", "/audit/trial-balance?by=effective", "/audit/transfers",
        "/audit/transfers?min_amount=x", "/audit/transfers?actor=nobody", "/audit/transfers/{op}",
        "/audit/accounts", "/audit/accounts/{account}", "/audit/accounts/{account}?start=2026-01-01",
        "/audit/accounts/platform:fees", "/audit/issuances", "/audit/exceptions", "/audit/exceptions?list=issued",
        "/audit/matches",
    ],
    "admin": [
        "/review", "/admin/demand/datarequest/{waiting}/change/", "/review/withdrawals", "/admin/",
        "/admin/appliances/streamflag/",
    ],
}  # fmt: skip
EVERY = [(who, path) for who, paths in PAGES.items() for path in paths]


def name_of(who: str, path: str) -> str:
    """Name a page in test ids and pictures: who looks, and where."""
    words = [word.strip("{}") for word in path.replace("?", "/").replace("=", "-").replace(":", "-").split("/") if word]
    return "-".join([who or "stranger", *(words or ["landing"])])
