"""An idempotency store in memory, with a clock that tests can turn."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dify_hex.application.shared.idempotency import (
    CLAIM_LASTS,
    KEPT_FOR,
    Claim,
    FirstAnswer,
    IdempotencyInProgress,
    IdempotencyKey,
    IdempotencyKeyReused,
    IdempotencyStore,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId

Place = tuple[TenantId, str, str, str]


@dataclass(slots=True, kw_only=True)
class Kept:
    """What is known of one key."""

    claim: Claim
    expires_at: datetime
    answer: FirstAnswer | None = None


class MemoryIdempotencyStore(IdempotencyStore):
    """Remembers within the process; `renewed` is set whenever a claim was renewed.

    `away` is raised by the next renewal, once; `absences` is how many of the next completions and
    releases find nobody.
    """

    def __init__(self) -> None:
        self.known: dict[Place, Kept] = {}
        self.renewed = asyncio.Event()
        self.away: Unavailable | None = None
        self.absences = 0
        self._now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by

    async def claim(self, key: IdempotencyKey) -> Claim | FirstAnswer:
        kept = self.known.get(_place(key))
        if kept is None or kept.expires_at <= self._now:
            claim = Claim(key=key, claimed_at=self._now)
            self.known[_place(key)] = Kept(claim=claim, expires_at=self._now + CLAIM_LASTS)
            return claim
        if kept.claim.key.fingerprint != key.fingerprint:
            raise IdempotencyKeyReused
        if kept.answer is None:
            raise IdempotencyInProgress
        return kept.answer

    async def renew(self, claim: Claim) -> bool:
        error, self.away = self.away, None
        if error is not None:
            raise error
        held = self._held(claim)
        if held is None:
            return False
        self.renewed.set()
        held.expires_at = self._now + CLAIM_LASTS
        return True

    async def complete(self, claim: Claim, answer: FirstAnswer) -> None:
        self._be_there()
        held = self._held(claim)
        if held is not None:
            held.answer, held.expires_at = answer, self._now + KEPT_FOR

    async def release(self, claim: Claim) -> None:
        self._be_there()
        if self._held(claim) is not None:
            del self.known[_place(claim.key)]

    def _be_there(self) -> None:
        if self.absences:
            self.absences -= 1
            raise Unavailable(dependency="database")

    def _held(self, claim: Claim) -> Kept | None:
        kept = self.known.get(_place(claim.key))
        return kept if kept is not None and kept.answer is None and kept.claim == claim else None


def _place(key: IdempotencyKey) -> Place:
    return key.tenant_id, key.caller, key.route, key.key
