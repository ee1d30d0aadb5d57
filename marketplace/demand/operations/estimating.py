"""How many homes a data request could ask, told so roughly that no home shows through."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from consent.parties.models import Organisation
from consent.parties.operations import note
from marketplace.demand import queries
from marketplace.demand.errors import ReachUsedUp
from marketplace.demand.operations.steps import Actor, locked, name_of


@transaction.atomic(durable=True)
def estimate_reach(
    *, request_id: UUID, actor_organisation: Organisation | None, actor: Actor, at: datetime
) -> queries.Reach:
    """Estimate how many homes a data request could ask, in tens; twenty times a day and no more.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        ReachUsedUp: today's estimates are used up.
    """
    request = locked(request_id, actor_organisation=actor_organisation)
    # Two at once must not both be the twentieth.
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=request.organisation_id)
    used = queries.reach_used_today(organisation, at=at)
    if used >= queries.REACH_PER_DAY:
        raise ReachUsedUp(gettext("오늘 볼 수 있는 어림 스무 번을 다 쓰셨어요. 내일 다시 봐 주세요."))

    note(actor=name_of(actor), action=queries.REACH_ACTION, subject=f"organisation:{organisation.pk}", at=at)
    homes = queries.homes_within_reach(request.version)
    return queries.Reach(low=homes // 10 * 10, left_today=queries.REACH_PER_DAY - used - 1)
