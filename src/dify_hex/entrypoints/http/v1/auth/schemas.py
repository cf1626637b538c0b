"""What signing in asks for and answers."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.account.change_password import ChangePasswordCommand
from dify_hex.application.account.log_in import LogInCommand
from dify_hex.application.account.log_out import LogOutCommand
from dify_hex.application.account.switch_tenant import SwitchTenantCommand
from dify_hex.application.account.tokens import Device, SignedIn
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.shared.ids import TenantId
from dify_hex.entrypoints.http.envelope import Schema

#: Longer than any password that is accepted, so that the rule itself can say what is wrong.
_Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class LoginRequest(Schema):
    """Who signs in."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] = Field(
        examples=["ada@example.com"]
    )
    password: _Password = Field(examples=["tall-green-river-17"])
    tenant_id: UUID | None = Field(
        None, description="The tenant to enter; without it the one joined first."
    )

    def to_command(self, device: Device) -> LogInCommand:
        return LogInCommand(
            email=self.email,
            password=self.password,
            device=device,
            tenant_id=None if self.tenant_id is None else TenantId(self.tenant_id),
        )


class LogoutRequest(Schema):
    """Which sessions end."""

    everywhere: bool = Field(False, description="Every session of the account, on every device.")

    def to_command(self) -> LogOutCommand:
        return LogOutCommand(everywhere=self.everywhere)


class SwitchTenantRequest(Schema):
    """Where to go on."""

    tenant_id: UUID

    def to_command(self, device: Device) -> SwitchTenantCommand:
        return SwitchTenantCommand(tenant_id=TenantId(self.tenant_id), device=device)


class ChangePasswordRequest(Schema):
    """The present password and the one that replaces it."""

    present_password: _Password
    new_password: _Password = Field(
        description="12 to 256 characters, hard to guess.", examples=["brisk-otter-sings-at-9"]
    )

    def to_command(self, device: Device) -> ChangePasswordCommand:
        return ChangePasswordCommand(
            present=self.present_password, wanted=self.new_password, device=device
        )


class TokenResponse(Schema):
    """An access token; the refresh token travels in a cookie that scripts cannot read."""

    access_token: str = Field(description="Send as `Authorization: Bearer …`.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.", examples=[900])
    account_id: UUID
    tenant_id: UUID
    role: Role

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            access_token=signed_in.access_token,
            token_type="Bearer",  # noqa: S106 - the scheme's name, not a password
            expires_in=signed_in.expires_in,
            account_id=signed_in.account_id,
            tenant_id=signed_in.tenant_id,
            role=signed_in.role,
        )
