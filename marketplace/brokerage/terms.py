"""What an offer says in people's words: the notice, and who is paid what."""

from datetime import datetime, timedelta

from django.utils import formats, timezone, translation

from consent.records import notices
from consent.records.notices import Notice
from consent.records.purposes import PURPOSES
from marketplace.brokerage.models import Offer
from marketplace.demand.pricing import Price, price_of_version
from marketplace.insights.kinds import KINDS
from rewards.ledger.addresses import manufacturer_account
from rewards.ledger.items import Leg
from rewards.ledger.models import FEES, GUARANTEE


def ends_at(offer: Offer, *, at: datetime) -> datetime:
    """Return when a consent given at `at` ends: approval plus retention, one date for consent and release."""
    return at + timedelta(days=offer.version.retention_days)


def price_at(offer: Offer, rung: str) -> Price:
    """Return the whole price of an offer at one rung."""
    return price_of_version(offer.version, rung=rung)


def notice_of(offer: Offer, *, locale: str, rung: str, at: datetime) -> Notice:
    """Return the notice of one ask, with what stands in it if it is answered at `at`.

    Raises:
        NoticeMissing: this notice does not exist in that language.
    """
    version, recipient, price = offer.version, offer.ask.recipient, price_at(offer, rung)
    with translation.override(locale):
        facts = {
            "recipient": recipient.name,
            "recipient_address": recipient.address,
            "recipient_contact": recipient.contact,
            "purpose": PURPOSES[version.purpose].label,
            "purpose_text": version.purpose_text,
            "items": KINDS[offer.insight.kind].label.say(locale),
            "retention_days": str(version.retention_days),
            "erase_on": formats.date_format(timezone.localtime(ends_at(offer, at=at)), "DATE_FORMAT"),
            "tokens": f"{price.tokens:,}",
            "price_tokens": f"{price.total:,}",
        }
    return notices.render(version=offer.ask.notice_version, locale=locale, facts=facts)


def legs_of(offer: Offer, *, rung: str, wallet: str) -> tuple[Leg, ...]:
    """Return who is paid what: the household exactly its tokens, then the manufacturer, then Maru.

    Nobody knows who made an appliance that only a hub speaks for; that share goes to the guarantee, which pays buyers
    back when a household withdraws before they read.
    """
    price, maker = price_at(offer, rung), offer.insight.appliance.manufacturer_id
    return (
        Leg(wallet, price.tokens),
        Leg(manufacturer_account(maker) if maker else GUARANTEE, price.manufacturer),
        Leg(FEES, price.platform),
    )
