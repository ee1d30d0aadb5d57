"""The three-way match: every yes, what left the escrow for it, and what reached the home, side by side.

A side is looked for by the number of the operation that the signed receipt names, whenever it was written, so that no
deal falls apart at midnight. What the receipt promised is read from the receipt itself: after everything else about a
person is gone, receipt, debit and credit still prove each other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from consent.parties.paging import make_cursor, open_cursor
from marketplace.demand.models import DataRequest

#: A page looks at one quarter at most; longer times are asked for quarter by quarter.
LONGEST = timedelta(days=93)
#: And a month unless said, today included.
USUAL_DAYS = 30
#: Mismatches that are named; there should be none.
NAMED = 100


@dataclass(frozen=True)
class Mismatch:
    """One deal whose three sides do not agree; a side that is missing has no figure."""

    reason: str
    op_id: UUID
    consent_id: UUID | None
    request_id: UUID | None
    promised_price: int | None
    promised_tokens: int | None
    debited: int | None
    credited: int | None


@dataclass(frozen=True)
class RequestTotal:
    """The deals of one data request within the time, summed on each side."""

    request_id: UUID | None
    organisation: str
    consents: int
    payments: int
    releases: int
    promised_price: int
    debited: int
    promised_tokens: int
    credited: int

    @property
    def request(self) -> str:
        return str(self.request_id or "")

    @property
    def is_fine(self) -> bool:
        counts = self.consents == self.payments == self.releases
        return counts and self.promised_price == self.debited and self.promised_tokens == self.credited


@dataclass(frozen=True)
class Match:
    """A time matched: how many deals there were, which of them do not agree, and the sums per data request."""

    start: datetime
    end: datetime
    deals: int
    broken: int
    mismatches: list[Mismatch]
    totals: list[RequestTotal]
    next_cursor: str | None


def match_between(*, start: datetime, end: datetime, cursor: str | None = None, limit: int = 50) -> Match:
    """Match what was agreed or paid from `start` up to, not including, `end`.

    Args:
        cursor: of the totals, which come in pages; the mismatches are on every one of them.

    Raises:
        InvalidCursor: the cursor is broken or belongs to another time.
    """
    name = f"audit:matches:{start.isoformat()}:{end.isoformat()}"
    after = open_cursor(cursor, name=name)[0] if cursor else None
    wanted = {"start": start, "end": end, "after": after, "limit": limit + 1, "named": NAMED}
    with connection.cursor() as db:
        db.execute(MATCH, wanted)
        rows = db.fetchall()
    deals, broken = next((row[1], row[2]) for row in rows if row[0] == "counted")
    mismatches = [Mismatch(*row[3:11]) for row in rows if row[0] == "mismatch"]
    sums = [row[11:] for row in rows if row[0] == "total"]
    totals = _named(sums[:limit])
    further = make_cursor([str(sums[limit - 1][0])], name=name) if len(sums) > limit else None
    return Match(start, end, deals, broken, mismatches, totals, further)


def _named(sums: list[Any]) -> list[RequestTotal]:
    """Name the organisation behind each data request; an operation that names none stays without."""
    requests = DataRequest.objects.select_related("organisation").in_bulk([row[0] for row in sums if row[0]])
    return [
        RequestTotal(row[0], requests[row[0]].organisation.name if row[0] in requests else "", *map(int, row[1:]))
        for row in sums
    ]


# Payments are found by the time index of the journal; then each side looks for the others by the number of the
# operation. A capture's legs share it, and the last of them carries the version that numbers the release.
MATCH = """
WITH asked_for AS (
    SELECT t.op_id FROM ledger_transfer t
    WHERE t.recorded_at >= %(start)s AND t.recorded_at < %(end)s
      AND t.kind = 'capture' AND t.event_type = 'consent' AND t.leg = 1
    UNION
    SELECT c.op_id FROM records_consent c
    WHERE c.at >= %(start)s AND c.at < %(end)s AND c.verdict = 'given'
),
sides AS MATERIALIZED (
    SELECT o.op_id, c.id AS consent_id, r.id AS release_id, r.request_id, paid.debited, paid.credited,
           paid.escrow, paid.event_ref, paid.last_version, r.number,
           (p.promise ->> 'maru:priceTokens')::bigint AS promised_price,
           (p.promise ->> 'maru:tokens')::bigint AS promised_tokens
    FROM asked_for o
    LEFT JOIN records_consent c ON c.op_id = o.op_id AND c.verdict = 'given'
    LEFT JOIN delivery_release r ON r.consent_id = c.id
    LEFT JOIN LATERAL (
        SELECT convert_from(x.body, 'UTF8')::jsonb -> 'maru:compensation' AS promise
        FROM records_receipt x WHERE x.consent_id = c.id AND x.act = 'given'
    ) p ON true
    LEFT JOIN LATERAL (
        SELECT sum(t.amount)::bigint AS debited,
               coalesce(sum(t.amount) FILTER (WHERE k.kind = 'household'), 0)::bigint AS credited,
               min(d.address) AS escrow, min(t.event_ref) AS event_ref, max(t.debit_version) AS last_version
        FROM ledger_transfer t
        JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account k ON k.id = t.credit_id
        WHERE t.op_id = o.op_id AND t.kind = 'capture'
        HAVING count(*) > 0
    ) paid ON true
),
judged AS MATERIALIZED (
    SELECT s.*, CASE
        WHEN consent_id IS NULL THEN 'no_consent'
        WHEN debited IS NULL THEN 'no_payment'
        WHEN release_id IS NULL THEN 'no_release'
        WHEN promised_price IS NULL THEN 'no_receipt'
        WHEN event_ref IS DISTINCT FROM 'consent:' || consent_id THEN 'other_consent'
        WHEN escrow IS DISTINCT FROM 'escrow:' || request_id THEN 'other_escrow'
        WHEN last_version IS DISTINCT FROM number THEN 'other_number'
        WHEN debited <> promised_price THEN 'other_price'
        WHEN credited <> promised_tokens THEN 'other_tokens'
    END AS reason FROM sides s
),
mismatch AS (
    SELECT reason, op_id, consent_id, request_id, promised_price, promised_tokens, debited, credited
    FROM judged WHERE reason IS NOT NULL ORDER BY op_id LIMIT %(named)s
),
total AS (
    SELECT request_id, count(consent_id) AS consents, count(debited) AS payments, count(release_id) AS releases,
           coalesce(sum(promised_price), 0) AS promised_price, coalesce(sum(debited), 0) AS debited,
           coalesce(sum(promised_tokens), 0) AS promised_tokens, coalesce(sum(credited), 0) AS credited
    FROM judged
    WHERE %(after)s::text IS NULL OR (%(after)s::text <> 'None' AND request_id > nullif(%(after)s::text, 'None')::uuid)
       OR (%(after)s::text <> 'None' AND request_id IS NULL)
    GROUP BY request_id ORDER BY request_id LIMIT %(limit)s
)
SELECT 'counted' AS part, count(*), count(reason), NULL, NULL::uuid, NULL::uuid, NULL::uuid, NULL::bigint, NULL::bigint,
       NULL::bigint, NULL::bigint, NULL::uuid, NULL::bigint, NULL::bigint, NULL::bigint, NULL::numeric, NULL::numeric,
       NULL::numeric, NULL::numeric FROM judged
UNION ALL
SELECT 'mismatch', NULL, NULL, m.*, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM mismatch m
UNION ALL
SELECT 'total', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, t.* FROM total t
"""
