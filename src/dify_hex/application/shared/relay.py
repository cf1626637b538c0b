"""Delivers committed events to their handlers, at least once each."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from dify_hex.application.shared.outbox import EventHandler
from dify_hex.application.shared.outbox_store import (
    FailedDelivery,
    OutboxReader,
    OutboxStore,
    PendingEvent,
)
from dify_hex.application.shared.telemetry import Counter, Gauge, Telemetry
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId

#: How long a claimed event stays out of other relays' hands: when this one dies, that late.
CLAIM_LASTS = timedelta(seconds=30)
#: A handler that takes longer has failed; it must be over before the claim is.
HANDLER_TIMEOUT = timedelta(seconds=20)
#: After this many failures an event is dead: kept, counted, and not tried again.
MAX_ATTEMPTS = 10
#: The wait after the first failure; it doubles with each one, up to the longest.
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=10)
#: How often the outbox is looked through when nobody announces anything.
SWEEP_EVERY = timedelta(seconds=5)
#: Events that are handled at the same time.
BATCH = 50


class OutboxRelay:
    """Hands each event to every handler of its type.

    - An event leaves the outbox when all of its handlers have taken it.
    - A handler that raises does not keep the others from their turn; only it is called again.
    - Attempts are spaced exponentially, with jitter, and end after a fixed number.
    - Several relays may run; they never hold the same event at the same time.
    """

    def __init__(
        self,
        *,
        store: OutboxStore,
        reader: OutboxReader,
        handlers: Sequence[EventHandler],
        telemetry: Telemetry,
        sweep_every: timedelta = SWEEP_EVERY,
        random: Random | None = None,
    ) -> None:
        self._store = store
        self._reader = reader
        self._handlers: dict[type[DomainEvent], list[EventHandler]] = {}
        for handler in handlers:
            for event_type in handler.event_types:
                self._handlers.setdefault(event_type, []).append(handler)
        self._telemetry = telemetry
        self._sweep_every = sweep_every
        self._random = random or Random()  # noqa: S311 -- jitter is no secret
        self._report_due = 0.0

    async def run(self) -> None:
        """Deliver until cancelled; a store that is away is waited for."""
        while True:
            try:
                while await self.deliver_batch():
                    pass
                await self._report()
                await self._store.wait_for_news(self._sweep_every)
            except Unavailable:
                self._telemetry.count(Counter.LOOP_FAILURES, loop="outbox")
                await asyncio.sleep(self._random.uniform(0.2, 1.0))

    async def deliver_batch(self) -> int:
        """Deliver what is due, up to one batch; how many events were claimed.

        Raises:
            Unavailable: the outbox could not be reached; what was claimed is delivered again.
        """
        batch = await self._store.claim(BATCH, CLAIM_LASTS)
        failures = await asyncio.gather(*map(self._deliver, batch))
        done = [pending.id for pending, failure in zip(batch, failures, strict=True) if not failure]
        if done:
            await self._store.delivered(done)
            self._telemetry.count(Counter.OUTBOX_DELIVERIES, len(done), outcome="delivered")
        for failure in filter(None, failures):
            await self._store.failed(failure)
            outcome = "dead" if failure.retry_in is None else "failed"
            self._telemetry.count(Counter.OUTBOX_DELIVERIES, outcome=outcome)
        return len(batch)

    async def _report(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._report_due:
            return
        self._report_due = now + self._sweep_every.total_seconds()
        await self._store.prune()
        backlog = await self._reader.backlog()
        self._telemetry.set_gauge(Gauge.OUTBOX_PENDING, backlog.pending)

    async def _deliver(self, pending: PendingEvent) -> FailedDelivery | None:
        taken = set(pending.delivered_to)
        errors: list[str] = []
        for handler in self._handlers.get(type(pending.event), ()):
            if handler.handler_name in taken:
                continue
            error = await _attempt(handler, pending.id, pending.event)
            if error is None:
                taken.add(handler.handler_name)
            else:
                errors.append(f"{handler.handler_name}: {error}")
        if not errors:
            return None
        return FailedDelivery(
            id=pending.id,
            delivered_to=frozenset(taken),
            error="; ".join(errors),
            retry_in=self._retry_in(pending.attempts),
        )

    def _retry_in(self, attempts: int) -> timedelta | None:
        if attempts >= MAX_ATTEMPTS:
            return None
        pause = min(FIRST_RETRY * (1 << attempts - 1), LONGEST_RETRY)
        return pause * self._random.uniform(0.5, 1.0)


async def _attempt(handler: EventHandler, event_id: EventId, event: DomainEvent) -> str | None:
    """What went wrong, if anything did."""
    try:
        async with asyncio.timeout(HANDLER_TIMEOUT.total_seconds()):
            await handler.handle(event_id, event)
    except Exception as error:  # noqa: BLE001 -- whatever it raises, it is called again
        return f"{type(error).__name__}: {error}"
    return None
