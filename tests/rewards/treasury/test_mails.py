"""Adults read that tokens end soon, each in their language, once; a mail server that rests is asked again."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from consent.parties.models import Membership
from marketplace.care.clock import CHORES
from rewards.treasury import months, operations, tasks
from rewards.treasury.models import ExpiryNotice
from rewards.treasury.operations import telling
from tests import factories


@pytest.fixture
def told(db):
    """A home of four, of which two adults can be written to, that was told of 100 tokens."""
    home = factories.tokens_in_wallet(factories.household(), 100)
    factories.member(of=home, email="mother@example.com")
    factories.member(of=home, email="father@example.com", locale="en")
    factories.member(of=home, email="gone@example.com", is_active=False)
    factories.member(of=home, role=Membership.Role.TEEN)
    soon = months.midnight(months.end_of(timezone.now())) - timedelta(days=30)
    assert operations.tell_expiring(at=soon) == 1
    return ExpiryNotice.objects.get()


def test_each_adult_reads_it_once_in_their_language(told):
    sent = [operations.mail_notices(at=timezone.now()) for _ in range(2)]

    assert sent == [1, 0]
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert sorted(letters) == ["father@example.com", "mother@example.com"]
    assert "100 토큰이 사라져요" in letters["mother@example.com"].subject
    assert "100 tokens end on" in letters["father@example.com"].subject
    assert "/wallet" in letters["father@example.com"].body


def test_a_mail_server_that_rests_is_asked_five_times(told, settings, monkeypatch):
    def rests(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("rewards.treasury.notifications.send_mail", rests)
    sent = [operations.mail_notices(at=timezone.now()) for _ in range(telling.TRIES + 2)]

    told.refresh_from_db()
    assert (sum(sent), told.tries, told.mailed_at) == (0, telling.TRIES, None)


def test_the_clock_tells_before_it_takes():
    names = [chore.__name__ for chore in CHORES]

    assert tasks.tell_expiring in CHORES
    assert names.index("tell_expiring") < names.index("expire_tokens")
