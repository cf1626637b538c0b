"""Members of a tenant on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.account.add_member import AddedMember, AddMemberCommand
from dify_hex.application.account.change_role import ChangeRoleCommand
from dify_hex.application.account.read_models import MemberSummary
from dify_hex.domain.account.account import AccountStatus, Language
from dify_hex.domain.account.names import MAX_NAME
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.shared.ids import AccountId
from dify_hex.entrypoints.http.envelope import Schema


class AddMemberRequest(Schema):
    """Who is to be added, as what."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] = Field(
        examples=["grace@example.com"]
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)] = Field(
        description="Used when an account has to be made.", examples=["Grace Hopper"]
    )
    role: Role
    language: Language = Language.ENGLISH

    def to_command(self) -> AddMemberCommand:
        return AddMemberCommand(
            email=self.email, name=self.name, role=self.role, language=self.language
        )


class ChangeRoleRequest(Schema):
    """What the member becomes."""

    role: Role

    def to_command(self, account_id: UUID, expected_version: int | None) -> ChangeRoleCommand:
        return ChangeRoleCommand(
            account_id=AccountId(account_id), role=self.role, expected_version=expected_version
        )


class MemberResponse(Schema):
    """A member of the tenant."""

    account_id: UUID
    email: str
    name: str
    role: Role
    status: AccountStatus
    joined_at: datetime
    version: int

    @classmethod
    def of(cls, member: MemberSummary) -> Self:
        return cls(
            account_id=member.account_id,
            email=member.email,
            name=member.name,
            role=member.role,
            status=member.status,
            joined_at=member.joined_at,
            version=member.version,
        )


class AddedMemberResponse(Schema):
    """The new member, and once only the link by which they choose a password."""

    account_id: UUID
    setup_path: str | None = Field(
        description="Pass it on; null for somebody who has an account, and when asked again.",
        examples=["/setup/once-3f…"],
    )
    setup_expires_at: datetime | None

    @classmethod
    def of(cls, added: AddedMember, *, with_link: bool = True) -> Self:
        has_link = with_link and added.link_token is not None
        return cls(
            account_id=added.account_id,
            setup_path=f"/setup/{added.link_token}" if has_link else None,
            setup_expires_at=added.link_expires_at,
        )
