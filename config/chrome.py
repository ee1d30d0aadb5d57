"""The frame around every page: which seat somebody sits in, and the rooms that seat can walk into."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Membership, Organisation
from consent.parties.models import Seat as Place


@dataclass(frozen=True)
class Tab:
    """One room in the header (on a phone: at the bottom)."""

    href: str
    icon: str
    label: str | Promise
    is_current: bool = False


@dataclass(frozen=True)
class Seat:
    """One way of being at Maru; `prefixes` are the paths that belong to it."""

    key: str
    label: str | Promise
    prefixes: tuple[str, ...]
    tabs: tuple[Tab, ...]


HOUSEHOLD = Seat(
    "household",
    "",
    ("/inbox", "/history", "/appliances", "/wallet", "/shop", "/privacy"),
    (
        Tab("/inbox", "ask", _("질문")),
        Tab("/history", "history", _("기록")),
        Tab("/appliances", "appliance", _("가전")),
        Tab("/wallet", "wallet", _("지갑")),
        Tab("/shop", "shop", _("가게")),
        Tab("/privacy", "privacy", _("지킴")),
    ),
)
BUYER = Seat(
    "buyer",
    _("기관"),
    ("/buyer",),
    (
        Tab("/buyer/data-requests", "ask", _("데이터 요청")),
        Tab("/buyer/records", "history", _("받은 기록")),
        Tab("/buyer/budget", "wallet", _("예산")),
        Tab("/buyer/keys", "key", _("열쇠")),
    ),
)
PROVIDER = Seat(
    "provider",
    _("서비스 기관"),
    ("/provider",),
    (
        Tab("/provider/orders", "shop", _("예약")),
        Tab("/provider/rewards", "appliance", _("내놓은 것")),
    ),
)
ADMIN = Seat(
    "admin",
    _("운영"),
    ("/review",),
    (
        Tab("/review", "ask", _("검토")),
        Tab("/review/withdrawals", "history", _("거둔 허락")),
        Tab("/admin/", "privacy", _("관리")),
    ),
)
AUDIT = Seat(
    "audit",
    _("감사"),
    ("/audit",),
    (
        Tab("/audit", "wallet", _("장부")),
        Tab("/audit/transfers", "history", _("분개")),
        Tab("/audit/accounts", "key", pgettext_lazy("accounts", "계정")),
        Tab("/audit/exceptions", "ask", _("예외")),
        Tab("/audit/matches", "privacy", _("대조")),
    ),
)
SEATS = (HOUSEHOLD, BUYER, PROVIDER, ADMIN, AUDIT)
_SEAT_OF_KIND: dict[str, Seat] = {Organisation.Kind.PLATFORM: ADMIN, Organisation.Kind.BUYER: BUYER}


def _is_within(path: str, prefix: str) -> bool:
    stem = prefix.rstrip("/")
    return path == stem or path.startswith(stem + "/")


#: Rooms that a member under 14 cannot walk into: tokens are the older ones' business.
GROWN_UP = {"/wallet", "/shop"}
#: Pages that lie in another room than their address says.
LIES_IN = {"buyer_records": "/buyer/records"}


def seat_of_path(path: str) -> Seat | None:
    """Return the seat whose rooms hold `path`, or None for pages that belong to everybody."""
    return next((seat for seat in SEATS if any(_is_within(path, prefix) for prefix in seat.prefixes)), None)


def tabs_for(seat: Seat, *, path: str, user: Any = None) -> list[Tab]:
    """Return the seat's tabs that this person can open; the innermost one that holds `path` is marked as current."""
    closed = GROWN_UP if seat is HOUSEHOLD and _is_child(user) else set()
    tabs = [tab for tab in seat.tabs if tab.href not in closed]
    holding = [tab for tab in tabs if _is_within(path, tab.href)]
    current = max(holding, key=lambda tab: len(tab.href), default=None)
    return [Tab(tab.href, tab.icon, tab.label, tab is current) for tab in tabs]


def _is_child(user: Any) -> bool:
    place: Membership | None = getattr(user, "membership", None)
    return place is not None and place.role == Membership.Role.CHILD


def seat_of_person(user: Any) -> Seat | None:
    """Return the seat in which somebody feels at home: the household first, then the organisation's."""
    if getattr(user, "membership", None):
        return HOUSEHOLD
    place = getattr(user, "seat", None)
    if place is None:
        return ADMIN if getattr(user, "is_staff", False) else None
    return _seat_of_place(place)


def _seat_of_place(place: Place) -> Seat:
    if place.role == Place.Role.AUDITOR:
        return AUDIT
    return _SEAT_OF_KIND.get(place.organisation.kind, PROVIDER)


def sits_in(seat: Seat, user: Any) -> bool:
    """Tell whether `seat` is one of this person's. Whoever strays into other rooms keeps the own frame."""
    if seat is HOUSEHOLD:
        return bool(getattr(user, "membership", None))
    place = getattr(user, "seat", None)
    return seat is (_seat_of_place(place) if place else None) or (seat is ADMIN and getattr(user, "is_staff", False))


def name_in_seat(seat: Seat | None, user: Any) -> str:
    """Return the household's or the organisation's own name, as it stands beside the rooms."""
    if seat is HOUSEHOLD:
        membership = getattr(user, "membership", None)
        return membership.household.name if membership else ""
    place = getattr(user, "seat", None)
    return place.organisation.name if place and seat in (BUYER, PROVIDER) else ""


def _place_of(request: HttpRequest) -> str:
    page = request.resolver_match.url_name if request.resolver_match else None
    return LIES_IN.get(page or "", request.path)


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `seat`, `tabs` and `seat_name` of the page being shown; strangers cost no query."""
    seat = seat_of_path(request.path)
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"seat": None, "tabs": [], "seat_name": ""}
    if seat is None or not sits_in(seat, user):
        seat = seat_of_person(user)
    return {
        "seat": seat,
        "tabs": tabs_for(seat, path=_place_of(request), user=user) if seat else [],
        "seat_name": name_in_seat(seat, user),
    }
