"""Everything about me as tables: the same rows as the document, and nothing a spreadsheet would run."""

import csv
import io
import json
import zipfile

import pytest
from django.utils import timezone

from consent.parties.models import Membership
from consent.parties.tables import FORMULA_STARTS
from marketplace.appliances import codes
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations as brokerage
from marketplace.care.takeout_files import _cell, _write_table, everything_about
from tests import factories
from tests.browsers import signed_in


@pytest.fixture
def mother(db):
    return factories.member(name="=HYPERLINK(1)", email="haneul@example.com")


def tables_of(browser):
    archive = zipfile.ZipFile(io.BytesIO(b"".join(browser.get("/privacy/export/tables").streaming_content)))
    return {
        name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
        for name in archive.namelist()
    }


def test_holds_the_same_rows_as_the_document(mother):
    factories.deal(by=mother)
    browser = signed_in(mother)
    document = json.loads(b"".join(browser.get("/privacy/export").streaming_content))

    tables = tables_of(browser)

    assert {name: len(rows) for name, rows in tables.items() if name not in ("person", "household")} == {
        name: len(rows) for name, rows in document.items() if isinstance(rows, list)
    }
    assert tables["insights"][0]["noticed.value"] == str(document["insights"][0]["noticed"]["value"])
    assert json.loads(tables["consents"][0]["receipts"]) == document["consents"][0]["receipts"]
    assert tables["wallet"][0]["tokens"] == "120"


def test_runs_nothing_in_a_spreadsheet(mother):
    tables = tables_of(signed_in(mother))

    assert tables["person"][0]["name"] == "'=HYPERLINK(1)"
    for rows in tables.values():
        for row in rows:
            assert not [cell for cell in row.values() if cell.startswith(FORMULA_STARTS) and not is_number(cell)]


def is_number(cell):
    return cell.removeprefix("-").replace(".", "", 1).isdigit()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+82", "'+82"), ("-x", "'-x"), ("@a", "'@a"), ("\t=1", "'\t=1"), ("＝1", "'＝1"),
        (-5, "-5"), (None, ""), (True, "True"), ([1, "=x"], '[1, "=x"]'), ("plain, text", "plain, text"),
    ],
)  # fmt: skip
def test_a_cell(value, cell):
    assert _cell(value) == cell


def test_a_late_row_with_another_field_loses_nothing():
    file = io.StringIO()

    _write_table(file, [*({"a": number} for number in range(600)), {"a": 1, "late": {"b": "=2"}}])

    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert len(rows) == 601
    assert json.loads(rows[-1]["more"]) == {"late.b": "'=2"}


def test_holds_what_the_appliances_said_but_not_what_anothers_own_said(mother):
    home, father = mother.membership.household, factories.member(name="도윤")
    factories.insight(of=home, value=62)
    factories.insight(of=home, value=48.5, kind="climate.humidity", unit="%", source="urn:device:own")
    Appliance.objects.filter(insights__kind="climate.humidity").update(
        private_to=factories.member(of=home, role="teen").membership
    )
    factories.insight(of=father.membership.household, value=99)

    tables = tables_of(signed_in(mother))

    assert [(row["kind"], row["value"], row["unit"]) for row in tables["said"]] == [("air.pm25", "62", "ug/m3")]
    assert [row["value"] for row in tables["said_last"]] == ["62"]


def test_is_only_of_ones_own_home(mother):
    factories.deal(by=mother)

    tables = tables_of(signed_in(factories.member()))

    assert tables["consents"] == []
    assert "haneul" not in json.dumps(tables)


def test_gifts_and_invitations_are_taken_along(db):
    mother = factories.member()
    factories.gift(to=mother.membership.household, tokens=40)
    factories.invitation(by=mother)

    told = json.loads("".join(everything_about(mother, at=timezone.now())))

    assert [(gift["given"], gift["tokens"], gift["words"]) for gift in told["gifts"]] == [(False, 40, "고마워요")]
    assert [(one["for"], one["role"]) for one in told["invitations"]] == [("새 식구", "adult")]


def test_what_a_member_calls_their_own_appliance_stays_theirs_and_leaves_with_it(mother):
    at, teen = timezone.now(), factories.member(of=mother.membership.household, role=Membership.Role.TEEN)
    code = appliances.ask_for_code(actor=mother, label="엄마 혈압계 안방", type="air_sensor", at=at)
    appliances.redeem_code(code=codes.code_of(code.pk), caller="203.0.113.5", public_key=None, at=at)
    one = Appliance.objects.get(household=mother.membership.household)
    brokerage.make_appliance_own(appliance_id=one.pk, owner_id=mother.membership.pk, actor=mother, at=at)

    assert "안방" in str(tables_of(signed_in(mother))["pairings"])
    assert "안방" not in str(tables_of(signed_in(teen)))

    appliances.leave_home(appliance_id=one.pk, actor=mother, at=at)

    assert "안방" not in str(tables_of(signed_in(mother)))
