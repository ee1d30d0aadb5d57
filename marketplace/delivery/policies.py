"""Who may read a record, and when. These raise; they change nothing."""

from datetime import datetime

from django.utils.translation import gettext

from consent.parties.models import Organisation
from consent.records.models import Consent
from marketplace.delivery.errors import ReleaseClosed, ReleaseNotYours, TooManyEndpoints
from marketplace.delivery.models import Release, WebhookEndpoint

MAX_ENDPOINTS = 5


def check_can_read(release: Release, *, organisation: Organisation, at: datetime) -> None:
    """Let a buyer read its own record while the consent is in force; no clock has to have run.

    Needs `consent__end` loaded by select_related, after the release's row was locked.

    Raises:
        ReleaseNotYours: it was released to somebody else.
        ReleaseClosed: it was withdrawn or revoked, its end has passed, or its copy is gone.
    """
    consent = release.consent
    if release.organisation_id != organisation.pk or consent.recipient_id != organisation.pk:
        raise ReleaseNotYours(gettext("이 기록은 없어요."))
    is_over = release.closed_at is not None or release.erase_at <= at
    if is_over or consent.state(at) != Consent.State.GIVEN or release.sealed is None:
        raise ReleaseClosed(gettext("철회되었거나 보관하는 날이 끝난 기록이에요."))


def check_can_add_endpoint(organisation: Organisation) -> None:
    """Keep the number of messages per deed small.

    Raises:
        TooManyEndpoints: the organisation has five addresses.
    """
    if WebhookEndpoint.objects.active().filter(organisation=organisation).count() >= MAX_ENDPOINTS:
        raise TooManyEndpoints(gettext("웹훅 주소는 다섯 개까지 둘 수 있어요. 쓰지 않는 주소를 먼저 지워 주세요."))
