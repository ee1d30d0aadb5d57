"""Every write of this room."""

import secrets
from datetime import datetime

from django.db import transaction

from consent.parties.canonical import sha256_hex
from consent.parties.models import AuditEntry, Household, MachineKey, Organisation, User


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


@transaction.atomic(savepoint=False)
def revoke_key(*, key: MachineKey, actor: User, at: datetime) -> None:
    """End a key at once; its next request is refused."""
    MachineKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)
    note(actor=str(actor.pk), action="key.revoke", subject=f"key:{key.pk}", at=at)


def note(*, actor: str, action: str, subject: str, at: datetime, outcome: str = "done", reason: str = "") -> None:
    """Add one line to the audit trail, in the caller's transaction. Never pass a payload."""
    AuditEntry.objects.create(actor=actor, action=action, subject=subject, outcome=outcome, reason=reason, at=at)


@transaction.atomic(savepoint=False)
def set_locale(*, user: User, locale: str) -> None:
    """Keep the language somebody chose, for every browser and every message."""
    user.locale = locale
    user.save(update_fields=["locale"])
