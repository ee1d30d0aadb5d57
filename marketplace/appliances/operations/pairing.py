"""Letting in: an adult asks for a code, and what holds the code within ten minutes may speak for the home."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F

from consent.parties import operations as parties
from consent.parties.models import Household, User
from consent.parties.queries import as_now
from consent.parties.secrets import keyed_name
from marketplace.appliances import codes, policies, signatures
from marketplace.appliances.errors import PairingCodeUnknown, TooManyCodes
from marketplace.appliances.models import (
    Appliance,
    DayCount,
    MissedCode,
    PairedKey,
    Pairing,
    PairingCode,
    SeenMessage,
)
from marketplace.appliances.operations.broker import spent_long_ago
from marketplace.appliances.operations.keys import bind_public_key, issue_carried

CODE_LIFE = timedelta(minutes=10)
#: From one place within the life of a code. Twelve letters of twenty-three stand behind it.
MAX_TRIES = 10
#: Of one home within an hour.
MAX_CODES = 20
_CODE_KEPT = timedelta(days=2)
_NAME_LENGTH = Appliance._meta.get_field("name").max_length
_WINDOW = timedelta(seconds=signatures.WINDOW_SECONDS)
#: The page lists what an appliance has noticed of late from these counts.
_COUNT_KEPT = timedelta(days=40)


@dataclass(frozen=True)
class Paired:
    """What was let in, its first key, and the key's text if it is one to carry."""

    pairing: Pairing
    key: PairedKey
    text: str


@transaction.atomic(durable=True)
def ask_for_code(*, actor: User, label: str, type: str, at: datetime) -> PairingCode:
    """Invite a hub or an appliance in. A person has one code at a time; the one before stops working.

    Args:
        label: what the home calls it.
        type: one of `Appliance.Type` for what speaks for itself; empty for a hub.

    Raises:
        NotPermitted: `actor` is no adult of a home.
        TooManyCodes: this home has asked for too many in an hour.
    """
    household = policies.check_can_let_in(actor)
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    # Who waited for this may live there no more.
    policies.check_can_let_in(as_now(actor))
    mine = PairingCode.objects.filter(household=household)
    if mine.filter(asked_at__gt=at - timedelta(hours=1)).count() >= MAX_CODES:
        raise TooManyCodes
    mine.waiting(at).filter(asked_by=actor).update(cancelled_at=at)
    code_id = uuid4()
    code = PairingCode.objects.create(
        id=code_id,
        code_hash=codes.hash_of(codes.code_of(code_id)),
        household=household,
        asked_by=actor,
        label=label,
        type=type,
        asked_at=at,
        expires_at=at + CODE_LIFE,
    )
    parties.note(actor=str(actor.pk), action="pairing.invite", subject=f"pairing-code:{code.pk}", at=at)
    return code


@transaction.atomic(durable=True)
def cancel_code(*, code_id: UUID, actor: User, at: datetime) -> None:
    """Take an invitation back; nobody comes in with it any more.

    Raises:
        PairingCode.DoesNotExist: `actor` asked for no such code, or it was used.
    """
    waiting = PairingCode.objects.select_for_update().filter(redeemed_at=None, asked_by=actor)
    code = waiting.get(pk=code_id)
    PairingCode.objects.filter(pk=code.pk, cancelled_at=None).update(cancelled_at=at)


def redeem_code(*, code: str, caller: str, public_key: bytes | None, at: datetime) -> Paired:
    """Let in who holds a code, once.

    The try is counted before the code is looked at, so that many hands at once guess no more often than one.

    Args:
        caller: the address it comes from; only a keyed hash of it is kept, for ten minutes.
        public_key: of what can sign, its holder's signature on this very request checked; None for a key to carry.

    Raises:
        TooManyCodes: too many wrong codes came from there.
        PairingCodeUnknown: no home waits for this code.
        KeyAlreadyPaired: the public key belongs to a home; the code can still be used with another key.
    """
    caller_hash = keyed_name("pairing-caller", caller)
    _count_try(caller_hash, at=at)
    paired = _redeem(code, public_key, at=at)
    MissedCode.objects.filter(caller_hash=caller_hash).delete()
    return paired


@transaction.atomic(durable=True)
def _count_try(caller_hash: str, *, at: datetime) -> None:
    with connection.cursor() as cursor:
        # There is no row to lock before the first try; whoever comes from one place waits for one another here.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [caller_hash])
    recent = MissedCode.objects.filter(caller_hash=caller_hash, at__gt=at - CODE_LIFE)
    if recent.count() >= MAX_TRIES:
        raise TooManyCodes
    MissedCode.objects.create(caller_hash=caller_hash, at=at)


@transaction.atomic(durable=True)
def _redeem(text: str, public_key: bytes | None, *, at: datetime) -> Paired:
    waiting = PairingCode.objects.waiting(at).select_for_update(of=("self",)).select_related("household")
    # Who asked for it may have left the home in these ten minutes.
    living = waiting.filter(asked_by__membership__household=F("household"), code_hash=codes.hash_of(text))
    if home := Household.objects.filter(pairing_codes__code_hash=codes.hash_of(text)).first():
        parties.hold_home(household=home)
    code = living.first()
    if code is None:
        raise PairingCodeUnknown
    pairing = Pairing(household=code.household, label=code.label, paired_at=at)
    if code.type:
        pairing.appliance = Appliance.objects.create(
            household=code.household,
            identity=keyed_name("appliance", f"paired|{pairing.pk}"),
            type=code.type,
            name=code.label[:_NAME_LENGTH],
            joined_at=at,
        )
    pairing.save(force_insert=True)
    key, secret = (bind_public_key(pairing, public_key, at=at), "") if public_key else issue_carried(pairing, at=at)
    code.set_redeemed(pairing, at=at)
    parties.note(actor=f"key:{key.pk}", action="pairing.arrive", subject=f"pairing:{pairing.pk}", at=at)
    return Paired(pairing, key, secret)


@transaction.atomic(durable=True)
def prune(*, at: datetime) -> int:
    """Forget what was only kept for a while: used message ids, missed codes, old invitations, counts of past days."""
    gone = [
        # A message is taken in from one window before its timestamp to one after; the third is for clocks of our own.
        SeenMessage.objects.filter(spent_long_ago(at, window=3 * _WINDOW)).delete()[0],
        MissedCode.objects.filter(at__lt=at - CODE_LIFE).delete()[0],
        PairingCode.objects.filter(expires_at__lt=at - _CODE_KEPT).delete()[0],
        DayCount.objects.filter(on__lt=(at - _COUNT_KEPT).date()).delete()[0],
    ]
    return sum(gone)
