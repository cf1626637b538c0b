"""Answers a request with the event stream of a run."""

import asyncio
from typing import Any

import anyio
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.application.workflow.stream_position import StreamDetail, StreamPosition
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.request_context import current_request
from dify_hex.entrypoints.http.streaming.frames import frames
from dify_hex.entrypoints.http.streaming.open_streams import OpenStreams
from dify_hex.entrypoints.http.streaming.parameters import MalformedStreamPosition

_EXAMPLE = """\
id: 2.0
event: message.started
data: {"message_id":"019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de"}

id: 4.1
event: message.delta
data: {"text":"Hello"}

id: 9.0
event: run.succeeded
data: {"outputs":{}}

id: 9.0
event: done
data: {}

"""

#: OpenAPI `responses` of a route that answers with a stream.
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events of the run; `done` is the last. Resume with Last-Event-ID.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    },
    **errors(MalformedStreamPosition),
}


class RunStreamResponse(EventSourceResponse):
    """Sends ready-made frames until they end or the client leaves.

    Pings and the process's end are part of the frames, so a stream needs one task beside its
    request's own instead of the library's four: with thousands of readers that is what they cost.
    """

    #: When the event that is being sent was begun, by the loop's clock; None between two events.
    _sending_since: float | None = None
    _timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        del scope
        async with anyio.create_task_group() as group:
            group.start_soon(self._leave_with_client, receive, group.cancel_scope)
            self._watch_sending(group.cancel_scope)
            try:
                await self._stream_response(send)
            finally:
                self._stop_watching()
            group.cancel_scope.cancel()

    async def _send_with_timeout(self, send: Send, message: Message) -> None:
        """Send; how long that takes is watched from outside: a limit for each event costs CPU."""
        self._sending_since = asyncio.get_running_loop().time()
        await send(message)
        self._sending_since = None

    def _watch_sending(self, streaming: anyio.CancelScope) -> None:
        """End the stream of a client that has taken nothing for so long that it must be gone."""
        if self.send_timeout is None:
            return
        loop = asyncio.get_running_loop()
        since = loop.time() if self._sending_since is None else self._sending_since
        left = since + self.send_timeout - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._watch_sending, streaming)
        else:
            self.active = False
            streaming.cancel()

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def _leave_with_client(self, receive: Receive, streaming: anyio.CancelScope) -> None:
        await self._listen_for_disconnect(receive)
        streaming.cancel()


def stream_run(
    request: Request,
    follow: FollowRun,
    tenant_id: TenantId,
    run_id: WorkflowRunId,
    *,
    after: StreamPosition | None = None,
    detail: StreamDetail = StreamDetail.MESSAGES,
) -> RunStreamResponse:
    """The run's events, from its beginning or after a position; the caller may read the run."""
    streams: OpenStreams = request.app.state.streams
    batches = follow.execute(tenant_id, run_id, after=after, detail=detail)
    return RunStreamResponse(
        frames(batches, streams, current_request()),
        headers={"cache-control": "no-cache, no-store"},
        send_timeout=streams.options.send_timeout,
    )
