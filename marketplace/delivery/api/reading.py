"""What the views have in common in which a buyer reads."""

from django.shortcuts import get_object_or_404

from consent.parties.seats import BuyerView
from marketplace.demand.models import DataRequest


class ReadingView(BuyerView):
    """A person of the buyer's, or a key that may read records; each read carries its name."""

    @property
    def actor(self) -> str:
        return str(self.request.user.pk)

    def own_request(self, request_id: object) -> DataRequest:
        return get_object_or_404(DataRequest.objects.visible_to(self.request.user), pk=request_id)
