"""One home gives tokens to another. Nothing undoes it; who got them may return them once.

One lock order everywhere: the homes' rows in the order of their keys, then the ledger's balances in theirs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.models import Household, User
from consent.parties.queries import as_now
from rewards.ledger import operations as ledger
from rewards.ledger.errors import AccountClosed, IdempotencyMismatch, InsufficientTokens, UnknownAccount
from rewards.ledger.queries import wallet_address
from rewards.redemption import policies
from rewards.redemption.errors import GiftAddressUnknown, NotEnoughTokens
from rewards.redemption.models import Gift, GiftAddress
from rewards.redemption.models.gifts import GIFT_SIGNS, new_gift_code
from rewards.redemption.operations.ordering import free_lapsed
from rewards.redemption.queries import wallet_of
from rewards.treasury import operations as treasury


@transaction.atomic(savepoint=False)
def open_gift_address(*, household: Household, at: datetime) -> GiftAddress:
    """Give a home the number under which it takes gifts, or return the one it has."""
    address, _ = GiftAddress.objects.get_or_create(household=household, defaults={"changed_at": at})
    return address


@transaction.atomic(durable=True)
def change_gift_code(*, actor: User, at: datetime) -> GiftAddress:
    """Give a home a new number; under the old one nobody gives to it any more.

    Raises:
        NotYourGift: `actor` belongs to no home.
        OnlyAdultsGive: `actor` is not an adult.
        GiftsStopped: Maru has stopped this home.
    """
    household = policies.check_can_give(actor)
    address = open_gift_address(household=household, at=at)
    address.code, address.changed_at = new_gift_code(), at
    address.save(update_fields=["code", "changed_at"])
    parties.note(actor=str(actor.pk), action="gift.renumber", subject=f"household:{household.pk}", at=at)
    return address


def find_taker(*, actor: User, code: str, at: datetime) -> Household:
    """Return the home that takes gifts under a number, as it was typed: case, spaces and hyphens do not matter.

    A number nobody has is counted, in a transaction of its own; after twenty in a day the home looks no further.

    Raises:
        NotYourGift: `actor` belongs to no home.
        OnlyAdultsGive: `actor` is not an adult.
        GiftsStopped: Maru has stopped this home from giving.
        GiftTriesUsedUp: too many numbers that nobody has.
        GiftAddressUnknown: nobody takes gifts under it, whatever the reason.
    """
    giver = policies.check_can_give(actor)
    policies.check_tries_left(giver, at=at)
    # Changed, stopped, closed or one's own: each is a number nobody has.
    address = GiftAddress.objects.open_to(giver).filter(code=spelled(code)).first()
    if address is None:
        subject = f"household:{giver.pk}"
        action = policies.UNKNOWN_GIFT_ADDRESS
        parties.note(actor=str(actor.pk), action=action, subject=subject, at=at, outcome="refused")
        raise _unknown()
    return address.household


@ledger.retry_on_conflict
def give_tokens(*, code: str, tokens: int, words: str, actor: User, at: datetime, idempotency_key: str = "") -> Gift:
    """Give tokens to the home that has this number. They keep their age, so that handing on makes none younger.

    Args:
        code: as typed.
        words: shown to the other home as they were written.
        idempotency_key: chosen by the caller; the same key with the same gift answers the first one again.

    Raises:
        As `find_taker`, and:
        GiftInvalid: tokens or words cannot be.
        GiftTooLarge: the gift, the day or the month would go beyond what is allowed.
        NotEnoughTokens: what the home may use does not cover it; nothing was written.
        IdempotencyMismatch: the key was used for another gift.
    """
    words = words.strip()
    policies.check_gift(tokens=tokens, words=words)
    giver = policies.check_can_give(actor)
    said = {"tokens": tokens, "words": words, "code": spelled(code)}
    earlier = _earlier(giver, idempotency_key, said)
    if earlier is not None:
        return earlier
    taker = find_taker(actor=actor, code=code, at=at)
    free_lapsed(giver, at=at)
    with _in_words_of_a_gift(giver, tokens=tokens, at=at):
        return _give(giver=giver, taker=taker, said=said, actor=actor, at=at, idempotency_key=idempotency_key)


@ledger.retry_on_conflict
def return_gift(*, gift_id: UUID, actor: User, at: datetime) -> Gift:
    """Give a gift back, whole and once. It counts as nobody's gift: whoever says no thank you has no measure.

    Raises:
        Gift.DoesNotExist: there is no such gift.
        NotYourGift: it was given to another home.
        OnlyAdultsGive: `actor` is not an adult.
        GiftsStopped: Maru has stopped this home, or the one that gave, from giving and taking.
        GiftReturned: it was returned before.
        NotEnoughTokens: the home has spent some of what it would return.
        GiftAddressUnknown: the home it came from is not there any more.
    """
    gift = Gift.objects.select_related("taker").get(pk=gift_id)
    policies.check_can_return(gift, actor=actor)
    free_lapsed(gift.taker, at=at)
    with _in_words_of_a_gift(gift.taker, tokens=gift.tokens, at=at):
        return _return(gift_id, actor=actor, at=at)


@transaction.atomic(savepoint=False)
def forget_gifts(*, household: Household) -> None:
    """Take back the number of a home that goes, and the words it wrote; that tokens changed homes stays."""
    GiftAddress.objects.filter(household=household).delete()
    Gift.objects.filter(giver=household).update(words="")


def spelled(code: str) -> str:
    """Return a gift number as it is kept, from what somebody typed."""
    signs = "".join(sign for sign in code.upper() if sign.isalnum())
    return signs if len(signs) == GIFT_SIGNS else ""


@transaction.atomic(durable=True)
def _give(
    *, giver: Household, taker: Household, said: dict[str, Any], actor: User, at: datetime, idempotency_key: str
) -> Gift:
    _lock(giver.pk, taker.pk)
    policies.check_can_give(as_now(actor))
    earlier = _earlier(giver, idempotency_key, said)
    if earlier is not None:
        return earlier
    policies.check_gifts_left(giver, tokens=said["tokens"], at=at)
    gift = Gift.objects.create(
        giver=giver, taker=taker, given_by=actor, given_at=at, idempotency_key=idempotency_key, **said
    )
    _move(gift, debit=giver, credit=taker, verb="give", actor=actor, at=at)
    parties.note(actor=str(actor.pk), action="gift.give", subject=gift.reference, at=at)
    return gift


@transaction.atomic(durable=True)
def _return(gift_id: UUID, *, actor: User, at: datetime) -> Gift:
    homes = Gift.objects.values_list("giver", "taker").get(pk=gift_id)
    _lock(*homes)
    gift = Gift.objects.lock(gift_id)
    policies.check_can_return(gift, actor=as_now(actor))
    _move(gift, debit=gift.taker, credit=gift.giver, verb="return", actor=actor, at=at)
    gift.returned_at, gift.returned_by = at, actor
    gift.save(update_fields=["returned_at", "returned_by"])
    parties.note(actor=str(actor.pk), action="gift.return", subject=gift.reference, at=at)
    return gift


def _earlier(giver: Household, idempotency_key: str, said: dict[str, Any]) -> Gift | None:
    if not idempotency_key:
        return None
    earlier = Gift.objects.select_related("giver", "taker").filter(giver=giver, idempotency_key=idempotency_key).first()
    if earlier is not None and any(getattr(earlier, name) != value for name, value in said.items()):
        raise IdempotencyMismatch(idempotency_key)
    return earlier


def _lock(*household_ids: UUID) -> None:
    list(Household.objects.select_for_update(no_key=True).filter(pk__in=household_ids).order_by("pk"))


def _move(gift: Gift, *, debit: Household, credit: Household, verb: str, actor: User, at: datetime) -> None:
    treasury.hand_on(
        key=f"{verb}:{gift.reference}",
        debit=wallet_address(debit),
        credit=wallet_address(credit),
        amount=gift.tokens,
        actor=actor,
        event_type=f"gift.{verb}",
        event_ref=gift.reference,
        at=at,
    )


@contextmanager
def _in_words_of_a_gift(household: Household, *, tokens: int, at: datetime) -> Iterator[None]:
    """Say what the ledger refused in the words of a gift, once its transaction is gone."""
    try:
        yield
    except InsufficientTokens as exc:
        available = wallet_of(household, at=at).available
        raise NotEnoughTokens(exc.key, needed=tokens, available=available) from exc
    except (AccountClosed, UnknownAccount) as exc:
        raise _unknown() from exc


def _unknown() -> GiftAddressUnknown:
    return GiftAddressUnknown(gettext("이 번호로 선물을 받는 집이 없어요. 번호를 다시 여쭤봐 주세요."))
