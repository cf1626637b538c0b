"""The use case that tells a person who they are here."""

from dataclasses import dataclass

from dify_hex.application.account.people import person_behind
from dify_hex.application.account.ports import MemberReader, SignInDirectory
from dify_hex.application.account.read_models import Profile, TenantMembership
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """A person, what they may do in the present tenant, and where else they belong."""

    profile: Profile
    tenant_id: TenantId
    permissions: frozenset[Permission]
    tenants: tuple[TenantMembership, ...]


class GetMe:
    """Tell a person who they are.

    - Only people have an account; a machine is told so.
    - Other tenants are listed to their own member only.
    """

    def __init__(self, members: MemberReader, directory: SignInDirectory) -> None:
        self._members = members
        self._directory = directory

    async def execute(self, actor: Actor) -> Me:
        """Look oneself up.

        Raises:
            PeopleOnly: a machine asks.
            MemberNotFound: one has just been removed.
        """
        account_id = person_behind(actor).account_id
        return Me(
            profile=await self._members.get_profile(actor.tenant_id, account_id),
            tenant_id=actor.tenant_id,
            permissions=actor.permissions,
            tenants=await self._directory.tenants_of(account_id),
        )
