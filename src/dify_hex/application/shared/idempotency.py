"""Doing a request once, however often it is sent with the same key."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dify_hex.domain.shared.errors import Conflict
from dify_hex.domain.shared.ids import TenantId

#: How long a first answer is remembered.
KEPT_FOR = timedelta(hours=24)
#: How long a claim blocks the key unless it is renewed: its owner has died by then.
CLAIM_LASTS = timedelta(seconds=30)
#: How often a living owner renews its claim; a request may take far longer than a claim lasts.
RENEWED_EVERY = timedelta(seconds=5)


class IdempotencyKeyReused(Conflict):
    """This idempotency key was already used with another request."""

    code = "biz_idempotency_key_reused"


class IdempotencyInProgress(Conflict):
    """A request with this idempotency key is still being worked on."""

    code = "biz_idempotency_in_progress"
    #: Seconds after which asking again makes sense.
    retry_after = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """One key of one caller on one route.

    `fingerprint` is the hash of what is known of the request before it is worked on, and of one
    length always.
    """

    tenant_id: TenantId
    caller: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """What the first request with a key was answered.

    A stream is not stored: `stream_of` then names the message or run whose stream a repeated
    request joins from its beginning. `content` is the mark of a body that was read only while the
    request was worked on, so that it is no part of the fingerprint.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream_of: UUID | None = None
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to answer a key; `claimed_at`, by the store's clock, tells it from later ones."""

    key: IdempotencyKey
    claimed_at: datetime


class StreamClaims(Protocol):
    """Settles claims inside the transaction that begins what they are for."""

    @abstractmethod
    async def settle(self, claim: Claim, stream_of: UUID) -> None:
        """Whoever repeats the request joins this stream, from the commit on.

        Raises:
            IdempotencyInProgress: the claim was lost to somebody else, who is at it now.
        """


class IdempotencyStore(Protocol):
    """Remembers keys and first answers; commits on its own, apart from any unit of work."""

    @abstractmethod
    async def claim(self, key: IdempotencyKey) -> Claim | FirstAnswer:
        """Become the one who answers this key, or learn what was answered.

        A claim that was not renewed for `CLAIM_LASTS` and an answer older than `KEPT_FOR` count
        as absent.

        Raises:
            IdempotencyKeyReused: the key is known with another fingerprint.
            IdempotencyInProgress: someone else holds the claim.
            Unavailable: the store could not be reached.
        """

    @abstractmethod
    async def renew(self, claim: Claim) -> bool:
        """Let the claim last `CLAIM_LASTS` from now; False once it is somebody else's, or over.

        Raises:
            Unavailable: the store could not be reached.
        """

    @abstractmethod
    async def complete(self, claim: Claim, answer: FirstAnswer) -> None:
        """Keep the answer for those who ask again, unless the claim is somebody else's by now."""

    @abstractmethod
    async def release(self, claim: Claim) -> None:
        """Give the claim up unanswered, so that the next request may try.

        An answer, and the claim of somebody else, stay.
        """
