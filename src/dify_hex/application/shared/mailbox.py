"""What comes in for one reader, in its order."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class Mailbox(Generic[ItemT]):
    """Anybody in the loop may put something in; only one task takes things out.

    What `asyncio.Queue` does for many readers and writers costs as much as a step of a run does.
    """

    __slots__ = ("_items", "_waiter")

    def __init__(self) -> None:
        self._items: deque[ItemT] = deque()
        self._waiter: asyncio.Future[None] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be taken out."""
        return not self._items

    def put(self, item: ItemT) -> None:
        """Leave something; returns at once."""
        self._items.append(item)
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def get(self) -> ItemT:
        """The first thing that was put in, as soon as there is one."""
        while not self._items:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._items.popleft()
