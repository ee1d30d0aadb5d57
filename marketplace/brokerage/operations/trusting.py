"""What a person found about a stream that was held back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties.models import User
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import StreamFlag
from marketplace.insights import notifications, waiting


@transaction.atomic(durable=True)
def look_at_stream(*, flag_id: UUID, actor: User, verdict: str, at: datetime) -> StreamFlag:
    """Clear a held stream, so that what it noticed may be asked about after all, or keep it held for good.

    Raises:
        StreamFlag.DoesNotExist: there is no such flag.
        NotPermitted: `actor` is no admin of the platform.
        FlagDecided: it was cleared before, or is kept already.
    """
    flag = appliances.decide_flag(flag_id=flag_id, actor=actor, verdict=verdict, at=at)
    if verdict == StreamFlag.Verdict.CLEARED:
        waiting.clear_stream(appliance_id=flag.appliance_id, kind=flag.kind)
        notifications.wake_matching_on_commit()
    return flag
