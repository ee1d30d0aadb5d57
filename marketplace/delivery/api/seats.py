"""From which seat somebody comes to this room's API."""

from django.shortcuts import get_object_or_404
from rest_framework.views import APIView

from consent.parties.models import MachineKey, Organisation
from consent.parties.permissions import IsBuyer, organisation_of
from marketplace.demand.models import DataRequest


class BuyerView(APIView):
    """A buyer's side of the API: a person of the buyer's, or a key that may read records."""

    permission_classes = [IsBuyer]
    key_scope = MachineKey.Scope.RECORDS

    @property
    def organisation(self) -> Organisation:
        found = organisation_of(self.request.user, scope=self.key_scope)
        assert found is not None  # noqa: S101  (IsBuyer let nobody else in)
        return found

    @property
    def actor(self) -> str:
        return str(self.request.user.pk)

    def own_request(self, request_id: object) -> DataRequest:
        return get_object_or_404(DataRequest.objects.visible_to(self.request.user), pk=request_id)
