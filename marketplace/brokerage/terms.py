"""What an offer says in people's words: the notice, the items it covers, and who is paid what."""

import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from consent.records import notices
from consent.records.controller import controller
from consent.records.errors import NoticeChanged
from consent.records.notices import Notice
from consent.records.purposes import PURPOSES
from consent.records.receipts import Coverage, Item
from marketplace.brokerage.models import Offer
from marketplace.brokerage.previews import ALWAYS, Preview
from marketplace.demand.pricing import Price, price_of_version
from marketplace.demand.terms import OPTIONAL_FIELDS, field_label
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


def notice_of(offer: Offer, *, locale: str, preview: Preview | None, at: datetime) -> Notice:
    """Return the notice of one ask for one choice.

    From its second version on it does not depend on `at`, so that it cannot move between the showing and the answer.

    Args:
        preview: what would leave; None where nothing can be opened any more, and nothing will.

    Raises:
        NoticeMissing: this notice does not exist in that language.
    """
    version, recipient = offer.version, offer.ask.recipient
    with translation.override(locale):
        covered = coverage_of(offer, preview=preview)
        maru = controller(locale)
        facts = {
            "recipient": recipient.name,
            "recipient_address": recipient.address,
            "recipient_contact": recipient.contact,
            "purpose": PURPOSES[version.purpose].label,
            "purpose_text": version.purpose_text,
            "items": ", ".join(item.label for item in covered.items if item.field != "unit"),
            "retention_days": str(covered.retention_days),
            "erase_on": _day(ends_at(offer, at=at)),
            "erase_by": _day(ends_at(offer, at=offer.ask.expires_at)),
            "tokens": f"{covered.tokens:,}",
            "price_tokens": f"{covered.price_tokens:,}",
            "shares": f"{covered.price_tokens - covered.tokens:,}",
            # A destroyed data key lives on in backups until the key that wrapped it is destroyed too.
            "backup_days": str(settings.KEY_EPOCH_DAYS + settings.KEY_OVERLAP_DAYS),
            "controller": str(maru),
            "officer": maru.officer,
        }
    return notices.render(version=offer.ask.notice_version, locale=locale, facts=facts)


def notice_shown(offer: Offer, *, sha256: str | None, locale: str, preview: Preview, at: datetime) -> Notice:
    """Return the notice that a member had before them: the one whose digest came with the answer.

    Whoever read it in one language and turned to the other before answering read the first. An answer that names no
    digest is taken to be to the text in `locale`.

    Raises:
        NoticeChanged: no text that could be shown now has this digest.
        NoticeMissing: this notice does not exist in that language.
    """
    first = notice_of(offer, locale=locale, preview=preview, at=at)
    if sha256 is None or hmac.compare_digest(first.sha256.encode(), sha256.encode()):
        return first
    for other in set(notices.LOCALES) - {locale}:
        found = notice_of(offer, locale=other, preview=preview, at=at)
        if hmac.compare_digest(found.sha256.encode(), sha256.encode()):
            return found
    raise NoticeChanged(gettext("보시는 사이에 알림이 바뀌었어요. 지금 글을 읽고 정해 주세요."))


def coverage_of(offer: Offer, *, preview: Preview | None) -> Coverage:
    """Return what an answer is about, with the items in the language of whoever reads now.

    Args:
        preview: what would leave; None takes the finest rung and the items that are always asked for.
    """
    rung = preview.choice.rung if preview else offer.version.rungs[0]["rung"]
    fields = list(preview.document["data"]) if preview else [name for name in ALWAYS if name != "interval"]
    price = price_at(offer, rung)
    order = (*ALWAYS, *OPTIONAL_FIELDS)
    items = [
        Item(name, _item_label(offer, name), name in offer.version.optional_fields)
        for name in sorted(fields, key=order.index)
    ]
    items.append(Item("household", gettext("우리 집 대신 쓰는 이름"), is_optional=False))
    return Coverage(
        kind=offer.insight.kind,
        precision=rung,
        items=tuple(items),
        retention_days=offer.version.retention_days,
        tokens=price.tokens,
        price_tokens=price.total,
    )


def _item_label(offer: Offer, name: str) -> str:
    kind = KINDS[offer.insight.kind]
    known = {
        "value": kind.label.say(translation.get_language()),
        "unit": gettext("단위"),
        "observed_at": gettext("알아챈 때"),
        "interval": gettext("시작한 때와 끝난 때"),
        "area": gettext("동네"),
    }
    return known.get(name) or field_label(name)


def _day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "DATE_FORMAT")


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
