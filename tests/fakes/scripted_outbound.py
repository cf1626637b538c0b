"""Other people's servers as a test has them: what they answer, and what they were asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dify_hex.application.shared.outbound_http import (
    Headers,
    OutboundHttp,
    OutboundRequest,
    OutboundResponse,
    OutboundStream,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.values.outbound_url import OutboundUrl


def an_answer(
    body: bytes = b"", *, status: int = 200, headers: Headers = (), url: str = "http://a.example/"
) -> OutboundResponse:
    """An answer of some server."""
    return OutboundResponse(status=status, headers=headers, body=body, url=url)


@dataclass(slots=True)
class ScriptedOutboundHttp(OutboundHttp):
    """Gives each request the next answer, or raises it; the last one for ever.

    Addresses are read as strictly as in earnest; bodies are read whole, and kept in `bodies`.
    """

    answers: list[OutboundResponse | DomainError] = field(default_factory=lambda: [an_answer()])
    asked: list[OutboundRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    #: Of how many bytes the parts of an answer are that is streamed.
    part_bytes: int = 7

    async def send(self, request: OutboundRequest) -> OutboundResponse:
        """The next answer."""
        OutboundUrl.parse(request.url)
        self.asked.append(request)
        self.bodies.append(await _whole(request))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, DomainError):
            raise answer
        return answer

    @asynccontextmanager
    async def stream(self, request: OutboundRequest) -> AsyncIterator[OutboundStream]:
        """The next answer, in parts of a few bytes."""
        answer = await self.send(request)
        yield OutboundStream(
            status=answer.status,
            headers=answer.headers,
            body=_parts(answer.body, self.part_bytes),
            url=answer.url,
        )


async def _whole(request: OutboundRequest) -> bytes:
    if request.body is None or isinstance(request.body, bytes):
        return request.body or b""
    return b"".join([part async for part in request.body.open()])


async def _parts(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
