"""Who read what of a household's, and when."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.parties.paging import page_of, read_limit
from consent.parties.permissions import IsMember, membership_of
from marketplace.delivery import queries
from marketplace.delivery.serializers import AccessesOutput, AccessOutput

CURSOR = OpenApiParameter("cursor", str, description="the `next_cursor` of the page before")
LIMIT = OpenApiParameter("limit", int, description="rows a page, 1 to 500")


class ListAccesses(APIView):
    """GET /api/v1/accesses: every read of the household's records, newest first."""

    permission_classes = [IsMember]

    @extend_schema(parameters=[CURSOR, LIMIT], responses=AccessesOutput)
    def get(self, request: Request) -> Response:
        membership = membership_of(request.user)
        page = page_of(
            queries.accesses_of(request.user),
            by="-id",
            name=f"accesses:{membership.pk if membership else ''}",
            cursor=request.query_params.get("cursor"),
            limit=read_limit(request.query_params.get("limit")),
        )
        return Response({"data": AccessOutput(page.rows, many=True).data, "next_cursor": page.next_cursor})
