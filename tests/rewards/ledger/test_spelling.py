"""What is asked counts, not how it is spelled: two bodies that say the same are one, however they are written."""

import json

import pytest
from django.db import connection

from tests.rewards.ledger import books

BODY = {"action": "post", "debit": "platform:issuance", "amount": 5, "actor": "test", "event_type": "", "event_ref": ""}


def asked(*texts: str) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_apply(%s::jsonb, true)", ["[" + ",".join(texts) + "]"])
        answers = cursor.fetchone()[0]
    return json.loads(answers) if isinstance(answers, str) else answers


def replayed_however_it_is_spelled(_database: str = "") -> None:
    body = {**BODY, "key": books.key(), "credit": books.account()}
    text = json.dumps(body)
    (first,) = asked(text)
    for spelled in (
        json.dumps(body, indent=3),
        json.dumps(dict(reversed(body.items()))),
        text.replace("household", "\\u0068ousehold"),
        text.replace('"key"', '"key": "overruled by the later one", "key"'),
    ):
        (again,) = asked(spelled)
        assert again == first | {"replayed": True}, spelled


@pytest.mark.django_db
def test_a_body_is_replayed_however_it_is_spelled():
    replayed_however_it_is_spelled()


@pytest.mark.django_db
def test_a_body_that_says_more_or_less_is_another():
    body = {**BODY, "key": books.key(), "credit": books.account()}
    asked(json.dumps(body))

    for other in (body | {"amount": 6}, body | {"more": None}, {k: v for k, v in body.items() if k != "event_ref"}):
        (answer,) = asked(json.dumps(other))
        assert answer["outcome"] == "idempotency_mismatch"
