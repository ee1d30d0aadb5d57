"""The desk speaks in words: every label, every line of the audit trail, and times as Korean says them."""

import ast
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import settings
from django.contrib.admin import ModelAdmin, site
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.test import RequestFactory
from django.utils import formats, timezone

from consent.parties import operations as parties
from consent.parties.models import User
from marketplace.appliances.models import StreamFlag
from marketplace.care.trail_words import ACTIONS
from marketplace.demand.models import DataRequest, Review
from marketplace.demand.queries import REACH_ACTION
from rewards.redemption.policies import UNKNOWN_GIFT_ADDRESS
from rewards.treasury.models import Issuance
from tests import factories
from tests.browsers import signed_in

HANGUL = re.compile("[가-힣]")
TRAIL = "/admin/parties/auditentry/"
WRITERS = {"note", "note_step", "_note", "note_try", "notes_refusals", "note_refused_try"}
#: What stands in an action that is put together where it is written down.
TAILS = {
    "ask.": ["approve", "deny", "defer"],
    "issuance.": Issuance.State.values,
    "order.": ["accept", "cancel", "fulfil", "refuse"],
    "request.": Review.Verdict.values,
    "stream.": [StreamFlag.Verdict.CLEARED.value, StreamFlag.Verdict.KEPT.value],
}
#: Models whose only page is their list, and a data request, whose page is its own template.
WITHOUT_FORM = {"Insight", "WrongWord", DataRequest.__name__}


def actions_in(tree: ast.AST) -> Iterator[str]:
    """Yield every action that a module writes into the audit trail."""
    for node in ast.walk(tree):
        is_tries = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "tries"
        called = node.func if isinstance(node, ast.Call) else None
        if not is_tries and getattr(called, "id", getattr(called, "attr", "")) not in WRITERS:
            continue
        for part in ast.walk(node):
            if isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                begins = str(part.values[0].value)
                yield from (f"{begins}{tail}" for tail in TAILS[begins]) if begins.endswith(".") else ()
            elif isinstance(part, ast.Constant) and re.fullmatch(r"[a-z]+(\.[a-z_]+)+", str(part.value)):
                yield str(part.value)


def test_every_action_of_the_audit_trail_has_words():
    written = {REACH_ACTION, UNKNOWN_GIFT_ADDRESS}
    for floor in ("consent", "rewards", "marketplace"):
        for path in (settings.BASE_DIR / floor).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "note" in text or "tries" in text:
                written |= set(actions_in(ast.parse(text)))

    assert len(written) > 60
    assert written - set(ACTIONS) == set()


def labels_of(desk: ModelAdmin) -> Iterator[tuple[str, str]]:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True)
    for name in desk.get_list_display(request):
        yield f"list {name}", str(label_for_field(name, desk.model, desk))
    if desk.model.__name__ not in WITHOUT_FORM:
        row = desk.model()
        form = desk.get_form(request, row)()
        for name in flatten_fieldsets(desk.get_fieldsets(request, row)):
            yield f"form {name}", str(label_for_field(name, desk.model, desk, form=form))


def test_every_label_of_the_desk_is_a_word():
    raw = {
        f"{model.__name__} {where}: {label}"
        for model, desk in site._registry.items()
        for where, label in labels_of(desk)
        if not HANGUL.search(label)
    }

    assert raw == set()


def test_korean_says_the_half_of_the_day_before_the_hour():
    assert formats.localize(datetime(2026, 11, 22, 1, 0)) == "2026년 11월 22일 오전 1:00"


@pytest.fixture
def desk(db):
    return signed_in(factories.admin(), second_factor=True)


def words_of(page: str) -> str:
    return re.sub(r"(<[^>]+>|\s)+", " ", page)


def test_the_trail_names_who_did_what_to_whom_beside_the_codes(desk):
    person, buyer = factories.user(name="지우"), factories.organisation(name_ko="해오름초등학교")
    at = timezone.now()
    parties.note(actor=str(person.pk), action="organisation.suspend", subject=f"organisation:{buyer.pk}", at=at)
    parties.note(actor="system:clock", action="seat.change", subject="seat:1", at=at, reason="role, user")
    parties.note(actor=str(person.pk), action="ask.approve", subject="ask:2", at=at, outcome="ask_expired")

    said = words_of(desk.get(TRAIL).text)

    for words in (
        f"지우 {person.pk}", "기관 멈추기 organisation.suspend", f"기관 해오름초등학교 organisation:{buyer.pk}",
        "했어요", "시계 system:clock", "자리 고치기 seat.change", "역할, 사람", "질문 ask:2", "막혔어요 ask_expired",
    ):  # fmt: skip
        assert words in said


def test_a_key_is_named_by_its_first_letters_and_one_line_has_a_page(desk):
    factories.hub_key(of=factories.household())
    key = factories.household().keys.model.objects.get()
    parties.note(actor=f"key:{key.pk}", action="key.change", subject=f"key:{key.pk}", at=timezone.now())
    line = re.search(rf'href="({TRAIL}\d+/change/)"', desk.get(TRAIL).text)[1]

    assert f"열쇠 {key.prefix}" in words_of(desk.get(line).text)


def test_the_page_of_one_row_writes_times_and_nothing_as_the_list_does(desk):
    buyer = factories.organisation()
    factories.buyer_key(of=buyer)
    key = buyer.keys.get()

    page = words_of(desk.get(f"/admin/parties/machinekey/{key.pk}/change/").text)
    person = words_of(desk.get(f"/admin/parties/user/{factories.admin().pk}/change/").text)

    assert "None" not in page
    assert "기록 읽기, 데이터 요청 쓰기" in page
    assert re.search(r"들어온 때: \d{4}년 \d+월 \d+일 오[전후] \d+:\d\d ", person)


@pytest.mark.parametrize("lines", [1, 30])
def test_names_cost_three_statements_however_many_lines(desk, lines, django_assert_max_num_queries):
    for number in range(lines):
        person, buyer = factories.user(name=f"사람 {number}"), factories.organisation()
        parties.note(
            actor=str(person.pk), action="organisation.add", subject=f"organisation:{buyer.pk}", at=timezone.now()
        )
    desk.get(TRAIL)

    with django_assert_max_num_queries(11):
        desk.get(TRAIL)
