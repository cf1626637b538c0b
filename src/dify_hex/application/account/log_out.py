"""The use case that ends sessions."""

from dataclasses import dataclass

from dify_hex.application.account.people import person_behind
from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOutCommand:
    """`everywhere` ends all sessions of the account, in every tenant and on every device."""

    everywhere: bool = False


class LogOut:
    """End the present session, or all of the account's.

    - Only people have sessions; a key is revoked instead.
    - Access tokens of an ended session are refused from then on.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: LogOutCommand) -> None:
        """End them.

        Raises:
            PeopleOnly: a machine asks.
            SessionEnded: the session is not there any more.
        """
        person = person_behind(actor)
        now = self._clock.now()
        async with self._begin(actor.tenant_id) as work:
            session = await work.sessions.get(person.session_id)
            session.revoke(now=now)
            if command.everywhere:
                account = await work.accounts.get(person.account_id)
                account.log_out_everywhere(tenant_id=actor.tenant_id, now=now)
            await work.commit()
