"""`Idempotency-Key`: a POST that is sent twice is done once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope

from dify_hex.application.shared.idempotency import (
    RENEWED_EVERY,
    Claim,
    FirstAnswer,
    IdempotencyKey,
    IdempotencyKeyReused,
    IdempotencyStore,
)
from dify_hex.domain.shared.errors import InvalidInput, Unavailable
from dify_hex.domain.shared.ids import TenantId
from dify_hex.entrypoints.http.body_digest import BodyDigest, size_in

HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
_MAX_KEY_LENGTH = 255
#: Larger answers are not kept; the request may then be repeated, and is told so by nobody.
MAX_KEPT_BODY = 1 << 20
#: How long a request that is over waits for a store that is away, and how often it looks.
SETTLED_WITHIN = timedelta(seconds=30)
SETTLED_EVERY = timedelta(milliseconds=250)
_SCOPE_KEY = "dify_hex.idempotency"
#: The headers of a first answer that a repeated one carries too.
_KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag"})


_log = structlog.get_logger(__name__)


class InvalidIdempotencyKey(InvalidInput):
    """Idempotency-Key must be 1 to 255 printable ASCII characters."""

    code = "biz_invalid_idempotency_key"


class AlreadyAnswered(Exception):
    """The request repeats one whose answer is kept; raised to leave the route at once."""

    def __init__(self, answer: FirstAnswer) -> None:
        super().__init__("already answered")
        self.answer = answer


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One request that carries a key, from its claim to its answer."""

    store: IdempotencyStore
    #: None on a repeated request, which has nothing to answer.
    claim: Claim | None = None
    #: Set on a repeated request of a stream: join this message or run from its beginning.
    joins: UUID | None = None
    #: Set by a route that answers with a stream, so that a repeated request can join it.
    stream_of: UUID | None = None
    #: Set by a route whose answer shows a secret: the body that is kept in its place.
    kept_instead: bytes | None = None
    #: Of a body that the route reads as it comes.
    digest: BodyDigest | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    #: Renews the claim for as long as the answer is being made.
    renewal: asyncio.Task[None] | None = None
    #: What the store could not be told yet.
    owed: Callable[[], Awaitable[None]] | None = None

    def note(self, message: Message) -> None:
        """Take note of a part of the request on its way in."""
        if self.digest is not None and message["type"] == "http.request":
            is_last = not message.get("more_body", False)
            self.digest.feed(message.get("body", b""), is_last=is_last)

    async def observe(self, message: Message) -> None:
        """Take note of a part of the answer on its way out, and keep it once it is whole."""
        if self.claim is None:
            return
        if message["type"] == "http.response.start":
            await self._started(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if len(self.body) > MAX_KEPT_BODY:
                await self.give_up()
            elif not message.get("more_body", False):
                await self._keep()

    def note_settled(self) -> None:
        """The claim was settled already, in the transaction that it stood for."""
        self.claim = None
        self._renew_no_more()

    async def give_up(self) -> None:
        """Let the next request with this key try, because this one got no answer to keep."""
        await self._settle(self.store.release)

    async def end(self) -> None:
        """The request is over: leave nothing unsettled, if the store comes back in time."""
        await self.give_up()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLED_WITHIN.total_seconds()
        try:
            while self.owed is not None and loop.time() < deadline:
                await asyncio.sleep(SETTLED_EVERY.total_seconds())
                with suppress(Unavailable):
                    await self.owed()
                    self.owed = None
        finally:
            self._renew_no_more()

    async def _started(self, message: Message) -> None:
        self.status = message["status"]
        self.headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in message["headers"]
            if name.lower() in _KEPT_HEADERS
        }
        if not 200 <= self.status < 300:
            await self.give_up()
        elif self.stream_of is not None:
            await self._keep()

    async def _keep(self) -> None:
        answer = FirstAnswer(
            status=self.status,
            headers=self.headers,
            body=self._body_to_keep(),
            stream_of=self.stream_of,
            content=self._mark(),
        )

        async def keep(claim: Claim) -> None:
            await self.store.complete(claim, answer)

        await self._settle(keep)

    async def _settle(self, act: Callable[[Claim], Awaitable[None]]) -> None:
        """Do it once; a store that is away keeps nobody from the answer, and is told later."""
        claim, self.claim = self.claim, None
        if claim is None:
            return
        try:
            await act(claim)
        except Unavailable:
            _log.warning("idempotency.not_settled_yet", route=claim.key.route)
            self.owed = partial(act, claim)
        else:
            self._renew_no_more()

    def _mark(self) -> bytes:
        """Of the body, unless the route has answered before all of it was there."""
        return self.digest.mark() if self.digest is not None and self.digest.is_whole else b""

    def _renew_no_more(self) -> None:
        if self.renewal is not None:
            self.renewal.cancel()

    def _body_to_keep(self) -> bytes:
        if self.stream_of is not None:
            return b""
        return bytes(self.body) if self.kept_instead is None else self.kept_instead


