"""Every write of this room."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties import policies
from consent.parties.canonical import sha256_hex
from consent.parties.models import Area, AuditEntry, Household, MachineKey, Membership, Organisation, User


@transaction.atomic(savepoint=False)
def issue_key(
    *,
    label: str,
    scopes: list[str],
    organisation: Organisation | None = None,
    household: Household | None = None,
    expires_at: datetime | None = None,
) -> tuple[MachineKey, str]:
    """Make a machine key and return it with its text, which is shown once and never kept.

    Raises:
        IntegrityError: it belongs to no party, or to two.
    """
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = MachineKey.objects.create(
        prefix=prefix,
        secret_sha256=sha256_hex(secret.encode()),
        label=label,
        scopes=scopes,
        organisation=organisation,
        household=household,
        expires_at=expires_at,
    )
    return key, f"maru_{prefix}_{secret}"


@transaction.atomic(durable=True)
def make_buyer_key(
    *,
    organisation: Organisation,
    actor: User,
    label: str,
    scopes: list[str],
    expires_at: datetime | None,
    at: datetime,
) -> str:
    """Make a key with which a buyer's programs ask and read, and return its text; it is shown once and never kept.

    Args:
        scopes: some of `MachineKey.FOR_BUYERS`.
        expires_at: from then on it is refused; None means until somebody ends it.

    Raises:
        NotPermitted: `actor` is none of this buyer's people, or a scope is not for buyers.
        OrganisationSuspended: the buyer is suspended, or was never verified.
    """
    policies.check_can_keep_keys(organisation, actor=actor)
    policies.check_buyers_may_carry(scopes)
    key, text = issue_key(label=label, scopes=scopes, organisation=organisation, expires_at=expires_at)
    note(actor=str(actor.pk), action="key.issue", subject=f"key:{key.pk}", at=at)
    return text


@transaction.atomic(durable=True)
def end_buyer_key(*, key_id: UUID, actor: User, at: datetime) -> None:
    """End a buyer's key at once; the program that carries it is refused from the commit on.

    Raises:
        MachineKey.DoesNotExist: no organisation has such a key.
        NotPermitted, OrganisationSuspended: as in `revoke_key`.
    """
    key = MachineKey.objects.select_related("organisation").get(pk=key_id, household=None)
    revoke_key(key=key, actor=actor, at=at)


@transaction.atomic(savepoint=False)
def revoke_key(*, key: MachineKey, actor: User, at: datetime) -> None:
    """End a key at once; its next request is refused. A key that has ended stays as it is.

    Raises:
        NotPermitted: the key is somebody else's.
        OrganisationSuspended: its organisation is suspended; an admin ends it then.
    """
    policies.check_can_revoke(key, actor=actor)
    if MachineKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        note(actor=str(actor.pk), action="key.revoke", subject=f"key:{key.pk}", at=at)


def note(*, actor: str, action: str, subject: str, at: datetime, outcome: str = "done", reason: str = "") -> None:
    """Add one line to the audit trail, in the caller's transaction. Never pass a payload."""
    AuditEntry.objects.create(actor=actor, action=action, subject=subject, outcome=outcome, reason=reason, at=at)


@transaction.atomic(savepoint=False)
def set_locale(*, user: User, locale: str) -> None:
    """Keep the language somebody chose, for every browser and every message."""
    user.locale = locale
    user.save(update_fields=["locale"])


@transaction.atomic(savepoint=False)
def found_household(*, founder: User, name: str, area: Area, at: datetime) -> Household:
    """Make a household and its first adult."""
    household = Household.objects.create(name=name, area=area)
    Membership.objects.create(household=household, user=founder, role=Membership.Role.ADULT)
    note(actor=str(founder.pk), action="household.found", subject=f"household:{household.pk}", at=at)
    return household
