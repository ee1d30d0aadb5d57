"""Who may read a record, and when. These raise; they change nothing."""

from django.utils.translation import gettext

from consent.parties.models import Organisation
from marketplace.delivery.errors import ReleaseClosed, ReleaseNotYours, TooManyEndpoints
from marketplace.delivery.locked import LockedRelease
from marketplace.delivery.models import WebhookEndpoint

MAX_ENDPOINTS = 5


def check_can_read(release: LockedRelease) -> None:
    """Let a buyer read its own record while the consent is in force; no clock has to have run.

    Args:
        release: loaded for the buyer that reads, after the release's row was locked.

    Raises:
        ReleaseNotYours: it was released to somebody else.
        ReleaseClosed: it was withdrawn or revoked, its end has passed, or its copy is gone.
    """
    if not release.is_yours:
        raise ReleaseNotYours(gettext("이 기록은 없어요."))
    if not release.may_be_read or release.sealed is None:
        raise ReleaseClosed(gettext("철회되었거나 보관하는 날이 끝난 기록이에요."))


def check_can_add_endpoint(organisation: Organisation) -> None:
    """Keep the number of messages per deed small.

    Raises:
        TooManyEndpoints: the organisation has five addresses.
    """
    if WebhookEndpoint.objects.active().filter(organisation=organisation).count() >= MAX_ENDPOINTS:
        raise TooManyEndpoints(gettext("웹훅 주소는 다섯 개까지 둘 수 있어요. 쓰지 않는 주소를 먼저 지워 주세요."))
