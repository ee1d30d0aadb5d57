"""What people change about their appliances, and the keys their hub carries. What machines send is written above."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties import operations as parties
from consent.parties.models import Household, MachineKey, User
from marketplace.appliances import policies
from marketplace.appliances.models import Appliance


@transaction.atomic(durable=True)
def share_never(*, appliance_id: UUID, actor: User, never: bool, at: datetime) -> Appliance:
    """Switch "never share" of one appliance. While it is on, nobody is asked, and what was asked cannot be approved.

    Raises:
        Appliance.DoesNotExist: there is no such appliance.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    appliance = Appliance.objects.select_for_update().get(pk=appliance_id)
    policies.check_can_change(appliance, actor=actor)
    appliance.set_never_share(never)
    action = "appliance.never_share" if never else "appliance.may_be_asked"
    parties.note(actor=str(actor.pk), action=action, subject=f"appliance:{appliance.pk}", at=at)
    return appliance


@transaction.atomic(durable=True)
def describe_appliance(*, appliance_id: UUID, actor: User, type: str, model: str) -> Appliance:
    """Say what an appliance is, where its hub did not or got it wrong.

    Raises:
        Appliance.DoesNotExist: there is no such appliance.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    appliance = Appliance.objects.select_for_update().get(pk=appliance_id)
    policies.check_can_change(appliance, actor=actor)
    appliance.set_description(type=type, model=model)
    return appliance


@transaction.atomic(durable=True)
def make_hub_key(*, household: Household, actor: User, label: str, at: datetime) -> str:
    """Make a key with which a hub of this home sends, and return its text; it is shown once and never kept.

    Raises:
        NotPermitted: `actor` is no adult of this home.
    """
    policies.check_can_keep_keys(household, actor=actor)
    key, text = parties.issue_key(label=label, scopes=[MachineKey.Scope.INGEST], household=household)
    parties.note(actor=str(actor.pk), action="key.issue", subject=f"key:{key.pk}", at=at)
    return text


@transaction.atomic(durable=True)
def end_hub_key(*, key_id: UUID, actor: User, at: datetime) -> None:
    """End a hub's key at once; what the hub sends next is refused.

    Raises:
        MachineKey.DoesNotExist, Household.DoesNotExist: no home has such a key.
        NotPermitted: `actor` is no adult of its home.
    """
    key = MachineKey.objects.get(pk=key_id)
    policies.check_can_keep_keys(Household.objects.get(keys=key), actor=actor)
    parties.revoke_key(key=key, actor=actor, at=at)
