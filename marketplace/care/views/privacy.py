"""The line a home draws beforehand, who read what, and everything to take along."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.parties.errors import InvalidCursor
from consent.parties.languages import language
from consent.parties.models import Organisation, User
from consent.parties.paging import page_of
from consent.parties.permissions import members_only, person_of
from consent.records import operations
from consent.records.models import Ask, Preference, StandingNo
from marketplace.appliances.models import Appliance
from marketplace.brokerage.papers import way_of
from marketplace.brokerage.shelves import week_of
from marketplace.brokerage.views.swaps import see_other
from marketplace.brokerage.wording import month_day
from marketplace.care.forms import MOST_ASKS, LineForm, NeverForm
from marketplace.care.takeout_files import document_about, tables_about
from marketplace.delivery.models import Access
from marketplace.delivery.queries import accesses_of
from marketplace.insights.kinds import KINDS, Topic

READS = 20
USUAL_ASKS = (0, 5, 15, MOST_ASKS)


@dataclass(frozen=True)
class Never:
    """One thing that may be said no to beforehand. `value` is a topic or the id of an organisation."""

    value: str
    label: str
    note: str
    is_on: bool


@dataclass(frozen=True)
class Read:
    """One read by one buyer."""

    access: Access
    buyer: str
    about: str
    way: str


@require_http_methods(["GET", "POST"])
@members_only
def privacy(request: HttpRequest) -> HttpResponse:
    """GET, POST /privacy: the line; adults move it, teens read it."""
    user = person_of(request)
    if request.method == "GET":
        return render(request, "care/privacy.html", _page_context(request))
    _check_adult(user)
    form = LineForm(request.POST)
    if not form.is_valid():
        return render(request, "care/privacy.html", _page_context(request) | {"form": form}, status=422)
    operations.draw_line(household=user.membership.household, at=timezone.now(), **form.values())
    messages.success(request, gettext("이 선을 지킬게요."))
    return see_other(request.path)


@require_POST
@members_only
def change_organisation(request: HttpRequest) -> HttpResponse:
    """POST /privacy/organisations: never ask for this organisation, or ask again."""
    user, form = person_of(request), NeverForm(request.POST)
    if not form.is_valid():
        return render(request, "care/privacy.html", _page_context(request), status=422)
    _check_adult(user)
    home = user.membership.household
    named = get_object_or_404(_known(user), pk=form.organisation_id())
    if form.cleaned_data["never"]:
        operations.never_again(household=home, organisation=named, at=timezone.now())
        done = gettext("%(name)s의 질문은 이제 오지 않아요. 그 기관은 알 수 없어요.")
    else:
        operations.ask_again(household=home, organisation=named)
        done = gettext("%(name)s의 질문을 다시 하나씩 여쭤볼게요.")
    messages.success(request, done % {"name": named.name})
    return see_other(f"{reverse('privacy')}#organisations")


@require_safe
@members_only
def take_everything(request: HttpRequest) -> HttpResponseBase:
    """GET /privacy/export: everything about this person and home as one JSON file."""
    at = timezone.now()
    document = document_about(person_of(request), at=at)
    return FileResponse(document, as_attachment=True, filename=f"maru-{timezone.localdate(at):%Y-%m-%d}.json")


@require_safe
@members_only
def take_tables(request: HttpRequest) -> HttpResponseBase:
    """GET /privacy/export/tables: the same as tables, one CSV file for each kind of thing, in one archive."""
    at = timezone.now()
    archive = tables_about(person_of(request), at=at)
    return FileResponse(archive, as_attachment=True, filename=f"maru-{timezone.localdate(at):%Y-%m-%d}.zip")


def _check_adult(user: User) -> None:
    if not user.membership.is_adult:
        raise PermissionDenied


def _page_context(request: HttpRequest) -> dict[str, Any]:
    user, at = person_of(request), timezone.now()
    home = user.membership.household_id
    line = Preference.objects.filter(household=home).first() or Preference(paused=True, asks_per_week=0)
    nos = list(StandingNo.objects.filter(household=home).select_related("organisation"))
    reads = accesses_of(user)
    try:
        page = page_of(
            reads.select_related("release__organisation", "release__consent__ask__offer__insight__appliance"),
            by=("-at", "-pk"),
            name=f"reads:{user.membership.pk}",
            cursor=request.GET.get("cursor"),
            limit=READS,
        )
    except InvalidCursor as exc:
        raise Http404 from exc
    return {
        "line": line,
        "form": None,
        "is_adult": user.membership.is_adult,
        "readonly": not user.membership.is_adult,
        "week": week_of(home, at=at),
        "usual_asks": [
            {"count": count, "label": _times(count), "is_on": count == line.asks_per_week}
            for count in sorted({*USUAL_ASKS, line.asks_per_week})
        ],
        "topics": _topics(nos),
        "organisations": _organisations(user, nos),
        "reads": [_read(access) for access in page.rows],
        "reads_this_month": reads.filter(at__gte=_month_start(at)).count(),
        "next_href": f"?cursor={page.next_cursor}#reads" if page.next_cursor else "",
        "previous_href": f"{reverse('privacy')}#reads" if request.GET.get("cursor") else "",
    }


def _month_start(at: datetime) -> datetime:
    return timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _topics(nos: list[StandingNo]) -> list[Never]:
    said = {no.topic for no in nos}
    return [Never(topic, topic.label.say(language()), _kinds_of(topic), topic in said) for topic in Topic]


def _kinds_of(topic: Topic) -> str:
    labels = dict.fromkeys(kind.label.say(language()) for kind in KINDS.values() if kind.topic == topic)
    return ", ".join(list(labels)[:4])


def _known(user: User) -> QuerySet[Organisation]:
    """Return the organisations that ever asked this home, or that it said no to beforehand."""
    home = user.membership.household_id
    asked = Ask.objects.visible_to(user).values("recipient")
    refused = StandingNo.objects.filter(household=home, organisation__isnull=False).values("organisation")
    return Organisation.objects.filter(pk__in=asked.union(refused))


def _organisations(user: User, nos: list[StandingNo]) -> list[Never]:
    since = {no.organisation_id: no.since for no in nos if no.organisation_id}
    return [
        Never(
            str(one.pk),
            one.name,
            gettext("%(day)s부터 여쭤보지 않아요.") % {"day": month_day(since[one.pk])} if one.pk in since else "",
            one.pk in since,
        )
        for one in sorted(_known(user), key=lambda one: one.name)
    ]


def _read(access: Access) -> Read:
    insight = access.release.consent.ask.offer.insight
    appliance: Appliance = insight.appliance
    label = KINDS[insight.kind].label.say(language())
    return Read(access, access.release.organisation.name, f"{appliance.get_type_display()}, {label}", way_of(access))


def _times(count: int) -> str:
    if not count:
        return gettext("여쭤보지 않기")
    return ngettext("한 번", "%(count)s번까지", count) % {"count": count}
