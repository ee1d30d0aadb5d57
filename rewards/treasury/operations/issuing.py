"""Tokens begin against a paid invoice and in no other way: one proposes, and above a limit another agrees."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.models import Organisation, User
from consent.parties.policies import check_is_admin
from rewards.ledger import operations as ledger
from rewards.ledger.errors import IdempotencyMismatch
from rewards.ledger.models import ISSUANCE, AccountKind
from rewards.treasury import policies
from rewards.treasury.errors import InvoiceAlreadyUsed
from rewards.treasury.models import Issuance, IssuanceStep
from rewards.treasury.queries import purse_of

State = Issuance.State


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def propose_issuance(
    *, organisation_id: UUID, invoice_number: str, amount_krw: int, tokens: int, actor: User, at: datetime
) -> Issuance:
    """Propose tokens for an organisation that has paid an invoice; up to the limit that is enough, and they are issued.

    Args:
        amount_krw: what came in, in won.

    Returns:
        The issuance, issued or waiting for another admin.

    Raises:
        Organisation.DoesNotExist: there is no such organisation.
        NotPermitted: `actor` is no admin of the platform, or the organisation spends no tokens.
        OrganisationSuspended: the organisation is suspended, or was never verified.
        InvoiceInvalid: number, money or tokens cannot be.
        InvoiceAlreadyUsed: tokens were issued, or are proposed, against this invoice.
    """
    check_is_admin(actor)
    number = policies.check_invoice(invoice_number, amount_krw=amount_krw, tokens=tokens)
    organisation = Organisation.objects.get(pk=organisation_id)
    policies.check_spends(organisation)
    # Two proposals at once must not both fit under what one person may issue alone.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    issuance = _propose(
        organisation=organisation,
        invoice_number=number,
        amount_krw=amount_krw,
        tokens=tokens,
        needs_second=policies.needs_second(organisation, proposer=actor, tokens=tokens, at=at),
        proposed_by=actor,
        proposed_at=at,
    )
    _note(issuance, State.PROPOSED, actor=actor, at=at)
    if not issuance.needs_second:
        _issue(issuance, actor=actor, at=at)
    return issuance


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def approve_issuance(*, issuance_id: UUID, actor: User, at: datetime, reason: str = "") -> Issuance:
    """Agree as a second admin: the tokens are issued now.

    Raises:
        Issuance.DoesNotExist: there is no such proposal.
        NotPermitted: `actor` is no admin of the platform.
        SecondPersonNeeded: `actor` proposed it.
        IssuanceNotProposed: it was decided before.
        OrganisationSuspended: the organisation was suspended meanwhile.
        InvoiceAlreadyUsed: tokens were issued against this invoice before.
    """
    issuance = Issuance.objects.lock(issuance_id)
    policies.check_can_decide(issuance, actor=actor)
    policies.check_spends(issuance.organisation)
    _issue(issuance, actor=actor, at=at, reason=reason.strip())
    return issuance


@transaction.atomic(durable=True)
def refuse_issuance(*, issuance_id: UUID, actor: User, reason: str, at: datetime) -> Issuance:
    """Say as a second admin that nothing is issued, and why. The proposal stays; its invoice may be proposed anew.

    Raises:
        Issuance.DoesNotExist: there is no such proposal.
        NotPermitted: `actor` is no admin of the platform.
        SecondPersonNeeded: `actor` proposed it.
        ReasonMissing: there is no reason.
        IssuanceNotProposed: it was decided before.
    """
    words = policies.check_reason(reason)
    issuance = Issuance.objects.lock(issuance_id)
    policies.check_can_decide(issuance, actor=actor)
    _decide(issuance, State.REFUSED, actor=actor, at=at, reason=words)
    return issuance


@transaction.atomic(durable=True)
def withdraw_issuance(*, issuance_id: UUID, actor: User, at: datetime, reason: str = "") -> Issuance:
    """Take a proposal back as who made it. It stays in the list; its invoice may be proposed anew.

    Raises:
        Issuance.DoesNotExist: there is no such proposal.
        NotPermitted: `actor` is no admin of the platform.
        NotTheProposer: somebody else proposed it.
        IssuanceNotProposed: it was decided before.
    """
    issuance = Issuance.objects.lock(issuance_id)
    policies.check_can_withdraw(issuance, actor=actor)
    _decide(issuance, State.WITHDRAWN, actor=actor, at=at, reason=reason.strip())
    return issuance


def _propose(**fields: object) -> Issuance:
    try:
        with transaction.atomic():
            return Issuance.objects.create(**fields)
    except IntegrityError as exc:
        if "issuance_one_per_invoice" not in str(exc):
            raise
        raise InvoiceAlreadyUsed(gettext("이 청구서로는 이미 발행했거나 발행을 기다려요.")) from exc


def _issue(issuance: Issuance, *, actor: User, at: datetime, reason: str = "") -> None:
    _decide(issuance, State.ISSUED, actor=actor, at=at, reason=reason)
    purse = ledger.open_account(address=purse_of(issuance.organisation), kind=AccountKind.BUYER)
    second = actor if actor.pk != issuance.proposed_by_id else None
    try:
        ledger.post(
            # The invoice, not the proposal: whatever happened to this table, it is never paid out twice.
            key=f"issue:{issuance.organisation_id}:{issuance.invoice_number.upper()}",
            debit=ISSUANCE,
            credit=purse.address,
            amount=issuance.tokens,
            actor=issuance.proposed_by,
            event_type="issued",
            event_ref=f"issuance:{issuance.pk}",
            approved_by=second,
            reason=(reason or f"invoice {issuance.invoice_number}") if second else "",
        )
    except IdempotencyMismatch as exc:
        raise InvoiceAlreadyUsed(gettext("이 청구서로는 이미 발행했어요.")) from exc


def _decide(issuance: Issuance, state: str, *, actor: User, at: datetime, reason: str) -> None:
    issuance.set_state(state, by=actor, at=at, reason=reason)
    _note(issuance, state, actor=actor, at=at, reason=reason)


def _note(issuance: Issuance, state: str, *, actor: User, at: datetime, reason: str = "") -> None:
    IssuanceStep.objects.create(issuance=issuance, state=state, actor=actor, at=at, reason=reason)
    parties.note(
        actor=str(actor.pk), action=f"issuance.{state}", subject=f"issuance:{issuance.pk}", at=at, reason=reason
    )
