"""Who runs next: tenants take turns, and none takes all there is."""

import asyncio
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field


class QueueFull(Exception):
    """As many wait as may."""


@dataclass(slots=True, kw_only=True)
class FairQueue:
    """A bounded number of places, given out in turns.

    The more tenants are at work, the less each may have at once, so that a newcomer finds a place
    without waiting for somebody's long execution to end.
    """

    places: int
    waiting_limit: int
    _running: Counter[str] = field(default_factory=Counter)
    _waiting: "OrderedDict[str, deque[asyncio.Future[None]]]" = field(default_factory=OrderedDict)

    @property
    def running(self) -> int:
        """How many places are taken."""
        return self._running.total()

    def running_of(self, tenant: str) -> int:
        """How many of them one tenant has."""
        return self._running[tenant]

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(map(len, self._waiting.values()))

    async def enter(self, tenant: str) -> None:
        """Wait for a place.

        Raises:
            QueueFull: too many wait already.
        """
        if tenant not in self._waiting and self._has_place(tenant):
            self._running[tenant] += 1
            return
        if self.waiting >= self.waiting_limit:
            raise QueueFull
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(tenant)
            else:
                self._forget(tenant, turn)
            raise

    def leave(self, tenant: str) -> None:
        """Give the place back."""
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
        self._admit()

    def _has_place(self, tenant: str) -> bool:
        if self.running >= self.places:
            return False
        at_work = len(self._running.keys() | self._waiting.keys() | {tenant})
        share = max(1, self.places // (at_work + 1))
        return self._running[tenant] < share

    def _admit(self) -> None:
        """Give out what is free, one place at a time to each tenant in turn."""
        while tenant := next(filter(self._has_place, self._waiting), None):
            turns = self._waiting.pop(tenant)
            turn = turns.popleft()
            # Whoever was served goes to the end of the line.
            if turns:
                self._waiting[tenant] = turns
            # Who has given up a moment ago is still here.
            if not turn.done():
                self._running[tenant] += 1
                turn.set_result(None)

    def _forget(self, tenant: str, turn: "asyncio.Future[None]") -> None:
        turns = self._waiting.get(tenant)
        if turns is not None and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[tenant]
        # One tenant less in line is a larger share for the others.
        self._admit()
