"""A surprise: Maru thanks many homes at once, from what it has, each home once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from consent.parties import operations as parties
from consent.parties.models import Organisation, User
from consent.parties.policies import check_is_admin
from rewards.ledger import operations as ledger
from rewards.ledger.errors import AccountClosed, InsufficientTokens, LedgerError, UnknownAccount
from rewards.ledger.models import Account, Attempt
from rewards.ledger.queries import balance_of
from rewards.treasury import policies
from rewards.treasury.errors import BudgetTooSmall
from rewards.treasury.models import Thanks
from rewards.treasury.queries import purse_of

#: Homes in one call of the ledger.
HOMES = 1_000


@dataclass(frozen=True)
class Outcome:
    """How a thank-you went: homes thanked now, thanked before, and those whose account takes nothing any more."""

    thanked: int = 0
    before: int = 0
    closed: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.thanked + other.thanked, self.before + other.before, self.closed + other.closed)

    @property
    def homes(self) -> int:
        return self.thanked + self.before + self.closed


@transaction.atomic(durable=True)
def begin_thanks(
    *,
    batch: str,
    organisation: Organisation,
    tokens: int,
    words_ko: str,
    words_en: str,
    actor: User,
    at: datetime,
) -> Thanks:
    """Write down who thanks, why and with how much; the same batch again is the same thank-you.

    Args:
        batch: the name under which it can be gone on with after a stop.

    Raises:
        NotPermitted: `actor` is no admin of the platform, or the organisation is not Maru itself.
        OrganisationSuspended: it is suspended, or was never verified.
        ThanksOutOfBounds: a word is missing, or a home would get more than one may.
        ThanksDiffer: the batch was begun with other words, tokens or another organisation.
    """
    check_is_admin(actor)
    policies.check_can_thank(organisation)
    policies.check_thanks(batch=batch, tokens=tokens, words_ko=words_ko, words_en=words_en)
    given: dict[str, Any] = {"organisation": organisation, "tokens": tokens, "words_ko": words_ko, "words_en": words_en}
    thanks, is_new = Thanks.objects.get_or_create(batch=batch, defaults={**given, "made_by": actor, "made_at": at})
    policies.check_same_thanks(thanks, **given)
    if is_new:
        parties.note(actor=str(actor.pk), action="thanks.begin", subject=thanks.reference, at=at)
    return thanks


def thank_homes(
    *,
    thanks: Thanks,
    addresses: Sequence[str],
    report: Callable[[Outcome], None] = lambda outcome: None,
    size: int = HOMES,
) -> Outcome:
    """Give every home its tokens, `size` homes in one call; homes that have theirs are passed over.

    Each call is a transaction of its own, so a stop loses nothing, and going on begins where it stopped: what a home
    gets has one key, made of the batch and its account.

    Args:
        addresses: accounts of homes, each once.
        report: called after each batch with what was done so far.

    Raises:
        NotPermitted: the organisation is not Maru itself.
        OrganisationSuspended: it is suspended.
        BudgetTooSmall: the organisation has too little for all who are still to be thanked; nothing more was given.
        ThanksOutOfBounds: a home would get more in a day than it may; nothing more was given.
        LedgerError: the books refuse it for another reason than a closed account.
    """
    check_budget(thanks, addresses=addresses)
    done = Outcome()
    for begin in range(0, len(addresses), size):
        done += _thank(thanks, addresses[begin : begin + size])
        report(done)
    return done


def check_budget(thanks: Thanks, *, addresses: Sequence[str]) -> int:
    """Return what is still needed to thank every home.

    Raises:
        NotPermitted: the organisation is not Maru itself.
        OrganisationSuspended: it is suspended.
        BudgetTooSmall: the organisation has less than that.
    """
    policies.check_can_thank(thanks.organisation)
    keys = [_key(thanks, address) for address in addresses]
    before = sum(
        Attempt.objects.filter(key__in=keys[begin : begin + HOMES], outcome=Attempt.APPLIED).count()
        for begin in range(0, len(keys), HOMES)
    )
    needed = (len(keys) - before) * thanks.tokens
    available = _available(purse_of(thanks.organisation))
    if needed > available:
        raise BudgetTooSmall(thanks.batch, needed=needed, available=available)
    return needed


@transaction.atomic(durable=True)
def _thank(thanks: Thanks, addresses: Sequence[str]) -> Outcome:
    # Two batches at once must not both fit into a home's day.
    Organisation.objects.select_for_update(no_key=True).get(pk=thanks.organisation_id)
    _check_day(thanks, addresses)
    items = [
        ledger.PostItem(
            key=_key(thanks, address),
            debit=purse_of(thanks.organisation),
            credit=address,
            amount=thanks.tokens,
            actor=thanks.made_by,
            event_type="thanks",
            event_ref=thanks.reference,
        )
        for address in addresses
    ]
    answers = ledger.apply(items, skip_refused=True)
    if any(isinstance(answer, InsufficientTokens) for answer in answers):
        raise BudgetTooSmall(thanks.batch, needed=thanks.tokens, available=_available(purse_of(thanks.organisation)))
    for answer in answers:
        if isinstance(answer, LedgerError) and not isinstance(answer, AccountClosed):
            raise answer
    refused = sum(isinstance(answer, AccountClosed) for answer in answers)
    before = sum(answer.replayed for answer in answers if not isinstance(answer, LedgerError))
    return Outcome(thanked=len(answers) - refused - before, before=before, closed=refused)


def _check_day(thanks: Thanks, addresses: Sequence[str]) -> None:
    keys = {_key(thanks, address): address for address in addresses}
    before = Attempt.objects.filter(key__in=keys, outcome=Attempt.APPLIED).values_list("key", flat=True)
    left = set(addresses) - {keys[key] for key in before}
    accounts = Account.objects.filter(address__in=left).values_list("pk", flat=True)
    policies.check_thanked_today(list(accounts), tokens=thanks.tokens)


def _key(thanks: Thanks, address: str) -> str:
    return f"thank:{thanks.batch}:{address}"


def _available(address: str) -> int:
    try:
        return balance_of(address).available
    except UnknownAccount:
        return 0
