"""The keys that hubs and appliances speak with: made, changed with an overlap, ended at once, used once per message."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.errors import NotPermitted
from consent.parties.models import Household, MachineKey, User
from consent.parties.queries import as_now
from marketplace.appliances import policies
from marketplace.appliances.errors import KeyAlreadyPaired, MessageRepeated, RotationUnderway
from marketplace.appliances.models import BrokerLogin, PairedKey, Pairing, PairingCode

#: A page says when a key was last used; nobody needs that to the second.
_USE_NOTED_EVERY = timedelta(minutes=1)
# Whoever sends the same message at the same moment waits here for the first one's commit.
_SPEND = """
INSERT INTO appliances_seenmessage (key_id, message_sha256, at) VALUES (%s, %s, %s)
ON CONFLICT (key_id, message_sha256) DO NOTHING"""
_NOTE_USE = """
UPDATE appliances_pairedkey SET last_used_at = %s
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)"""
#: How long the old key may still be used beside the new one, at most.
MAX_OVERLAP = timedelta(days=7)


@transaction.atomic(durable=True)
def make_hub_key(*, household: Household, actor: User, label: str, at: datetime) -> str:
    """Make a key for a hub of this home that cannot redeem a code, and return its text; it is shown once, never kept.

    Raises:
        NotPermitted: `actor` is no adult of this home, or it closed in this very moment.
    """
    parties.hold_home(household=household)
    policies.check_can_keep_keys(household, actor=as_now(actor))
    pairing = Pairing.objects.create(household=household, label=label, paired_at=at)
    key, text = issue_carried(pairing, at=at)
    parties.note(actor=str(actor.pk), action="key.issue", subject=f"key:{key.machine_key_id}", at=at)
    return text


@transaction.atomic(durable=True)
def end_hub_key(*, key_id: UUID, actor: User, at: datetime) -> None:
    """End a key of a home at once, carried or signing; what is sent with it next is refused.

    Args:
        key_id: of a `MachineKey` that a household holds, or of a `PairedKey` that signs.

    Raises:
        PairedKey.DoesNotExist: no home has such a key.
        NotPermitted: `actor` is no adult of its home.
    """
    carried = MachineKey.objects.filter(pk=key_id, household__isnull=False).select_related("household").first()
    if carried is not None and carried.household is not None:
        policies.check_can_keep_keys(carried.household, actor=actor)
        parties.revoke_key(key=carried, actor=actor, at=at)
        return
    key = PairedKey.objects.select_related("pairing__household").get(pk=key_id, machine_key=None)
    policies.check_can_keep_keys(key.pairing.household, actor=actor)
    if PairedKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        parties.note(actor=str(actor.pk), action="key.revoke", subject=f"key:{key.pk}", at=at)


@transaction.atomic(durable=True)
def change_carried_key(*, key_id: UUID, actor: User, overlap: timedelta, at: datetime) -> str:
    """Make the next key of a hub that carries one, and return its text; the old one stays valid for the overlap.

    Raises:
        MachineKey.DoesNotExist: no home has such a key, or it has ended.
        NotPermitted: `actor` is no adult of its home.
        RotationUnderway: two keys are valid already.
    """
    old = MachineKey.objects.open(at).select_for_update(of=("self",)).select_related("household").get(pk=key_id)
    if old.household is None:
        raise MachineKey.DoesNotExist
    policies.check_can_keep_keys(old.household, actor=actor)
    pairing = adopt_key(machine_key=old, at=at).pairing
    key, text = _changed(pairing, None, old_key=old, old_until=at + min(overlap, MAX_OVERLAP), at=at)
    parties.note(actor=str(actor.pk), action="key.change", subject=f"key:{key.machine_key_id}", at=at)
    return text


@transaction.atomic(durable=True)
def change_own_key(
    *, key_id: UUID, public_key: bytes | None, message_sha256: str, old_until: datetime, at: datetime
) -> tuple[PairedKey, str, datetime]:
    """Give a pairing its next key, as the holder of the present one asks.

    Args:
        key_id: of the `PairedKey` the request came with.
        public_key: the next one, whose holder signed the same request; None for a key to carry.
        message_sha256: the id of a signed request, spent here; empty for a carried key.
        old_until: until when the present key stays valid; at most `MAX_OVERLAP` from now.

    Returns:
        The next key, its text if it is carried, and until when the present one stays valid.

    Raises:
        PairedKey.DoesNotExist: the key has ended meanwhile.
        MessageRepeated: this request was taken in before.
        RotationUnderway: two keys are valid already.
        KeyAlreadyPaired: the next key belongs to a home already.
    """
    if message_sha256:
        spend_message(key_id=key_id, message_sha256=message_sha256, at=at)
    own = PairedKey.objects.open(at).select_related("pairing", "machine_key").get(pk=key_id)
    until = max(at, min(old_until, at + MAX_OVERLAP))
    key, text = _changed(own.pairing, public_key, old_key=own.machine_key or own, old_until=until, at=at)
    parties.note(actor=f"key:{own.pk}", action="key.change", subject=f"key:{key.pk}", at=at)
    return key, text, until


@transaction.atomic(durable=True)
def end_pairing(*, pairing_id: UUID, actor: User, at: datetime) -> None:
    """Let a hub go: all its keys end at once, and another home may take it in.

    Raises:
        Pairing.DoesNotExist: there is no such pairing, or it has ended.
        NotPermitted: `actor` is no adult of its home.
    """
    pairing = Pairing.objects.select_for_update(of=("self",)).select_related("household").get(
        pk=pairing_id, ended_at=None
    )  # fmt: skip
    policies.check_can_keep_keys(pairing.household, actor=actor)
    _release([pairing], at=at)
    parties.note(actor=str(actor.pk), action="pairing.end", subject=f"pairing:{pairing.pk}", at=at)


@transaction.atomic(savepoint=False)
def end_all_pairings(*, household: Household, at: datetime) -> None:
    """End everything that speaks for a home that closes, hubs too, and forget what it called them."""
    every = Pairing.objects.filter(household=household)
    _release(every.select_for_update().filter(ended_at=None).order_by("pk"), at=at)
    every.update(label="")
    PairingCode.objects.filter(household=household).update(label="")
    PairingCode.objects.filter(household=household, redeemed_at=None, cancelled_at=None).update(cancelled_at=at)


@transaction.atomic(savepoint=False)
def release_keys(*, appliance_ids: Iterable[UUID], at: datetime) -> None:
    """End the pairings of appliances that speak for themselves, and free their public keys for another home."""
    ids = list(appliance_ids)
    _release(Pairing.objects.select_for_update().filter(appliance__in=ids, ended_at=None).order_by("pk"), at=at)
    # What the home called it leaves with it, as its name does.
    MachineKey.objects.filter(paired__pairing__appliance__in=ids).update(label="")
    PairingCode.objects.filter(pairing__appliance__in=ids).update(label="")
    Pairing.objects.filter(appliance__in=ids).update(label="")


@transaction.atomic(savepoint=False)
def issue_carried(pairing: Pairing, *, at: datetime) -> tuple[PairedKey, str]:
    """Make a key to carry and return it with its text."""
    machine_key, text = parties.issue_key(
        label=pairing.label, scopes=[MachineKey.Scope.INGEST], household=pairing.household
    )
    return PairedKey.objects.create(pairing=pairing, machine_key=machine_key, made_at=at), text


@transaction.atomic(savepoint=False)
def bind_public_key(pairing: Pairing, public_key: bytes, *, at: datetime) -> PairedKey:
    """Bind a public key to a pairing.

    Raises:
        KeyAlreadyPaired: it is bound to a pairing that was never handed on.
    """
    try:
        with transaction.atomic():
            return PairedKey.objects.create(pairing=pairing, public_key=public_key, made_at=at)
    except IntegrityError as exc:
        if "paired_key_one_home_per_public_key" not in str(exc):
            raise
        raise KeyAlreadyPaired from exc


@transaction.atomic(savepoint=False)
def adopt_key(*, machine_key: MachineKey, at: datetime) -> PairedKey:
    """Return the pairing's side of a carried key, making it for a key that was issued without one.

    Raises:
        NotPermitted: it is an organisation's key.
    """
    known = PairedKey.objects.select_related("pairing").filter(machine_key=machine_key)
    found, household = known.first(), machine_key.household
    if found is not None:
        return found
    if household is None:
        raise NotPermitted(gettext("우리 집 허브의 열쇠로만 할 수 있는 일이에요."))
    try:
        with transaction.atomic():
            pairing = Pairing.objects.create(
                household=household, label=machine_key.label, paired_at=machine_key.created_at
            )
            return PairedKey.objects.create(pairing=pairing, machine_key=machine_key, made_at=machine_key.created_at)
    except IntegrityError as exc:
        if "machine_key_id" not in str(exc):
            raise
        return known.get()


@transaction.atomic(savepoint=False)
def spend_message(*, key_id: UUID, message_sha256: str, at: datetime) -> None:
    """Write down that a key has sent this message; in the transaction that takes it in, so that both stand or neither.

    Raises:
        MessageRepeated: it was taken in before.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [key_id, message_sha256, at])
        if not cursor.rowcount:
            raise MessageRepeated


