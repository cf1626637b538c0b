"""A run's events as the bytes of an SSE stream, which has a proper end whatever happens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import cast

import orjson
import structlog

from dify_hex.application.workflow.follow_run import StreamEvent
from dify_hex.domain.shared.errors import DomainError, Unavailable
from dify_hex.domain.workflow.errors import StreamOverflow
from dify_hex.entrypoints.http.errors import error_body
from dify_hex.entrypoints.http.problems import InternalError, ProtocolProblem
from dify_hex.entrypoints.http.request_context import RequestContext
from dify_hex.entrypoints.http.streaming.open_streams import OpenStreams

PING = b": ping\r\n\r\n"
#: What shows where a stream stands that has shown nothing yet.
_NOWHERE = "0.0"

_log = structlog.get_logger("dify_hex.http")


class StreamTooLong(ProtocolProblem):
    """The stream has been open for as long as it may; go on with a new one."""

    status = 503
    code = "stream_too_long"


class ProcessStopping(Unavailable):
    """This process is being stopped; go on with a new stream."""

    code = "sys_unavailable"


async def frames(
    batches: AsyncIterator[Sequence[StreamEvent]],
    streams: OpenStreams,
    context: RequestContext,
) -> AsyncGenerator[bytes, None]:
    """The stream, several events at a time; `done` is its last event in every case."""
    position = _NOWHERE
    try:
        with streams.one_more():
            async with aclosing(cast("AsyncGenerator[Sequence[StreamEvent], None]", batches)):
                async for chunk, last in _limited(batches, streams):
                    position = last or position
                    yield chunk
    except DomainError as error:
        yield _ending(error, position, context)
    except Exception:  # noqa: BLE001 - headers are out: the stream itself has to say it
        _log.exception("stream.failed")
        yield _ending(InternalError(), position, context)


async def _limited(
    batches: AsyncIterator[Sequence[StreamEvent]], streams: OpenStreams
) -> AsyncGenerator[tuple[bytes, str | None], None]:
    now = asyncio.get_running_loop().time
    options = streams.options
    ends_at = now() + options.max_length
    ping_at = now() + options.ping_every
    async for batch in batches:
        if batch:
            yield "".join(map(_frame, batch)).encode("utf-8", "replace"), batch[-1].id
            if batch[-1].type == "done":
                return
        if streams.is_closing:
            raise ProcessStopping
        moment = now()
        if moment >= ends_at:
            raise StreamTooLong
        if moment >= ping_at:
            ping_at = moment + options.ping_every
            yield PING, None


def _frame(event: StreamEvent) -> str:
    return f"id: {event.id}\r\nevent: {event.type}\r\ndata: {event.data}\r\n\r\n"


def _ending(error: DomainError, position: str, context: RequestContext) -> bytes:
    body = error_body(error, language=context.language, request_id=context.request_id)
    resumable = isinstance(error, Unavailable | StreamOverflow | StreamTooLong)
    data = orjson.dumps({**body, "resumable": resumable}).decode()
    events = (StreamEvent(position, "error", data), StreamEvent(position, "done", "{}"))
    return "".join(map(_frame, events)).encode()
