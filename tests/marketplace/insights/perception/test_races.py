"""Two requests of one home in one moment: one memory, and no reading lost to it."""

from datetime import timedelta
from threading import Barrier, Thread

from django.db import connections
from django.utils import timezone

from marketplace.insights import operations
from marketplace.insights.models import Conclusion, Insight, RuleMemory
from tests import factories
from tests.marketplace.insights.perception.test_perceiving import bad_air


def test_two_requests_that_speak_first_make_one_memory_and_miss_nothing(committed_db):
    home, now = factories.household(), timezone.now()
    odd_and_even, start, failed = [bad_air(count=8)[::2], bad_air(count=8)[1::2]], Barrier(2), []

    def send(readings):
        try:
            start.wait(60)
            operations.record_insights(household=home, items=readings, dialect="canonical", at=now)
        except Exception as exc:
            failed.append(exc)
        finally:
            connections.close_all()

    threads = [Thread(target=send, args=[readings]) for readings in odd_and_even]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    operations.record_insights(
        household=home,
        items=bad_air(count=8, before=-timedelta(minutes=40)),
        dialect="canonical",
        at=now + timedelta(minutes=40),
    )

    assert failed == []
    assert RuleMemory.objects.count() == 1
    assert Insight.objects.filter(kind="air.pm25").count() == 16
    assert Conclusion.objects.count() == 1
