"""The bridge: takes what the broker delivers, stores it, and only then acknowledges it, in the order in which it came.

Whatever happens in between, the broker delivers again, and what was stored is known by its id. While the database is
away the bridge keeps what it has and stays connected: nothing more is sent to it than it said it would hold.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime

from aiomqtt import MqttError
from django.utils import timezone

from marketplace.appliances import operations as appliances
from marketplace.appliances import topics
from marketplace.insights.mqtt.broker import Broker, Gone, is_taken_over, said
from marketplace.insights.mqtt.intake import Intake
from marketplace.insights.mqtt.publications import Publication
from marketplace.insights.mqtt.refusals import NotNow
from marketplace.insights.mqtt.workers import Workers

logger = logging.getLogger(__name__)
BEAT_SECONDS = 10
_WORKERS = 4
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 30.0
#: Home Assistant says one state in several publications; they come together, or nearly so.
_LINGER_SECONDS = 0.02
#: After so long without anything, nothing waits any more under the name of a bridge that hears nothing new.
_QUIET_SECONDS = 10


class Bridge:
    """One bridge between a broker and the database.

    Args:
        connect: makes a new connection, not yet open.
        client: what the bridge calls itself at the broker.
        most: how many publications are taken in at once.
        is_last: nobody comes after it under this name: take in what waits there, let the broker forget it, and end.
    """

    def __init__(self, connect: Callable[[], Broker], *, client: str, most: int, is_last: bool = False) -> None:
        self._connect, self._client, self._most = connect, client, most
        self._is_last = is_last
        self._intake, self._workers = Intake(client=client), Workers(_WORKERS)
        self._stop = asyncio.Event()
        self._connected_at = timezone.now()
        self._came = 0

    def stop(self) -> None:
        """Finish what is being stored, acknowledge it, and end; what else came stays with the broker."""
        self._stop.set()

    async def run(self) -> None:
        """Stay between broker and database until told to stop, whatever of the two goes away."""
        waits = _Waits()
        try:
            while not self._stop.is_set():
                try:
                    async with self._connect() as broker:
                        await (broker.hear_no_more() if self._is_last else broker.listen())
                        logger.info("connected to the broker")
                        self._connected_at = timezone.now()
                        waits = _Waits()
                        await self._serve(broker)
                        if self._is_last and not self._stop.is_set():
                            await broker.be_forgotten()
                            return
                except Gone as exc:
                    logger.warning("no connection to the broker: %s", said(exc))
                    # Two bridges under one name drive each other out: one of them has to let the other work.
                    await self._pause(_LONGEST_WAIT if is_taken_over(exc) else waits.next())
        finally:
            self._workers.close()

    async def _serve(self, broker: Broker) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            while not self._stop.is_set():
                publications = await self._gathered(broker)
                if publications:
                    to_do = sum(not one.is_done for one in publications)
                    await self._taken_in(broker, publications)
                    self._settle(broker, publications)
                    self._came += to_do
                elif self._is_last:
                    return
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _gathered(self, broker: Broker) -> list[Publication]:
        """Wait for what comes first, and take with it what has come by then."""
        first, stop = asyncio.create_task(broker.next()), asyncio.create_task(self._stop.wait())
        try:
            quiet = _QUIET_SECONDS if self._is_last else None
            await asyncio.wait({first, stop}, return_when=asyncio.FIRST_COMPLETED, timeout=quiet)
            if not first.done():
                return []
            publications = [first.result()]
        finally:
            first.cancel()
            stop.cancel()
            await asyncio.gather(first, stop, return_exceptions=True)
        publications += broker.waiting(self._most - 1)
        if len(publications) < self._most:
            await asyncio.sleep(_LINGER_SECONDS)
            publications += broker.waiting(self._most - len(publications))
        return publications

    async def _taken_in(self, broker: Broker, publications: Sequence[Publication]) -> None:
        """Store everything, however long the database is away.

        Raises:
            MqttError: the connection went, and with it the right to acknowledge; or the bridge is to stop.
        """
        waits = _Waits()
        while True:
            shares = self._workers.divided([one for one in publications if not one.is_done], lambda one: one.pairing_id)
            done = await asyncio.gather(
                *(self._workers.do(worker, lambda share=share: self._intake.take_in(share, at=timezone.now()))  # type: ignore[misc]
                  for worker, share in shares),
                return_exceptions=True,
            )  # fmt: skip
            failed = [one for one in done if isinstance(one, BaseException)]
            for one in failed:
                if not isinstance(one, NotNow):
                    raise one
            if not failed:
                return
            logger.warning("not stored yet: %s", failed[0])
            await self._pause(waits.next())
            if broker.is_gone or self._stop.is_set():
                raise MqttError("the database is away")

    def _settle(self, broker: Broker, publications: Sequence[Publication]) -> None:
        for one in publications:
            broker.acknowledge(one)
        for one in publications:
            answer, pairing_id = one.answer(), one.pairing_id
            if answer and pairing_id:
                broker.answer(topics.answers_of(pairing_id), json.dumps(answer, separators=(",", ":")).encode())

    async def _beat(self) -> None:
        """Write down now and then that the bridge is there; what is not written is seen as a bridge that is not."""
        while True:
            came, at = self._came, timezone.now()
            try:
                await self._workers.do(0, lambda came=came, at=at: self._note(came, at))  # type: ignore[misc]
                self._came -= came
            except Exception as exc:
                logger.warning("no sign of life could be written: %s", type(exc).__name__)
            await asyncio.sleep(BEAT_SECONDS)

    def _note(self, came: int, at: datetime) -> None:
        appliances.note_beat(client=self._client, connected_at=self._connected_at, publications=came, at=at)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return


class _Waits:
    """Longer and longer, and never as long as somebody else waits."""

    def __init__(self) -> None:
        self._seconds = _FIRST_WAIT

    def next(self) -> float:
        found = self._seconds * random.uniform(0.5, 1)  # noqa: S311 - spreads, and keeps no secret
        self._seconds = min(_LONGEST_WAIT, 2 * self._seconds)
        return found
