"""Connections that nobody has used for a while are closed; a server process each goes with them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(slots=True, kw_only=True)
class _Rest:
    """How long one connection of a pool has had nothing to do; it looks once per period."""

    connection: Any
    seconds: float
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    #: The loop's time at its return; none while it is in use.
    since: float | None = None

    def look(self) -> None:
        if self.connection.is_closed():
            return
        rested = 0.0 if self.since is None else self.loop.time() - self.since
        if rested >= self.seconds:
            # In the pool it stays, closed, until a check-out finds it so and replaces it.
            self.connection.terminate()
        else:
            self.loop.call_later(self.seconds - rested, self.look)


def close_when_idle(engine: AsyncEngine, seconds: float) -> None:
    """Close each connection of the engine that has been in its pool for so many seconds.

    The engine has to refuse closed connections at check-out. It is for pools that give out last
    what came back first, as the others use all of their connections all the time.
    """
    name = "rest"

    def opened(connection: Any, record: Any) -> None:
        record.info[name] = rest = _Rest(connection=connection.driver_connection, seconds=seconds)
        rest.look()

    def taken(_connection: Any, record: Any, _proxy: Any) -> None:
        record.info[name].since = None

    def returned(_connection: Any, record: Any) -> None:
        # A connection that was found to be broken has left its record by now.
        if rest := record.info.get(name):
            rest.since = rest.loop.time()

    event.listen(engine.sync_engine, "connect", opened)
    event.listen(engine.sync_engine, "checkout", taken)
    event.listen(engine.sync_engine, "checkin", returned)
