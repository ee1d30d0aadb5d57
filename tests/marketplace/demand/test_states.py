"""The table of steps: each legal one works through its operation, each other one is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.parties.models import AuditEntry
from marketplace.demand import operations
from marketplace.demand.errors import NotFunded, OutsideTemplate, ReasonMissing, RequestNotInState, VersionChanged
from marketplace.demand.models import DataRequest, Review
from tests import factories

State = DataRequest.State
STATES = list(State)


def at_state(state, *, tokens=30_000):
    request = factories.draft_request()
    acting = {"request_id": request.pk, "actor_organisation": request.organisation, "actor": "test"}
    operations.fund_request(**acting, tokens=tokens, key="k", at=timezone.now())
    DataRequest.objects.filter(pk=request.pk).update(state=state)
    return request


def act(request, name):
    now = timezone.now()
    acting = {"request_id": request.pk, "actor_organisation": request.organisation, "actor": "test", "at": now}
    review = {"request_id": request.pk, "actor": factories.admin(), "reason": "이유", "at": now}
    return {
        "submit": lambda: operations.submit_request(**acting),
        "open": lambda: operations.review_request(**review, verdict="opened"),
        "return": lambda: operations.review_request(**review, verdict="returned"),
        "refuse": lambda: operations.review_request(**review, verdict="refused"),
        "pause": lambda: operations.pause_request(**acting),
        "resume": lambda: operations.resume_request(**acting),
        "close": lambda: operations.close_request(**acting),
        "edit": lambda: operations.edit_request(**acting, terms=factories.terms()),
        "fund": lambda: operations.fund_request(**acting, tokens=1, key="another"),
    }[name]()


#: What each act leads to, from each state in which it may be done.
STEPS = {
    "submit": {State.DRAFT: State.IN_REVIEW, State.RETURNED: State.IN_REVIEW},
    "open": {State.IN_REVIEW: State.OPEN},
    "return": {State.IN_REVIEW: State.RETURNED},
    "refuse": {State.IN_REVIEW: State.REFUSED},
    "pause": {State.OPEN: State.PAUSED},
    "resume": {State.PAUSED: State.OPEN, State.EXHAUSTED: State.OPEN},
    "close": {state: State.CLOSED for state in STATES if state != State.CLOSED},
    "edit": {
        State.DRAFT: State.DRAFT,
        State.RETURNED: State.RETURNED,
        **dict.fromkeys((State.IN_REVIEW, State.OPEN, State.PAUSED, State.EXHAUSTED), State.IN_REVIEW),
    },
    "fund": {state: state for state in STATES if state not in (State.CLOSED, State.REFUSED)},
}
LEGAL = [(name, start, end) for name, steps in STEPS.items() for start, end in steps.items()]
ILLEGAL = [(name, state) for name, steps in STEPS.items() for state in STATES if state not in steps]


@pytest.mark.parametrize(("name", "start", "end"), LEGAL)
def test_each_step_leads_where_the_table_says(db, name, start, end):
    request = at_state(start)

    act(request, name)

    request.refresh_from_db()
    assert request.state == end


@pytest.mark.parametrize(("name", "start"), ILLEGAL)
def test_every_other_step_is_refused_and_changes_nothing(db, name, start):
    request = at_state(start)

    with pytest.raises(RequestNotInState):
        act(request, name)

    request.refresh_from_db()
    assert request.state == start
    assert request.current.number == 1


@pytest.mark.parametrize("start", STATES)
def test_the_model_takes_no_step_that_its_table_does_not_hold(start):
    for end in set(STATES) - DataRequest.TRANSITIONS[start]:
        request = DataRequest(state=start)

        with pytest.raises(RequestNotInState):
            request.set_state(end, at=timezone.now())

        assert request.state == start


def test_every_step_of_the_table_is_somebodys_act():
    # EXHAUSTED is the clock's; an edit of what is in review stays there.
    walked = {(start, end) for _, start, end in LEGAL if start != end} | {(State.OPEN, State.EXHAUSTED)}

    assert walked == {(start, end) for start, ends in DataRequest.TRANSITIONS.items() for end in ends}


@pytest.mark.parametrize("verdict", ["returned", "refused"])
@pytest.mark.parametrize("reason", ["", "   "])
def test_a_no_needs_its_reason(db, verdict, reason):
    request = factories.submitted_request()

    with pytest.raises(ReasonMissing):
        review(request, verdict=verdict, reason=reason)

    assert not Review.objects.exists()


def test_a_review_is_kept_with_its_version_and_noted(db):
    request = factories.submitted_request()

    found = review(request, verdict="returned", reason="보관 기간을 줄여 주세요.")

    assert (found.version, found.verdict, found.reason) == (request.current, "returned", "보관 기간을 줄여 주세요.")
    assert note_of(request, "request.returned").reason == "보관 기간을 줄여 주세요."


def test_what_was_read_is_what_opens(db):
    request = factories.submitted_request()
    act(request, "edit")

    with pytest.raises(VersionChanged):
        review(request, verdict="opened", number=1)

    assert review(request, verdict="opened", number=2).version.number == 2


@pytest.mark.parametrize(("tokens", "opens"), [(143, False), (144, True)])
def test_opens_only_when_the_escrow_covers_one_event(db, tokens, opens):
    request = factories.submitted_request(tokens=tokens)

    if opens:
        review(request, verdict="opened")
    else:
        with pytest.raises(NotFunded):
            review(request, verdict="opened")

    request.refresh_from_db()
    assert (request.state == State.OPEN) is opens


def test_goes_on_only_when_the_escrow_covers_one_event(db):
    request = at_state(State.EXHAUSTED, tokens=143)
    with pytest.raises(NotFunded):
        act(request, "resume")

    act(request, "fund")
    act(request, "resume")

    request.refresh_from_db()
    assert request.state == State.OPEN


def test_remembers_when_it_was_first_opened(db):
    request = factories.open_request()
    first = request.opened_at
    act(request, "edit")

    review(request, verdict="opened")

    request.refresh_from_db()
    assert first is not None
    assert request.opened_at == first


def test_what_has_ended_cannot_be_submitted(db):
    request = factories.draft_request(ends_at=timezone.now() + timedelta(hours=1))

    with pytest.raises(OutsideTemplate) as refused:
        operations.submit_request(
            request_id=request.pk,
            actor_organisation=request.organisation,
            actor="test",
            at=timezone.now() + timedelta(hours=2),
        )

    assert refused.value.field == "ends_at"


def review(request, *, verdict, reason="", number=None):
    return operations.review_request(
        request_id=request.pk,
        actor=factories.admin(),
        verdict=verdict,
        reason=reason,
        number=number,
        at=timezone.now(),
    )


def note_of(request, action):
    return AuditEntry.objects.get(subject=f"request:{request.pk}", action=action)