async def begin_attempt(request: Request, *, tenant_id: TenantId, caller: str) -> None:
    """Claim the request's key, if it carries one.

    Raises:
        AlreadyAnswered: the same request was answered before.
        IdempotencyKeyReused: the key was used with another request.
        IdempotencyInProgress: the first request with the key has no answer yet.
        InvalidIdempotencyKey: the key cannot be one.
    """
    text = request.headers.get(HEADER)
    if text is None:
        return
    if not (0 < len(text) <= _MAX_KEY_LENGTH and text.isascii() and text.isprintable()):
        raise InvalidIdempotencyKey
    store: IdempotencyStore = request.app.state.idempotency
    comes_later = _comes_later(request)
    key = IdempotencyKey(
        tenant_id=tenant_id,
        caller=caller,
        route=f"{request.method} {request.url.path}",
        key=text,
        fingerprint=await _fingerprint(request, comes_later=comes_later),
    )
    found = await store.claim(key)
    if isinstance(found, Claim):
        renewal = asyncio.create_task(_renew(store, found), name="idempotency-claim")
        digest = _digest_for(request) if comes_later else None
        request.scope[_SCOPE_KEY] = Attempt(
            store=store, claim=found, renewal=renewal, digest=digest
        )
        return
    if found.content:
        await _compare(request, found.content)
    if found.stream_of is None:
        raise AlreadyAnswered(found)
    request.scope[_SCOPE_KEY] = Attempt(store=store, joins=found.stream_of)


def _comes_later(request: Request) -> bool:
    """Whether the route reads the body as it comes, so that it is not there yet."""
    facts = request.app.state.route_table.find(request.scope.get("endpoint"))
    kind = request.headers.get("content-type", "").encode()
    return facts is not None and facts.reads_as_it_comes(kind)


async def _fingerprint(request: Request, *, comes_later: bool) -> bytes:
    """Of what tells a request from another one with the same key: its query, and its body.

    Of a body that comes later there is only the length. What it held is compared afterwards.
    """
    length = request.headers.get("content-length", "").encode()
    body = length if comes_later else await request.body()
    query: bytes = request.scope["query_string"]
    return sha256(b"%d\n%b%b" % (len(query), query, body)).digest()


def _digest_for(request: Request) -> BodyDigest:
    return BodyDigest(request.headers.get("content-type", ""))


async def _compare(request: Request, mark: bytes) -> None:
    """Read the body, no further than the first one went, and hold it against that.

    Raises:
        IdempotencyKeyReused: it is another one.
    """
    digest = _digest_for(request)
    async for piece in request.stream():
        digest.feed(piece)
        if digest.size > size_in(mark):
            raise IdempotencyKeyReused
    digest.feed(b"", is_last=True)
    if digest.mark() != mark:
        raise IdempotencyKeyReused


async def _renew(store: IdempotencyStore, claim: Claim) -> None:
    """Hold the claim for as long as this process lives to answer it."""
    while True:
        await asyncio.sleep(RENEWED_EVERY.total_seconds())
        try:
            if not await store.renew(claim):
                _log.warning("idempotency.claim_lost", route=claim.key.route)
                return
        except Unavailable:
            _log.warning("idempotency.claim_not_renewed", route=claim.key.route)


def attempt_of(scope: Scope) -> Attempt | None:
    """The attempt that the request of this scope is, if it carries a key.

    A route that streams asks for it: `joins` is set when the stream to serve exists already, and
    the route sets `stream_of` when it has begun one.
    """
    found = scope.get(_SCOPE_KEY)
    return found if isinstance(found, Attempt) else None


def keep_instead(request: Request, response: Response) -> None:
    """For an answer that shows a secret: keep this one for those who repeat the request."""
    attempt = attempt_of(request.scope)
    if attempt is not None:
        attempt.kept_instead = bytes(response.body)


def replayed(answer: FirstAnswer) -> Response:
    """The first answer once more, marked as such."""
    response = Response(answer.body, answer.status, dict(answer.headers))
    response.headers[REPLAYED] = "true"
    return response
