"""Who read what of a household's, and when."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from consent.parties.paging import page_of
from consent.parties.seats import PAGING, MemberView
from marketplace.delivery import queries
from marketplace.delivery.serializers import AccessesOutput, AccessOutput


class ListAccesses(MemberView):
    """GET /api/v1/accesses: every read of the household's records, newest first."""

    @extend_schema(parameters=PAGING, responses=AccessesOutput)
    def get(self, request: Request) -> Response:
        page = page_of(
            queries.accesses_of(request.user),
            by="-id",
            name=f"accesses:{self.member.membership.pk}",
            cursor=self.cursor,
            limit=self.limit,
        )
        return Response({"data": AccessOutput(page.rows, many=True).data, "next_cursor": page.next_cursor})
