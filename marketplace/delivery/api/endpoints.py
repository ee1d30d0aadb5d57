"""Where a buyer wants to be told."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from consent.parties.paging import page_of
from consent.parties.seats import PAGING
from marketplace.delivery import operations, queries
from marketplace.delivery.api.reading import ReadingView
from marketplace.delivery.serializers import EndpointInput, EndpointOutput, EndpointsOutput, NewEndpointOutput


class Endpoints(ReadingView):
    """/api/v1/webhook-endpoints: the addresses at which this buyer is told."""

    @extend_schema(parameters=PAGING, responses=EndpointsOutput)
    def get(self, request: Request) -> Response:
        """GET /api/v1/webhook-endpoints: the addresses at which this buyer is told; never their secrets."""
        page = page_of(
            queries.endpoints_of(self.organisation),
            by=("created_at", "id"),
            name=f"webhook-endpoints:{self.organisation.pk}",
            cursor=self.cursor,
            limit=self.limit,
        )
        return Response({"data": EndpointOutput(page.rows, many=True).data, "next_cursor": page.next_cursor})

    @extend_schema(request=EndpointInput, responses={201: NewEndpointOutput})
    def post(self, request: Request) -> Response:
        """POST /api/v1/webhook-endpoints: be told at this address; the secret is shown this once."""
        wanted = EndpointInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        endpoint, secret = operations.add_endpoint(
            organisation=self.organisation, url=wanted.validated_data["url"], actor=self.actor, at=timezone.now()
        )
        body = {**EndpointOutput(endpoint).data, "secret": secret}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class Endpoint(ReadingView):
    """/api/v1/webhook-endpoints/<id>."""

    @extend_schema(responses={204: OpenApiResponse(description="Nothing more is sent there.")})
    def delete(self, request: Request, endpoint_id: UUID) -> Response:
        """DELETE /api/v1/webhook-endpoints/<id>: be told there no more."""
        operations.disable_endpoint(
            endpoint_id=endpoint_id, organisation=self.organisation, actor=self.actor, at=timezone.now()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
