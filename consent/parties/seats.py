"""From which seat somebody comes to the API, and what every view of that seat has in common."""

from typing import cast

from drf_spectacular.utils import OpenApiParameter
from rest_framework.views import APIView

from consent.parties.models import Household, MachineKey, Organisation, User
from consent.parties.paging import read_limit
from consent.parties.permissions import IsBuyer, IsMember, organisation_of

CURSOR = OpenApiParameter("cursor", str, description="The `next_cursor` of the page before.")
LIMIT = OpenApiParameter("limit", int, description="Rows a page, 1 to 500.")
PAGING = [CURSOR, LIMIT]


class PagedView(APIView):
    """A view whose list is read page by page."""

    @property
    def cursor(self) -> str | None:
        return self.request.query_params.get("cursor")

    @property
    def limit(self) -> int:
        return read_limit(self.request.query_params.get("limit"))


class MemberView(PagedView):
    """A home's side of the API: a signed-in member, never a key."""

    permission_classes = [IsMember]

    @property
    def member(self) -> User:
        return cast(User, self.request.user)

    @property
    def household(self) -> Household:
        return self.member.membership.household


class BuyerView(PagedView):
    """A buyer's side of the API: one of its people, or a key with the scope that the room names."""

    permission_classes = [IsBuyer]
    key_scope = MachineKey.Scope.RECORDS

    @property
    def organisation(self) -> Organisation:
        found = organisation_of(self.request.user, scope=self.key_scope)
        assert found is not None  # noqa: S101  (IsBuyer let nobody else in)
        return found
