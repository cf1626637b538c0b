"""First answers in PostgreSQL, so that they outlive processes and caches."""

from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import text

from dify_hex.adapters.persistence.doubt import ask_until_known
from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.shared.idempotency import (
    CLAIM_LASTS,
    KEPT_FOR,
    Claim,
    FirstAnswer,
    IdempotencyInProgress,
    IdempotencyKey,
    IdempotencyKeyReused,
    IdempotencyStore,
    StreamClaims,
)
from dify_hex.domain.shared.errors import Unavailable

#: Claims a key that is new or over; nobody else's claim or answer is touched.
_CLAIM = """
INSERT INTO idempotency_keys (tenant_id, caller, route, key, fingerprint, expires_at)
VALUES ($1, $2, $3, $4, $5, now() + $6::interval)
ON CONFLICT (tenant_id, caller, route, key) DO UPDATE
SET fingerprint = excluded.fingerprint, claimed_at = now(), expires_at = excluded.expires_at,
    status = NULL, headers = NULL, body = NULL, stream_of = NULL
WHERE idempotency_keys.expires_at <= now()
RETURNING claimed_at
"""
_READ = """
SELECT fingerprint, status, headers, body, stream_of FROM idempotency_keys
WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4
"""
#: The next three touch the claim they are given only: one that was taken by somebody else after
#: it had ended has another `claimed_at`.
_RENEW = """
UPDATE idempotency_keys SET expires_at = now() + $6::interval
WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4 AND claimed_at = $5
  AND status IS NULL
RETURNING true
"""
_COMPLETE = """
UPDATE idempotency_keys
SET status = $6, headers = $7, body = $8, stream_of = $9, expires_at = now() + $10::interval,
    fingerprint = fingerprint || $11::bytea
WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4 AND claimed_at = $5
  AND status IS NULL
"""
_SETTLE = text("""
UPDATE idempotency_keys
SET status = 200, headers = '{}', body = '', stream_of = :stream_of,
    expires_at = now() + CAST(:kept_for AS interval)
WHERE tenant_id = :tenant_id AND caller = :caller AND route = :route AND key = :key
  AND claimed_at = :claimed_at AND status IS NULL
RETURNING true
""")
_RELEASE = """
DELETE FROM idempotency_keys
WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4 AND claimed_at = $5
  AND status IS NULL
"""
_SWEEP = "DELETE FROM idempotency_keys WHERE expires_at < now()"


class SqlIdempotencyStore(IdempotencyStore):
    """One short transaction per call, on a bare pool of the application's role."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim(self, key: IdempotencyKey) -> Claim | FirstAnswer:
        """Become the one who answers, or learn what was answered."""
        claimed_at: datetime | None = None
        row: asyncpg.Record | None = None
        try:
            async with tenant_connection(self._pool, key.tenant_id) as connection:
                claimed_at = await connection.fetchval(
                    _CLAIM, *_where(key), key.fingerprint, CLAIM_LASTS
                )
                if claimed_at is None:
                    row = await connection.fetchrow(_READ, *_where(key))
        except Unavailable:
            if claimed_at is None:
                raise
            # The answer to the commit was lost: nobody else may claim it until this is known.
            doubtful = Claim(key=key, claimed_at=claimed_at)
            if not await ask_until_known(partial(self.renew, doubtful)):
                raise
        if claimed_at is not None:
            return Claim(key=key, claimed_at=claimed_at)
        return _first_answer(row, key)

    async def renew(self, claim: Claim) -> bool:
        """Let the claim last on, if it is still held."""
        async with tenant_connection(self._pool, claim.key.tenant_id) as connection:
            held = await connection.fetchval(
                _RENEW, *_where(claim.key), claim.claimed_at, CLAIM_LASTS
            )
        return held is not None

    async def complete(self, claim: Claim, answer: FirstAnswer) -> None:
        """Keep the answer for those who ask again."""
        async with tenant_connection(self._pool, claim.key.tenant_id) as connection:
            await connection.execute(
                _COMPLETE,
                *_where(claim.key),
                claim.claimed_at,
                answer.status,
                orjson.dumps(dict(answer.headers)).decode(),
                answer.body,
                answer.stream_of,
                KEPT_FOR,
                # Behind the fingerprint, as more of what the request was.
                answer.content,
            )

    async def release(self, claim: Claim) -> None:
        """Give the claim up unanswered."""
        async with tenant_connection(self._pool, claim.key.tenant_id) as connection:
            await connection.execute(_RELEASE, *_where(claim.key), claim.claimed_at)


class SqlStreamClaims(StreamClaims):
    """Claims of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def settle(self, claim: Claim, stream_of: UUID) -> None:
        """Keep the stream as the answer, unless the claim is somebody else's by now."""
        key = claim.key
        settled = await self._scope.session.scalar(
            _SETTLE,
            {
                "tenant_id": key.tenant_id,
                "caller": key.caller,
                "route": key.route,
                "key": key.key,
                "claimed_at": claim.claimed_at,
                "stream_of": stream_of,
                "kept_for": KEPT_FOR,
            },
        )
        if settled is None:
            raise IdempotencyInProgress


async def forget_expired_keys(system_pool: asyncpg.Pool) -> None:
    """Delete claims and answers that are over; the scheduler calls it now and then."""
    with translating():
        await system_pool.execute(_SWEEP)


def _first_answer(row: asyncpg.Record | None, key: IdempotencyKey) -> FirstAnswer:
    if row is None:
        # It was released between the two statements: whoever asks again gets the claim.
        raise IdempotencyInProgress
    if not row["fingerprint"].startswith(key.fingerprint):
        raise IdempotencyKeyReused
    if row["status"] is None:
        raise IdempotencyInProgress
    return FirstAnswer(
        status=row["status"],
        headers=orjson.loads(row["headers"]),
        body=row["body"],
        stream_of=row["stream_of"],
        content=row["fingerprint"][len(key.fingerprint) :],
    )


def _where(key: IdempotencyKey) -> tuple[object, str, str, str]:
    return key.tenant_id, key.caller, key.route, key.key
