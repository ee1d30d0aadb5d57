"""Data requests in every state on the way to being open, and the terms and tokens they take."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from consent.parties.models import Organisation
from marketplace.demand import operations as demand
from marketplace.demand.models import DataRequest, RequestVersion
from marketplace.demand.terms import Terms
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import buyer_account
from rewards.ledger.models import ISSUANCE
from tests.factories.people import admin, area, organisation


def request_to_read(*, of: Organisation | None = None, **fields: Any) -> DataRequest:
    """An open data request with one version, without its way through review."""
    made_at = timezone.now()
    buyer = of or organisation()
    request = DataRequest.objects.create(
        organisation=buyer, state=DataRequest.State.OPEN, created_at=made_at, opened_at=made_at
    )
    values = {
        "request": request, "number": 1, "kinds": ["air.pm25"], "area": area(), "purpose": "public_air",
        "purpose_ko": "아침 교실 환기 시각 정하기", "purpose_en": "Choosing when to air classrooms",
        "rungs": [{"rung": "exact", "tokens": 150}], "retention_days": 30, "manufacturer_bp": 1000,
        "platform_bp": 1000, "budget_tokens": 30_000, "ends_at": made_at + timedelta(days=90), "made_at": made_at,
    }  # fmt: skip
    request.current = RequestVersion.objects.create(**{**values, **fields})
    request.save(update_fields=["current"])
    return request


def terms(**fields: Any) -> Terms:
    """What a school asks for: PM2.5 above 35 in its district, 120 tokens an event (144 with the shares)."""
    values = {
        "kinds": ["air.pm25"], "above": 35.0, "area": fields.pop("area", None) or area(), "purpose": "public_air",
        "purpose_ko": "아침 교실 환기 시각 정하기", "purpose_en": "Choosing when to air classrooms",
        "optional_fields": ["model"], "rungs": [{"rung": "exact", "tokens": 120}, {"rung": "day", "tokens": 60}],
        "retention_days": 30, "budget_tokens": 30_000, "ends_at": timezone.now() + timedelta(days=90),
        "min_gap_hours": 0,
    }  # fmt: skip
    return Terms(**{**values, **fields})


def tokens_for(buyer: Organisation, tokens: int = 100_000) -> Organisation:
    """Put tokens into a buyer's account, as the platform would."""
    ledger.open_account(address=buyer_account(buyer.pk), kind="buyer")
    ledger.post(
        key=f"issue:{uuid4()}", debit=ISSUANCE, credit=buyer_account(buyer.pk), amount=tokens,
        actor="system:test", event_type="issue", event_ref="test",
    )  # fmt: skip
    return buyer


def draft_request(*, of: Organisation | None = None, at: datetime | None = None, **fields: Any) -> DataRequest:
    """A data request as its buyer first writes it, with tokens on the buyer's account."""
    buyer = of or tokens_for(organisation())
    return demand.draft_request(organisation=buyer, actor="test", terms=terms(**fields), at=at or timezone.now())


def submitted_request(*, of: Organisation | None = None, tokens: int = 30_000, **fields: Any) -> DataRequest:
    """A data request that is funded, was submitted and waits for its review."""
    request = draft_request(of=of, **fields)
    acting = {"request_id": request.pk, "actor_organisation": request.organisation, "actor": "test"}
    if tokens:
        demand.fund_request(**acting, tokens=tokens, key=str(uuid4()), at=timezone.now())
    return demand.submit_request(**acting, at=timezone.now())


def open_request(*, of: Organisation | None = None, tokens: int = 30_000, **fields: Any) -> DataRequest:
    """A data request for which households are being asked."""
    request = submitted_request(of=of, tokens=tokens, **fields)
    demand.review_request(request_id=request.pk, actor=admin(), verdict="opened", reason="", at=timezone.now())
    return DataRequest.objects.select_related("organisation", "current__area").get(pk=request.pk)


def edited(request: DataRequest, **fields: Any) -> DataRequest:
    """The same data request with other terms."""
    return demand.edit_request(
        request_id=request.pk, actor_organisation=request.organisation, actor="test",
        terms=terms(**fields), at=timezone.now(),
    )  # fmt: skip
