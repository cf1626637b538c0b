"""Password hashes with Argon2id, made and compared in threads."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from dify_hex.application.account.ports import PasswordCheck, PasswordHasher

#: OWASP's settings for Argon2id: about 25 ms and 19 MiB for each hash.
_TIME_COST = 2
_MEMORY_KIB = 19 * 1024
_PARALLELISM = 1
#: Hashes at once; more only make each other slower, and each takes its memory.
_THREADS = 2


class Argon2PasswordHasher(PasswordHasher):
    """Hashes in a small pool of threads of its own, so that sign-ins cannot starve other work."""

    def __init__(
        self, *, time_cost: int = _TIME_COST, memory_kib: int = _MEMORY_KIB, threads: int = _THREADS
    ) -> None:
        argon2 = Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=_PARALLELISM)
        self._hasher = PasswordHash((argon2,))
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._stand_in: str | None = None

    async def hash(self, password: str) -> str:
        return await self._run(password)

    async def verify(self, password: str, password_hash: str | None) -> PasswordCheck:
        loop = asyncio.get_running_loop()
        if password_hash is None:
            # Comparing with the hash of something nobody knows costs what comparing always costs.
            if self._stand_in is None:
                self._stand_in = await self._run(secrets.token_urlsafe())
            await loop.run_in_executor(self._threads, self._check, password, self._stand_in)
            return PasswordCheck(is_right=False)
        return await loop.run_in_executor(self._threads, self._check, password, password_hash)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False)

    async def _run(self, password: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password)

    def _check(self, password: str, password_hash: str) -> PasswordCheck:
        try:
            is_right, stronger = self._hasher.verify_and_update(password, password_hash)
        except UnknownHashError:
            return PasswordCheck(is_right=False)
        return PasswordCheck(is_right=is_right, stronger_hash=stronger)
