"""What a request says about the stream it wants: from where on, and in how much detail."""

from typing import Annotated

from fastapi import Depends, Header, Query

from dify_hex.application.workflow.stream_position import StreamDetail, StreamPosition
from dify_hex.entrypoints.http.problems import ProtocolProblem


class MalformedStreamPosition(ProtocolProblem):
    """Last-Event-ID and after must be the id of an event, such as 12.3."""

    code = "stream_malformed_position"


async def _position(
    last_event_id: Annotated[
        str | None, Header(max_length=64, description="The id of the last event seen.")
    ] = None,
    after: Annotated[
        str | None,
        Query(max_length=64, description="The same, for clients that cannot set headers."),
    ] = None,
) -> StreamPosition | None:
    text = last_event_id or after
    if not text:
        return None
    try:
        return StreamPosition.parse(text)
    except ValueError as error:
        raise MalformedStreamPosition from error


async def _detail(
    detail: Annotated[
        StreamDetail, Query(description="`nodes` shows the events of nodes too.")
    ] = StreamDetail.MESSAGES,
) -> StreamDetail:
    return detail


#: Where the client has left the stream; None to begin.
After = Annotated[StreamPosition | None, Depends(_position)]
Detail = Annotated[StreamDetail, Depends(_detail)]
