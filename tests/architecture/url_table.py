"""Who may use each address of Maru. A new address needs a row here, or tests/architecture/test_urls.py fails."""

from dataclasses import dataclass
from enum import Enum


class Audience(Enum):
    """Whose address it is. Everybody else is turned away before anything is looked up."""

    PUBLIC = "everybody"
    SIGNED_IN = "anybody who signed in"
    MEMBER = "members of a household"
    BUYER = "people and keys of a buyer"
    PROVIDER = "people of a service provider or manufacturer"
    AUDITOR = "auditors with a second factor, and auditor keys"
    ADMIN = "the platform's admins"
    HUB = "a household's hub, by its key"


@dataclass(frozen=True)
class Row:
    """One address.

    Args:
        audience: whose it is.
        theirs: it shows or changes one party's own thing, so the same seat of another party gets 404. The thing is
            found by the names of the address's parts, in `make_world` of tests/world.py.
    """

    audience: Audience
    theirs: bool = False


PUBLIC, SIGNED_IN, MEMBER, BUYER = Audience.PUBLIC, Audience.SIGNED_IN, Audience.MEMBER, Audience.BUYER
PROVIDER, AUDITOR, ADMIN, HUB = Audience.PROVIDER, Audience.AUDITOR, Audience.ADMIN, Audience.HUB

