"""Places in which documents are read: few, and shared out among the tenants."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dify_hex.domain.knowledge.reading_errors import DocumentReadersBusy
from dify_hex.domain.shared.ids import TenantId

#: Seconds after which somebody who found every place taken may ask again.
_ASK_AGAIN = 5.0


@dataclass(eq=False, slots=True)
class _Waiting:
    tenant_id: TenantId
    turn: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class ReadingPlaces:
    """Hands out places: to whoever holds the fewest, and of those to whoever has waited longest.

    Of several places one tenant never holds all.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._per_tenant = max(places - 1, 1)
        self._held: Counter[TenantId] = Counter()
        self._waiting: list[_Waiting] = []

    @asynccontextmanager
    async def place(self, tenant_id: TenantId, patience: float | None) -> AsyncIterator[None]:
        """A place for as long as the block lasts.

        Raises:
            DocumentReadersBusy: there was none for so many seconds; None waits for ever.
        """
        await self._take(tenant_id, patience)
        try:
            yield
        finally:
            self._leave(tenant_id)

    async def _take(self, tenant_id: TenantId, patience: float | None) -> None:
        waiting = _Waiting(tenant_id)
        self._waiting.append(waiting)
        self._hand_out()
        try:
            async with asyncio.timeout(patience):
                await waiting.turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:
                # It was given one at this very moment.
                self._leave(tenant_id)
            if isinstance(error, TimeoutError):
                raise DocumentReadersBusy(retry_after=_ASK_AGAIN) from None
            raise

    def _leave(self, tenant_id: TenantId) -> None:
        self._free += 1
        self._held[tenant_id] -= 1
        if not self._held[tenant_id]:
            del self._held[tenant_id]
        self._hand_out()

    def _hand_out(self) -> None:
        while self._free:
            allowed = [each for each in self._waiting if self._may_have_one(each)]
            if not allowed:
                return
            chosen = min(allowed, key=lambda each: self._held[each.tenant_id])
            self._waiting.remove(chosen)
            self._free -= 1
            self._held[chosen.tenant_id] += 1
            chosen.turn.set_result(None)

    def _may_have_one(self, waiting: _Waiting) -> bool:
        return not waiting.turn.done() and self._held[waiting.tenant_id] < self._per_tenant
