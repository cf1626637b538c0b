"""How often someone may try to sign in as somebody, before anything is looked up."""

from hashlib import sha256

from dify_hex.application.shared.rate_limiter import Bucket, RateLimiter
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.shared.errors import LimitReached, Unavailable


class TooManyTries(LimitReached):
    """Too many tries to sign in; wait a while."""

    code = "auth_too_many_tries"


class SignInLimits:
    """Counts tries by e-mail, whether or not an account stands behind it.

    Limits by address stand before this, where the protocol comes in. While the store of the
    counters is away everybody passes: nobody should be locked out by that, and the lock of the
    account itself does not depend on it.
    """

    def __init__(self, limiter: RateLimiter, *, burst: int, per_second: float) -> None:
        self._limiter = limiter
        self._burst = burst
        self._per_second = per_second

    async def take(self, email: EmailAddress) -> None:
        """Count one try.

        Raises:
            TooManyTries: there were too many for this e-mail.
        """
        # The store of the counters need not know who signs in here.
        digest = sha256(email.text.encode()).hexdigest()[:32]
        bucket = Bucket(
            name=f"sign-in-as:{digest}",
            capacity=self._burst,
            refill_per_second=self._per_second,
        )
        try:
            allowance = await self._limiter.take(bucket)
        except Unavailable:
            return
        if not allowance.allowed:
            raise TooManyTries(retry_after=allowance.retry_after)
