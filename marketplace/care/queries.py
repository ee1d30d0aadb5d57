"""The wallet and the shop as a home reads them: tokens beside the consents and appliances they belong to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from consent.parties.languages import language
from consent.parties.models import User
from consent.records.models import Consent
from marketplace.appliances.models import Appliance
from marketplace.insights.kinds import KINDS
from rewards.redemption.models import Reward
from rewards.redemption.queries import Entry

FITS = "fits"
#: What the shop's chips show, beside what fits the home and everything.
SHELVES = {
    "service": [Reward.Kind.SERVICE],
    "parts": [Reward.Kind.FILTER, Reward.Kind.ACCESSORY],
    "appliance": [Reward.Kind.APPLIANCE],
}
CONSENT = "consent:"


@dataclass(frozen=True)
class WalletLine:
    """One entry with the names that only this floor knows, and what it links to."""

    entry: Entry
    title: str
    words: str
    #: The consent it was earned by, if this member may see it.
    consent: Consent | None = None


def lines_of(entries: Iterable[Entry], *, user: User) -> list[WalletLine]:
    """Return wallet entries with the names of buyers and appliances.

    What was earned by another member's own appliance is shown without either: its tokens are the home's, its
    story is that member's.
    """
    listed = list(entries)
    consents = _consents_named((entry.event_ref for entry in listed), user=user)
    return [_line(entry, consents.get(entry.event_ref)) for entry in listed]


def types_at_home(user: User) -> list[str]:
    """Return the types of the appliances this member sees, each once."""
    return sorted(Appliance.objects.visible_to(user).order_by().values_list("type", flat=True).distinct())


def shelf(name: str, *, user: User, at: datetime) -> QuerySet[Reward]:
    """Return what one chip of the shop shows, the cheapest first.

    Args:
        name: `fits` (made for this home's appliances), a key of `SHELVES`, or anything else for all of it.
    """
    rewards = Reward.objects.on_offer(at).select_related("provider").order_by("tokens", "pk")
    if name == FITS:
        return rewards.fitting(types_at_home(user))
    return rewards.filter(kind__in=SHELVES[name]) if name in SHELVES else rewards


def _consents_named(refs: Iterable[str], *, user: User) -> dict[str, Consent]:
    ids = {UUID(ref.removeprefix(CONSENT)) for ref in refs if ref.startswith(CONSENT)}
    if not ids:
        return {}
    consents = Consent.objects.visible_to(user).filter(pk__in=ids)
    joined = consents.select_related("recipient", "end", "ask__offer__insight__appliance")
    return {f"{CONSENT}{consent.pk}": consent for consent in joined}


def _line(entry: Entry, consent: Consent | None) -> WalletLine:
    if entry.kind == "earned" and consent is None:
        return WalletLine(entry, gettext("식구가 나눈 것"), gettext("그 식구만 자세히 볼 수 있어요."))
    if consent is not None:
        return WalletLine(entry, consent.recipient.name, _noticed(consent), consent)
    if entry.order is not None:
        return WalletLine(entry, entry.words, entry.order.reward.provider.name)
    if entry.gift is not None:
        return WalletLine(entry, entry.words, entry.gift.words if entry.event_type == "gift.give" else "")
    if entry.thanks is not None:
        return WalletLine(entry, entry.words, entry.thanks.words)
    return WalletLine(entry, entry.words, "")


def _noticed(consent: Consent) -> str:
    insight = consent.ask.offer.insight
    kind = KINDS[insight.kind].label.say(language()) if insight.kind in KINDS else insight.kind
    words = f"{insight.appliance.get_type_display()}, {kind}."
    if getattr(consent, "end", None) is not None:
        words += " " + gettext("나중에 철회하셨고 토큰은 그대로예요.")
    return words
