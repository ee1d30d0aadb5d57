"""Every write of this room."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils.translation import gettext

from consent.parties import policies
from consent.parties.canonical import sha256_hex
from consent.parties.errors import AlreadyAtHome, HasSeat, InvitationOver, TooManyInvitations
from consent.parties.models import (
    Area,
    AuditEntry,
    Household,
    Invitation,
    MachineKey,
    Membership,
    Organisation,
    Seat,
    User,
)
from consent.parties.queries import as_now

INVITATION_LASTS = timedelta(days=7)
MOST_OPEN_INVITATIONS = 10

# Django has no FOR SHARE.
_SHARE_HOME = "SELECT 1 FROM parties_household WHERE id = %s FOR SHARE"


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
def suspend_organisation(*, organisation_id: UUID, actor: str, reason: str, at: datetime) -> bool:
    """Stop an organisation: it may not act until it is reinstated. Whoever calls ends what it had under way.

    The row is locked, so that two who stop it at once do it once.

    Returns:
        Whether it was stopped now; False where it had been before.

    Raises:
        Organisation.DoesNotExist: there is no such organisation.
    """
    found = Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
    if found.suspended_at is not None:
        return False
    found.set_suspended(at)
    note(actor=actor, action="organisation.suspend", subject=f"organisation:{found.pk}", at=at, reason=reason)
    return True


@transaction.atomic(savepoint=False)
def reinstate_organisation(*, organisation_id: UUID, actor: str, reason: str, at: datetime) -> bool:
    """Let an organisation act again.

    Returns:
        Whether it was reinstated now; False where it was not stopped.

    Raises:
        Organisation.DoesNotExist: there is no such organisation.
    """
    found = Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
    if found.suspended_at is None:
        return False
    found.set_suspended(None)
    note(actor=actor, action="organisation.reinstate", subject=f"organisation:{found.pk}", at=at, reason=reason)
    return True


@transaction.atomic(savepoint=False)
def forget_sessions(*, at: datetime) -> int:
    """Destroy what browsers left that were signed in and are not any more; return how many there were."""
    Session.objects.filter(expire_date__lte=at).delete()
    gone = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return gone.delete()[0]


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


@transaction.atomic(savepoint=False)
def hold_home(*, household: Household) -> None:
    """Keep a home from closing until this transaction ends; many hold it at once. Hold it before any other row.

    That a row points at its home holds nothing until the commit: Django's foreign keys are checked there.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SHARE_HOME, [household.pk])


@transaction.atomic(durable=True)
def invite_member(*, household: Household, actor: User, role: str, label: str, at: datetime) -> str:
    """Invite one more person into a home, and return the code to hand over; it is shown once and never kept.

    Args:
        role: adult, or teen of 14 and more; the younger ones need no account.
        label: what the family calls the person, to tell open invitations apart.

    Raises:
        NotPermitted: `actor` is no adult of this home.
        TooManyInvitations: ten are open already.
        IntegrityError: the role is not one that is invited.
    """
    Household.objects.select_for_update().get(pk=household.pk)
    policies.check_can_invite(household, actor=as_now(actor))
    if Invitation.objects.open(at).filter(household=household).count() >= MOST_OPEN_INVITATIONS:
        raise TooManyInvitations(gettext("열려 있는 초대가 열 개예요. 쓰지 않을 초대를 먼저 거두어 주세요."))
    code = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        household=household,
        role=role,
        label=label,
        code_sha256=sha256_hex(code.encode()),
        invited_by=actor,
        invited_at=at,
        expires_at=at + INVITATION_LASTS,
    )
    note(actor=str(actor.pk), action="member.invite", subject=f"invitation:{invitation.pk}", at=at)
    return code


@transaction.atomic(durable=True)
def withdraw_invitation(*, invitation_id: UUID, actor: User, at: datetime) -> None:
    """Take an invitation back at once. One that is over already stays as it is.

    Raises:
        Invitation.DoesNotExist: there is no such invitation.
        NotPermitted: `actor` is no adult of its home.
    """
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("household").get(pk=invitation_id)
    policies.check_can_invite(invitation.household, actor=actor)
    if invitation.accepted_at is None and invitation.withdrawn_at is None:
        invitation.set_withdrawn(at=at)
        note(actor=str(actor.pk), action="member.uninvite", subject=f"invitation:{invitation.pk}", at=at)


@transaction.atomic(durable=True)
def accept_invitation(*, code: str, actor: User, at: datetime) -> Membership:
    """Follow an invitation: from the commit on `actor` is one of the family.

    Raises:
        InvitationOver: nobody made it, or it was followed, withdrawn, or its days have passed; all look alike.
        AlreadyAtHome: `actor` belongs to a home.
        HasSeat: `actor` acts for an organisation.
    """
    digest = sha256_hex(code.encode())
    # The home first, as whoever leaves it does: an inviter is either gone before this is read, or not yet.
    list(Household.objects.select_for_update(of=("self",), no_key=True).filter(invitations__code_sha256=digest))
    found = Invitation.objects.select_for_update(of=("self",)).select_related("household")
    invitation = found.open(at).filter(code_sha256=digest).first()
    if invitation is None:
        raise InvitationOver(gettext("이 초대는 이미 쓰였거나 기한이 지났어요."))
    # Two invitations followed at once by one person: the row of the person decides who is first.
    User.objects.select_for_update().get(pk=actor.pk)
    if Membership.objects.filter(user=actor).exists():
        raise AlreadyAtHome(gettext("이미 한 집의 식구예요. 한 사람은 한 집에만 있을 수 있어요."))
    if Seat.objects.filter(user=actor).exists():
        raise HasSeat(
            gettext("기관의 자리가 있는 분은 식구가 될 수 없어요. 묻는 쪽과 답하는 쪽은 다른 사람이어야 해요.")
        )
    invitation.set_accepted(by=actor, at=at)
    membership = Membership.objects.create(household=invitation.household, user=actor, role=invitation.role)
    note(actor=str(actor.pk), action="member.join", subject=f"invitation:{invitation.pk}", at=at)
    return membership
