"""The routes of a tenant's members."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.account.add_member import AddMember
from dify_hex.application.account.change_role import ChangeRole
from dify_hex.application.account.ports import MemberReader
from dify_hex.application.account.remove_member import RemoveMember, RemoveMemberCommand
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.errors import (
    AccountVouchedElsewhere,
    AlreadyMember,
    EmailTaken,
    InvalidEmail,
    InvalidName,
    LastOwner,
    MemberNotFound,
    RoleAboveOwn,
    TenantFull,
)
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AccountId
from dify_hex.domain.shared.paging import PageRequest
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    PageEnvelope,
    created,
    no_content,
    ok,
    page_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.idempotency import keep_instead
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import Paging
from dify_hex.entrypoints.http.preconditions import ExpectedVersion
from dify_hex.entrypoints.http.v1.members.schemas import (
    AddedMemberResponse,
    AddMemberRequest,
    ChangeRoleRequest,
    MemberResponse,
)

router = APIRouter(prefix="/v1/members", tags=["Members"])


@router.get("", response_model=PageEnvelope[MemberResponse])
async def list_members(
    actor: Annotated[Actor, Requires(Permission.MEMBER_READ)],
    reader: Annotated[MemberReader, Inject(MemberReader)],
    page: Annotated[PageRequest, Paging(sortable=("joined_at",), default="joined_at")],
) -> Response:
    """Members of the tenant, in the order in which they joined."""
    found = await reader.list_members(actor.tenant_id, page)
    return page_of(found, map(MemberResponse.of, found.items))


@router.post(
    "",
    status_code=201,
    response_model=Envelope[AddedMemberResponse],
    responses=errors(
        AlreadyMember,
        AccountVouchedElsewhere,
        EmailTaken,
        TenantFull,
        RoleAboveOwn,
        InvalidEmail,
        InvalidName,
    ),
)
async def add_member(
    request: Request,
    body: AddMemberRequest,
    actor: Annotated[Actor, Requires(Permission.MEMBER_WRITE, idempotent=True)],
    use_case: Annotated[AddMember, Inject(AddMember)],
) -> Response:
    """Add somebody; a new account comes with a one-time link to choose a password."""
    added = await use_case.execute(actor, body.to_command())
    location = f"/v1/members/{added.account_id}"
    keep_instead(
        request, created(AddedMemberResponse.of(added, with_link=False), location=location)
    )
    return created(AddedMemberResponse.of(added), location=location)


@router.get(
    "/{account_id}", response_model=Envelope[MemberResponse], responses=errors(MemberNotFound)
)
async def show_member(
    account_id: UUID,
    actor: Annotated[Actor, Requires(Permission.MEMBER_READ)],
    reader: Annotated[MemberReader, Inject(MemberReader)],
) -> Response:
    """One member."""
    member = await reader.get_member(actor.tenant_id, AccountId(account_id))
    return ok(MemberResponse.of(member), version=member.version)


@router.patch(
    "/{account_id}",
    response_model=Envelope[MemberResponse],
    responses=errors(MemberNotFound, RoleAboveOwn, LastOwner),
)
async def change_role(
    account_id: UUID,
    body: ChangeRoleRequest,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.MEMBER_WRITE)],
    use_case: Annotated[ChangeRole, Inject(ChangeRole)],
    reader: Annotated[MemberReader, Inject(MemberReader)],
) -> Response:
    """Give a member another role, from their next request on."""
    await use_case.execute(actor, body.to_command(account_id, expected))
    member = await reader.get_member(actor.tenant_id, AccountId(account_id))
    return ok(MemberResponse.of(member), version=member.version)


@router.delete(
    "/{account_id}",
    status_code=204,
    responses=errors(MemberNotFound, RoleAboveOwn, LastOwner, StaleVersion),
)
async def remove_member(
    account_id: UUID,
    actor: Annotated[Actor, Requires(Permission.MEMBER_WRITE)],
    use_case: Annotated[RemoveMember, Inject(RemoveMember)],
) -> Response:
    """Take a member out; their sessions in the tenant are over at once."""
    await use_case.execute(actor, RemoveMemberCommand(account_id=AccountId(account_id)))
    return no_content()
