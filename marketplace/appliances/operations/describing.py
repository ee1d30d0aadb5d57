"""What people decide about an appliance: what it is, what it is part of, what nobody may ask about it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from consent.parties import operations as parties
from consent.parties.models import User
from marketplace.appliances import policies
from marketplace.appliances.errors import NotOneAppliance
from marketplace.appliances.models import Appliance
from marketplace.appliances.operations.keys import release_keys


@transaction.atomic(durable=True)
def share_never(*, appliance_id: UUID, actor: User, never: bool, at: datetime) -> Appliance:
    """Switch "never share" of one appliance. While it is on, nobody is asked, and what was asked cannot be approved.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    appliance = _locked(appliance_id, actor=actor)
    Appliance.objects.family_of(appliance).update(never_share=never)
    appliance.never_share = never
    _note("appliance.never_share" if never else "appliance.may_be_asked", appliance, actor, at)
    return appliance


@transaction.atomic(durable=True)
def never_ask_about(*, appliance_id: UUID, actor: User, kinds: Collection[str], at: datetime) -> Appliance:
    """Say about which kinds of things nobody may ask, for this one appliance; the list takes the place of the last.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    appliance = _locked(appliance_id, actor=actor)
    said = sorted(set(kinds))
    if said != sorted(appliance.never_kinds):
        Appliance.objects.family_of(appliance).update(never_kinds=said)
        appliance.never_kinds = said
        _note("appliance.never_kinds", appliance, actor, at)
    return appliance


@transaction.atomic(durable=True)
def describe_appliance(*, appliance_id: UUID, actor: User, type: str, name: str, model: str) -> Appliance:
    """Say what an appliance is, where its hub did not or got it wrong, and what its home calls it.

    Args:
        name: for the home alone; no buyer is ever shown it.
        model: what stands on it; a buyer may ask for it.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    appliance = _locked(appliance_id, actor=actor)
    appliance.set_description(type=type, name=name, model=model)
    return appliance


@transaction.atomic(durable=True)
def join_appliances(*, part_id: UUID, whole_id: UUID, actor: User, at: datetime) -> Appliance:
    """Say that what looked like two appliances is one. From now on both names speak for `whole_id`.

    What is "never" for one of them is never for both: joining makes nothing askable that was not.

    Raises:
        Appliance.DoesNotExist: one of them is not there, or has left.
        NotPermitted: `actor` is neither an adult of their home nor their owner.
        NotOneAppliance: they are the same row, in two homes, or one is a member's own and the other is not.
    """
    found = {
        one.pk: one
        for one in Appliance.objects.select_for_update().filter(pk__in=[part_id, whole_id], left_at=None).order_by("pk")
    }
    if len({part_id, whole_id} & found.keys()) < len({part_id, whole_id}):
        raise Appliance.DoesNotExist
    part, whole = found[part_id], found[whole_id]
    policies.check_can_change(part, actor=actor)
    policies.check_can_change(whole, actor=actor)
    if part.pk == whole.pk or part.private_to_id != whole.private_to_id or whole.part_of_id or part.part_of_id:
        raise NotOneAppliance
    Appliance.objects.filter(part_of=part).update(part_of=whole)
    part.set_part_of(whole)
    Appliance.objects.family_of(whole).update(
        never_share=part.never_share or whole.never_share,
        never_kinds=sorted({*part.never_kinds, *whole.never_kinds}),
    )
    _note("appliance.join", part, actor, at)
    whole.refresh_from_db()
    return whole


@transaction.atomic(durable=True)
def separate_appliance(*, part_id: UUID, actor: User, at: datetime) -> Appliance:
    """Take back that it is part of another; it keeps what was never to be asked while it was.

    Raises:
        Appliance.DoesNotExist: it is no part of anything, or has left.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    part = Appliance.objects.select_for_update(of=("self",)).get(pk=part_id, part_of__isnull=False, left_at=None)
    policies.check_can_change(part, actor=actor)
    part.set_part_of(None)
    _note("appliance.separate", part, actor, at)
    return part


@transaction.atomic(savepoint=False)
def leave_home(*, appliance_id: UUID, actor: User, at: datetime) -> list[UUID]:
    """Let an appliance go from its home: its keys end and are free for another home, and it is shown no more.

    Its asks and its insights are ended above; this returns the rows they hang on.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left already.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    appliance = _locked(appliance_id, actor=actor)
    family = [one.pk for one in Appliance.objects.family_of(appliance).select_for_update().order_by("pk")]
    release_keys(appliance_ids=family, at=at)
    # The names are free again: a hub that still speaks for something brings in a new one.
    gone = Concat(Value("left-"), Cast("pk", CharField()))
    Appliance.objects.filter(pk__in=family).update(left_at=at, never_share=True, identity=gone, name="")
    _note("appliance.leave", appliance, actor, at)
    return family


def _locked(appliance_id: UUID, *, actor: User) -> Appliance:
    appliance = Appliance.objects.select_for_update().get(pk=appliance_id, left_at=None)
    policies.check_can_change(appliance, actor=actor)
    return appliance


def _note(action: str, appliance: Appliance, actor: User, at: datetime) -> None:
    parties.note(actor=str(actor.pk), action=action, subject=f"appliance:{appliance.pk}", at=at)
