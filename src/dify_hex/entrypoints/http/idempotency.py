"""`Idempotency-Key`: a POST that is sent twice is done once."""

import asyncio
from dataclasses import dataclass, field
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
    IdempotencyStore,
)
from dify_hex.domain.shared.errors import InvalidInput, Unavailable
from dify_hex.domain.shared.ids import TenantId

HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
_MAX_KEY_LENGTH = 255
#: Larger answers are not kept; the request may then be repeated, and is told so by nobody.
MAX_KEPT_BODY = 1 << 20
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
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    #: Renews the claim for as long as the answer is being made.
    renewal: asyncio.Task[None] | None = None

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

    async def give_up(self) -> None:
        """Let the next request with this key try, because this one got no answer to keep."""
        claim = self._settle()
        if claim is not None:
            await self.store.release(claim)

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
        claim = self._settle()
        if claim is None:
            return
        answer = FirstAnswer(
            status=self.status,
            headers=self.headers,
            body=self._body_to_keep(),
            stream_of=self.stream_of,
        )
        await self.store.complete(claim, answer)

    def _settle(self) -> Claim | None:
        """The claim, the first time; from then on it is neither renewed nor settled again."""
        if self.renewal is not None:
            self.renewal.cancel()
        claim, self.claim = self.claim, None
        return claim

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
    key = IdempotencyKey(
        tenant_id=tenant_id,
        caller=caller,
        route=f"{request.method} {request.url.path}",
        key=text,
        fingerprint=sha256(await request.body()).digest(),
    )
    found = await store.claim(key)
    if isinstance(found, Claim):
        renewal = asyncio.create_task(_renew(store, found), name="idempotency-claim")
        request.scope[_SCOPE_KEY] = Attempt(store=store, claim=found, renewal=renewal)
    elif found.stream_of is None:
        raise AlreadyAnswered(found)
    else:
        request.scope[_SCOPE_KEY] = Attempt(store=store, joins=found.stream_of)


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
