"""A connection of one's own to Redis, which never comes back without its user knowing."""

import asyncio
from collections.abc import Sequence
from typing import Protocol, cast

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

#: One word of a command.
Word = str | bytes | int
#: What the server answers, as it comes: bytes, numbers, None, and lists of these.
Reply = object

#: Seconds until a server that does not answer counts as away.
ANSWER_TIMEOUT = 2.0


class Link:
    """One connection that its user opens, and after a failure opens again.

    A pooled client reconnects unnoticed; whoever must know that the server may have forgotten
    something asks `open` before each use, and sees the generation rise.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._connection: AbstractConnection | None = None
        self._generation = 0

    async def open(self) -> int:
        """Connect if not connected; returns a number that rises with every new connection.

        Raises:
            RedisError: the server is away.
        """
        await self._connected()
        return self._generation

    async def call(
        self, commands: Sequence[Sequence[Word]], *, timeout: float = ANSWER_TIMEOUT
    ) -> list[Reply]:
        """Send the commands together; the replies in order, with a refusal as what it is.

        Raises:
            RedisError: the connection broke; whether anything was done is not known.
        """
        connection = await self._connected()
        packed = [part for command in commands for part in connection.pack_command(*command)]
        try:
            async with _limited(timeout):
                await connection.send_packed_command([b"".join(packed)], check_health=False)
                return [await _reply(connection) for _ in commands]
        except BaseException:
            # A reply that is still under way must not be taken for another command's.
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect; `open` connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def _connected(self) -> AbstractConnection:
        connection = self._connection
        if connection is None or not connection.is_connected:
            pool = self._client.connection_pool
            connection = cast("_Pool", pool).make_connection()
            # A time limit for a whole exchange costs less than one for each reply.
            connection.socket_timeout = None
            async with _limited(ANSWER_TIMEOUT):
                await cast("_Connecting", connection).connect()
            self._connection = connection
            self._generation += 1
        return connection


class _Pool(Protocol):
    """The part of a pool that the client library leaves untyped."""

    def make_connection(self) -> AbstractConnection: ...


class _Connecting(Protocol):
    """The part of a connection that the client library leaves untyped."""

    async def connect(self) -> None: ...


class _limited:  # noqa: N801 - reads as a statement
    """`asyncio.timeout` that speaks of Redis."""

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *raised: object) -> None:
        try:
            await self._timeout.__aexit__(*raised)  # type: ignore[arg-type] # passed on as it came
        except TimeoutError as error:
            raise RedisError("Redis does not answer in time") from error


async def _reply(connection: AbstractConnection) -> Reply:
    try:
        reply: Reply = await connection.read_response()
    except ResponseError as refusal:
        return refusal
    return reply
