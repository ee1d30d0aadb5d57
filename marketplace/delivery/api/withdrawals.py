"""What a buyer must erase, and its word that it did."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from consent.parties.paging import page_of
from consent.parties.parsing import one_of
from consent.parties.seats import PAGING
from marketplace.delivery import operations, queries
from marketplace.delivery.api.reading import ReadingView
from marketplace.delivery.serializers import WithdrawalOutput, WithdrawalsOutput

STATES: dict[str, dict[str, Any]] = {
    "open": {"attested_at": None},
    "attested": {"attested_at__isnull": False},
    "all": {},
}
STATE = OpenApiParameter("state", str, enum=list(STATES), default="open")


class DutyView(ReadingView):
    """What a buyer still has to do, stopped or not."""

    is_open_to_stopped = True


class ListWithdrawals(DutyView):
    """GET /api/v1/withdrawals: records that were read and must be erased now, the most urgent first."""

    @extend_schema(parameters=[STATE, *PAGING], responses=WithdrawalsOutput)
    def get(self, request: Request) -> Response:
        state = one_of(request.query_params.get("state", "open"), STATES, name="state")
        page = page_of(
            queries.duties_of(self.organisation).filter(**STATES[state]),
            by=("due_at", "id"),
            name=f"withdrawals:{self.organisation.pk}:{state}",
            cursor=self.cursor,
            limit=self.limit,
        )
        return Response({"data": WithdrawalOutput(page.rows, many=True).data, "next_cursor": page.next_cursor})


class AckWithdrawal(DutyView):
    """POST /api/v1/withdrawals/<id>/ack: the buyer erased what it read. Saying it twice changes nothing."""

    @extend_schema(request=None, responses=WithdrawalOutput)
    def post(self, request: Request, withdrawal_id: UUID) -> Response:
        erasure = operations.attest_erasure(
            erasure_id=withdrawal_id, organisation=self.organisation, actor=self.actor, at=timezone.now()
        )
        return Response(WithdrawalOutput(erasure).data)