@transaction.atomic(savepoint=False)
def note_use(*, key_id: UUID, at: datetime) -> None:
    """Remember when a key was last used, to the minute."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_USE, [at, key_id, at - _USE_NOTED_EVERY])


def _changed(
    pairing: Pairing, public_key: bytes | None, *, old_key: PairedKey | MachineKey, old_until: datetime, at: datetime
) -> tuple[PairedKey, str]:
    # The pairing's row is what two changes at once wait for.
    Pairing.objects.select_for_update().get(pk=pairing.pk, ended_at=None)
    if PairedKey.objects.open(at).filter(pairing=pairing).count() > 1:
        raise RotationUnderway
    key, text = (bind_public_key(pairing, public_key, at=at), "") if public_key else issue_carried(pairing, at=at)
    ends = Q(expires_at=None) | Q(expires_at__gt=old_until)
    type(old_key)._default_manager.filter(ends, pk=old_key.pk).update(expires_at=old_until)
    if old_until <= at:
        BrokerLogin.objects.filter(pairing=pairing).delete()
    return key, text


def _release(pairings: Iterable[Pairing], *, at: datetime) -> None:
    ids = [pairing.pk for pairing in pairings]
    keys = PairedKey.objects.filter(pairing__in=ids)
    keys.filter(machine_key=None, revoked_at=None).update(revoked_at=at)
    keys.filter(released_at=None).update(released_at=at)
    MachineKey.objects.filter(paired__pairing__in=ids, revoked_at=None).update(revoked_at=at)
    Pairing.objects.filter(pk__in=ids).update(ended_at=at)
