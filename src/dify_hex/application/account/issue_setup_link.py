"""The use case that lets the first owner in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dify_hex.application.account.ports import AccountWork
from dify_hex.application.account.secret_texts import hash_of, new_link_token
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.errors import AlreadySetUp
from dify_hex.domain.account.one_time_link import OneTimeLink
from dify_hex.domain.shared.ids import OneTimeLinkId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupLink:
    """A secret that opens the set-up page once."""

    token: str
    expires_at: datetime


class IssueSetupLink:
    """Make a link by which somebody becomes the first owner.

    - There is no actor yet: whoever runs commands on the machine may do this, and nobody else.
    - It is refused once there is a tenant.
    - The link works once, and only until it expires; only a hash of it is stored.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock, *, lifetime: timedelta) -> None:
        self._begin = begin
        self._clock = clock
        self._lifetime = lifetime

    async def execute(self) -> SetupLink:
        """Make one.

        Raises:
            AlreadySetUp: there is a tenant already.
        """
        token = new_link_token()
        # The tenant that is going to be founded gets its id here, so that the link has a place.
        tenant_id = TenantId(new_id())
        async with self._begin(tenant_id) as work:
            if not await work.tenants.is_first():
                raise AlreadySetUp
            link = OneTimeLink.for_set_up(
                id=OneTimeLinkId(new_id()),
                tenant_id=tenant_id,
                token_hash=hash_of(token),
                lifetime=self._lifetime,
                now=self._clock.now(),
            )
            work.one_time_links.add(link)
            await work.commit()
        return SetupLink(token=token, expires_at=link.expires_at)
