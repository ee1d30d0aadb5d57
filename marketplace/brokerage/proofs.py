"""What joins consent, release and payment, and the queries that would find one without the others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATUS_KEY, FINDINGS_KEY = "brokerage.status", "brokerage.findings"
#: So old, the count was not made anew when it should have been: the clock stands still, or is far behind.
LATE = timedelta(minutes=2)
#: How many of the rows that break a proof are named.
NAMED = 20


@dataclass(frozen=True)
class Status:
    """How many consents, payments and releases there are, and how many of them stand alone."""

    consents: int
    payments: int
    releases: int
    orphans: int
    as_of: datetime

    def is_late(self, at: datetime) -> bool:
        return at - self.as_of >= LATE


@dataclass(frozen=True)
class Proof:
    """One thing that must never be found. `sql` selects a reference to every row where it was."""

    name: str
    title: str | Promise
    sql: str


@dataclass(frozen=True)
class Finding:
    """What a proof found: how many, and the first of them by reference. Nothing is the good news."""

    proof: Proof
    count: int
    references: list[str]

    @property
    def is_fine(self) -> bool:
        return self.count == 0


def current_status() -> Status:
    """Return what the clock counted last, however long ago; `as_of` says when.

    Where nothing was ever counted, or somebody cleared the cache, whoever comes first counts.
    """
    return cast(Status, cache.get_or_set(STATUS_KEY, counted_status, timeout=None))


def keep_status(*, at: datetime) -> Status | None:
    """Count anew for everybody to read, where the last count is 30 seconds old; return it, or nothing."""
    kept: Status | None = cache.get(STATUS_KEY)
    if kept is not None and at - kept.as_of < timedelta(seconds=settings.STATUS_CACHE_SECONDS):
        return None
    counted = counted_status()
    cache.set(STATUS_KEY, counted, timeout=None)
    return counted


def counted_status() -> Status:
    """Count consents, payments and releases, and those without their two partners, all seen at one instant."""
    with connection.cursor() as cursor:
        cursor.execute(STATUS)
        consents, payments, releases, orphans = cursor.fetchone()
    return Status(consents, payments, releases, orphans, as_of=timezone.now())


def current_findings() -> list[Finding]:
    """Return what the proofs find, at most 30 seconds old."""
    return cast(list[Finding], cache.get_or_set(FINDINGS_KEY, findings, settings.STATUS_CACHE_SECONDS))


def findings() -> list[Finding]:
    """Run every proof again, from the first row."""
    return [_run(proof) for proof in PROOFS]


def _run(proof: Proof) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT reference::text, count(*) OVER () FROM ({proof.sql}) found (reference) LIMIT {NAMED}")  # noqa: S608
        rows = cursor.fetchall()
    return Finding(proof, count=rows[0][1] if rows else 0, references=[row[0] for row in rows])


# One payment is one operation: its capture legs share the op_id that the consent and its receipt name.
STATUS = """
SELECT count(c.op_id), count(p.op_id), count(r.consent_id),
       count(*) FILTER (WHERE c.op_id IS NULL OR p.op_id IS NULL OR r.consent_id IS NULL)
FROM (SELECT id, op_id FROM records_consent WHERE verdict = 'given') c
FULL JOIN delivery_release r ON r.consent_id = c.id
FULL JOIN (SELECT op_id FROM ledger_transfer WHERE kind = 'capture' AND event_type = 'consent' AND leg = 1) p
    ON p.op_id = c.op_id
"""

PROOFS = [
    Proof(
        "release_without_consent",
        _("허락 없이 열린 전달"),
        """
SELECT r.id FROM delivery_release r
LEFT JOIN records_consent c ON c.id = r.consent_id AND c.verdict = 'given'
WHERE c.id IS NULL""",
    ),
    Proof(
        "release_without_payment",
        _("지급 없는 전달"),
        """
SELECT r.id FROM delivery_release r
LEFT JOIN records_consent c ON c.id = r.consent_id
LEFT JOIN ledger_transfer t ON t.op_id = c.op_id AND t.leg = 1
    AND t.kind = 'capture' AND t.event_ref = 'consent:' || c.id
WHERE t.id IS NULL""",
    ),
    Proof(
        "payment_without_release",
        _("전달 없는 지급"),
        """
SELECT DISTINCT t.op_id FROM ledger_transfer t
LEFT JOIN records_consent c ON c.op_id = t.op_id
LEFT JOIN delivery_release r ON r.consent_id = c.id
WHERE t.kind = 'capture' AND t.event_type = 'consent' AND r.id IS NULL""",
    ),
    Proof(
        "consent_without_release",
        _("전달 없는 허락"),
        """
SELECT c.id FROM records_consent c
LEFT JOIN delivery_release r ON r.consent_id = c.id
WHERE c.verdict = 'given' AND r.id IS NULL""",
    ),
    Proof(
        "unbalanced_transfer",
        _("합이 0이 아닌 거래"),
        """
SELECT op_id FROM ledger_transfer WHERE kind IN ('post', 'capture')
GROUP BY op_id
HAVING sum(amount) FILTER (WHERE debit_id IS NOT NULL) IS DISTINCT FROM sum(amount) FILTER (WHERE credit_id IS NOT NULL)
""",
    ),
    Proof(
        "negative_household",
        _("0보다 작은 가구 계정"),
        """
SELECT a.address FROM ledger_account a
JOIN ledger_balance b ON b.account_id = a.id
WHERE a.kind = 'household' AND b.credits - b.debits - b.held < 0""",
    ),
    # A read and an end may cross: `at` is when each began, and the end waits for the read's lock, never longer than
    # a request lives. What was read more than a minute after the end was read after it.
    Proof(
        "read_after_end",
        _("철회나 기한 뒤에 읽힌 기록"),
        """
SELECT DISTINCT r.id FROM delivery_access a
JOIN delivery_release r ON r.id = a.release_id
JOIN records_consent c ON c.id = r.consent_id
LEFT JOIN records_consentend e ON e.consent_id = c.id
WHERE a.at >= c.ends_at OR a.at >= r.erase_at OR a.at > e.at + interval '1 minute'""",
    ),
    Proof(
        "preview_mismatch",
        _("보여 드린 것과 다르게 나간 기록"),
        """
SELECT r.id FROM delivery_release r
JOIN records_consent c ON c.id = r.consent_id
WHERE r.payload_digest <> c.payload_digest
   OR EXISTS (SELECT FROM records_answer w
              WHERE w.ask_id = c.ask_id AND w.verdict = 'approve' AND w.preview_sha256 <> c.payload_digest)""",
    ),
]