#: From the route, exactly as Django joins it, to its row.
ROWS: dict[str, Row] = {
    # everybody
    "": Row(PUBLIC),
    "favicon.ico": Row(PUBLIC),
    "privacy-notice": Row(PUBLIC),
    "ledger/checkpoint": Row(PUBLIC),
    "ledger/key": Row(PUBLIC),
    "ledger/verify_bundle.py": Row(PUBLIC),
    "api/v1/ledger/checkpoints/latest": Row(PUBLIC),
    "api/v1/ledger/checkpoints/cosignatures": Row(PUBLIC),
    "api/v1/ledger/checkpoints/consistency": Row(PUBLIC),
    "api/v1/ledger/liabilities": Row(PUBLIC),
    "home": Row(SIGNED_IN),
    "i18n/setlang/": Row(PUBLIC),
    "healthz": Row(PUBLIC),
    "readyz": Row(PUBLIC),
    "status": Row(PUBLIC),
    "problems/<slug:code>": Row(PUBLIC),
    "api/docs": Row(PUBLIC),
    "api/v1/schema": Row(PUBLIC),
    "api/v1/dialects": Row(PUBLIC),
    "dialects": Row(PUBLIC),
    "api/v1/receipts/verify": Row(PUBLIC),
    ".well-known/jwks.json": Row(PUBLIC),
    "receipts/verify": Row(PUBLIC),
    "receipts/verify_receipt.py": Row(PUBLIC),
    "notices/<slug:notice_version>/<slug:notice_locale>": Row(PUBLIC),
    "ns": Row(PUBLIC),
    "ns/receipt-1.jsonld": Row(PUBLIC),
    # appliances and their hubs
    "api/v1/insights": Row(HUB),
    "api/v1/ingest/<slug:dialect>": Row(HUB),
    "api/v1/pairings": Row(PUBLIC),
    "api/v1/pairings/keys": Row(HUB),
    "api/v1/pairings/broker": Row(HUB),
    # households
    "inbox": Row(MEMBER),
    "inbox/<uuid:ask_id>": Row(MEMBER, theirs=True),
    "inbox/<uuid:ask_id>/answer": Row(MEMBER, theirs=True),
    "inbox/<uuid:ask_id>/wrong": Row(MEMBER, theirs=True),
    "history": Row(MEMBER),
    "history/<uuid:consent_id>": Row(MEMBER, theirs=True),
    "history/<uuid:consent_id>/receipt": Row(MEMBER, theirs=True),
    "history/<uuid:consent_id>/withdraw": Row(MEMBER, theirs=True),
    "welcome": Row(SIGNED_IN),
    "join/<str:invitation_code>": Row(SIGNED_IN),
    "appliances": Row(MEMBER),
    "appliances/<uuid:appliance_id>": Row(MEMBER, theirs=True),
    "appliances/<uuid:appliance_id>/own": Row(MEMBER, theirs=True),
    "appliances/<uuid:appliance_id>/give-back": Row(MEMBER, theirs=True),
    "appliances/<uuid:appliance_id>/forget": Row(MEMBER, theirs=True),
    "appliances/<uuid:appliance_id>/sharing": Row(MEMBER, theirs=True),
    "appliances/<uuid:appliance_id>/kinds": Row(MEMBER, theirs=True),
    "appliances/<uuid:appliance_id>/join": Row(MEMBER, theirs=True),
    "appliances/<uuid:part_id>/separate": Row(MEMBER, theirs=True),
    "appliances/<uuid:appliance_id>/leave": Row(MEMBER, theirs=True),
    "appliances/pairings": Row(MEMBER),
    "appliances/pairings/<uuid:pairing_code_id>": Row(MEMBER, theirs=True),
    "appliances/pairings/<uuid:pairing_code_id>/cancel": Row(MEMBER, theirs=True),
    "appliances/hubs/<uuid:pairing_id>/end": Row(MEMBER, theirs=True),
    "appliances/keys": Row(MEMBER),
    "appliances/keys/<uuid:key_id>/change": Row(MEMBER, theirs=True),
    "appliances/keys/<uuid:key_id>/revoke": Row(MEMBER, theirs=True),
    "privacy": Row(MEMBER),
    "privacy/organisations": Row(MEMBER),
    "privacy/members": Row(MEMBER),
    "privacy/members/invitations/<uuid:invitation_id>/withdraw": Row(MEMBER, theirs=True),
    "privacy/export": Row(MEMBER),
    "privacy/export/tables": Row(MEMBER),
    "privacy/leave": Row(MEMBER),
    "privacy/members/<uuid:membership_id>/take-out": Row(MEMBER, theirs=True),
    "wallet": Row(MEMBER),
    "wallet/proof": Row(MEMBER),
    "wallet/gifts": Row(MEMBER),
    "wallet/gifts/confirm": Row(MEMBER),
    "wallet/gifts/give": Row(MEMBER),
    "wallet/gifts/number": Row(MEMBER),
    "wallet/gifts/<uuid:gift_id>/return": Row(MEMBER, theirs=True),
    "shop": Row(MEMBER),
    "shop/<uuid:reward_id>/reserve": Row(MEMBER),
    "shop/orders": Row(MEMBER),
    "shop/orders/<uuid:order_id>": Row(MEMBER, theirs=True),
    "shop/orders/<uuid:order_id>/cancel": Row(MEMBER, theirs=True),
    "api/v1/asks": Row(MEMBER),
    "api/v1/asks/<uuid:ask_id>": Row(MEMBER, theirs=True),
    "api/v1/asks/<uuid:ask_id>/approve": Row(MEMBER, theirs=True),
    "api/v1/asks/<uuid:ask_id>/deny": Row(MEMBER, theirs=True),
    "api/v1/asks/<uuid:ask_id>/wrong": Row(MEMBER, theirs=True),
    "api/v1/asks/<uuid:ask_id>/defer": Row(MEMBER, theirs=True),
    "api/v1/consents": Row(MEMBER),
    "api/v1/consents/<uuid:consent_id>/receipt": Row(MEMBER, theirs=True),
    "api/v1/consents/<uuid:consent_id>/withdraw": Row(MEMBER, theirs=True),
    "api/v1/accesses": Row(MEMBER),
    "api/v1/wallet": Row(MEMBER),
    "api/v1/wallet/entries": Row(MEMBER),
    "api/v1/wallet/proof": Row(MEMBER),
    "api/v1/gifts": Row(MEMBER),
    "api/v1/gifts/<uuid:gift_id>/return": Row(MEMBER, theirs=True),
    "api/v1/rewards": Row(MEMBER),
    "api/v1/orders": Row(MEMBER),
    "api/v1/orders/<uuid:order_id>/cancel": Row(MEMBER, theirs=True),
    # buyers
    "buyer/budget": Row(BUYER),
    "buyer/records": Row(BUYER),
    "buyer/data-requests": Row(BUYER),
    "buyer/data-requests/new": Row(BUYER),
    "buyer/data-requests/preview": Row(BUYER),
    "buyer/data-requests/<uuid:request_id>": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/manage": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/edit": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/fund": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/submit": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/pause": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/resume": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/close": Row(BUYER, theirs=True),
    "buyer/data-requests/<uuid:request_id>/reach": Row(BUYER, theirs=True),
    "buyer/keys": Row(BUYER),
    "buyer/keys/<uuid:buyer_key_id>/revoke": Row(BUYER, theirs=True),
    "buyer/withdrawals/<uuid:erasure_id>/attest": Row(BUYER, theirs=True),
    "api/v1/budget": Row(BUYER),
    "api/v1/data-requests": Row(BUYER),
    "api/v1/data-requests/<uuid:request_id>": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/fund": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/submit": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/pause": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/resume": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/close": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/reach": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/records": Row(BUYER, theirs=True),
    "api/v1/data-requests/<uuid:request_id>/records/<uuid:release_id>": Row(BUYER, theirs=True),
    "api/v1/webhook-endpoints": Row(BUYER),
    "api/v1/webhook-endpoints/<uuid:endpoint_id>": Row(BUYER, theirs=True),
    "api/v1/withdrawals": Row(BUYER),
    "api/v1/withdrawals/<uuid:withdrawal_id>/ack": Row(BUYER, theirs=True),
    # service providers
    "provider/orders": Row(PROVIDER),
    "provider/orders/<uuid:order_id>": Row(PROVIDER, theirs=True),
    "provider/orders/<uuid:order_id>/accept": Row(PROVIDER, theirs=True),
    "provider/orders/<uuid:order_id>/refuse": Row(PROVIDER, theirs=True),
    "provider/orders/<uuid:order_id>/fulfil": Row(PROVIDER, theirs=True),
    "provider/rewards": Row(PROVIDER),
    "provider/rewards/<uuid:reward_id>": Row(PROVIDER, theirs=True),
    # admins
    "review": Row(ADMIN),
    "review/withdrawals": Row(ADMIN),
    # auditors
    "audit": Row(AUDITOR),
    "audit/issuances": Row(AUDITOR),
    "audit/transfers": Row(AUDITOR),
    "audit/transfers/<uuid:op_id>": Row(AUDITOR),
    "audit/trial-balance": Row(AUDITOR),
    "audit/accounts": Row(AUDITOR),
    "audit/accounts/<str:address>": Row(AUDITOR),
    "audit/exceptions": Row(AUDITOR),
    "audit/matches": Row(AUDITOR),
    "api/v1/audit/matches": Row(AUDITOR),
    "api/v1/audit/trails/<uuid:op_id>": Row(AUDITOR),
    "api/v1/ledger/trial-balance": Row(AUDITOR),
    "api/v1/ledger/accounts": Row(AUDITOR),
    "api/v1/ledger/accounts/<str:address>": Row(AUDITOR),
    "api/v1/ledger/accounts/<str:address>/statement": Row(AUDITOR),
    "api/v1/ledger/accounts/<str:address>/proof": Row(AUDITOR),
    "api/v1/ledger/transfers": Row(AUDITOR),
    "api/v1/ledger/transfers/<uuid:op_id>": Row(AUDITOR),
    "api/v1/ledger/transfers/<uuid:op_id>/proof": Row(AUDITOR),
    "api/v1/ledger/attempts": Row(AUDITOR),
    "api/v1/ledger/exceptions": Row(AUDITOR),
    "api/v1/ledger/exceptions/<slug:list_name>": Row(AUDITOR),
    "api/v1/ledger/export/transfers": Row(AUDITOR),
    "api/v1/ledger/export/accounts": Row(AUDITOR),
    "api/v1/ledger/export/accounts/<str:address>/statement": Row(AUDITOR),
    "api/v1/ledger/export/exceptions/<slug:list_name>": Row(AUDITOR),
    "api/v1/ledger/refusals": Row(AUDITOR),
    "api/v1/ledger/checkpoints": Row(AUDITOR),
    "api/v1/ledger/bundle": Row(AUDITOR),
}
#: Pages that a library brings and guards itself; test_urls.py walks them apart.
LIBRARIES = ("accounts/", "admin/")
