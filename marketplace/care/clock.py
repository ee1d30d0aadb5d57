"""The clock: looks at every work list each few seconds, and needs neither Redis nor a worker for it.

Tasks sent through Redis are only hints that something may be done sooner. Several clocks may run side by side: each
chore takes rows that nobody else has.
"""

import logging
import time
from collections.abc import Callable

from django.db import close_old_connections

from marketplace.appliances import tasks as appliances
from marketplace.brokerage import tasks as brokerage
from marketplace.delivery import tasks as delivery
from marketplace.demand import tasks as demand
from marketplace.insights import tasks as insights
from rewards.ledger import tasks as ledger
from rewards.redemption import tasks as redemption
from rewards.treasury import tasks as treasury

logger = logging.getLogger(__name__)

#: In this order: what a person waits for comes first.
CHORES: tuple[Callable[[], object], ...] = (
    brokerage.match_insights,
    delivery.send_messages,
    brokerage.tidy_asks,
    brokerage.mark_exhausted,
    ledger.expire_holds,
    redemption.lapse_orders,
    delivery.close_due_releases,
    brokerage.suspend_overdue_buyers,
    demand.return_due_escrows,
    brokerage.forget_insights,
    treasury.tell_expiring,
    treasury.expire_tokens,
    appliances.prune_pairing,
    insights.forget_memories,
    insights.keep_twin,
    insights.rotate_keys,
    ledger.seal,
    ledger.roll_up,
    brokerage.count_status,
)


def tick() -> None:
    """Do every chore once. One that fails is written down by its kind alone, and the others still run."""
    for chore in CHORES:
        try:
            chore()
        except Exception as exc:
            logger.error("%s failed with %s", chore.__name__, type(exc).__name__)


def run(*, seconds: float, is_stopped: Callable[[], bool]) -> None:
    """Tick until told to stop."""
    while not is_stopped():
        begun = time.monotonic()
        tick()
        close_old_connections()
        while not is_stopped() and time.monotonic() - begun < seconds:
            time.sleep(min(0.2, seconds))
