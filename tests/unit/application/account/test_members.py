"""Who may bring in, change and take out whom; and the tenants themselves."""

from uuid import UUID

import pytest

from dify_hex.application.account.add_member import AddMemberCommand
from dify_hex.application.account.change_role import ChangeRoleCommand
from dify_hex.application.account.create_tenant import CreateTenantCommand
from dify_hex.application.account.get_me import GetMe
from dify_hex.application.account.open_link import OpenLinkCommand
from dify_hex.application.account.ports import MemberReader
from dify_hex.application.account.read_models import MemberSummary, Profile
from dify_hex.application.account.remove_member import RemoveMemberCommand
from dify_hex.application.account.rename_tenant import RenameTenantCommand
from dify_hex.application.account.set_password_by_link import SetPasswordByLinkCommand
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.account import Language
from dify_hex.domain.account.errors import (
    AccountVouchedElsewhere,
    AlreadyMember,
    InvalidEmail,
    LastOwner,
    LinkNotFound,
    LinkOver,
    LoginFailed,
    MemberNotFound,
    PeopleOnly,
    RoleAboveOwn,
    TenantFull,
    WeakPassword,
)
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.one_time_link import LinkPurpose
from dify_hex.domain.account.permissions import Permission, Role, permissions_of
from dify_hex.domain.account.tenant import Tenant, TenantLimits, TenantStatus
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AccountId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest
from tests.builders.account import (
    ADA,
    GRACE,
    NOW,
    TENANT,
    a_machine,
    a_membership,
    a_person,
    a_setup_link,
    a_tenant,
    an_account,
)
from tests.fakes.identity import Identity

OTHER = TenantId(UUID(int=77))
NEW_PASSWORD = "brisk-otter-sings-9"


def newcomer(role: Role = Role.EDITOR, email: str = "grace@example.com") -> AddMemberCommand:
    return AddMemberCommand(email=email, name="Grace", role=role)


async def test_a_newcomer_chooses_a_password_by_link_and_comes_in(owned: Identity) -> None:
    added = await owned.add_member.execute(a_person(), newcomer())
    assert added.link_token is not None
    with pytest.raises(LoginFailed):
        await owned.signs_in("grace@example.com", "")
    link = await owned.open_link.execute(OpenLinkCommand(token=added.link_token))
    assert (link.purpose, link.email) == (LinkPurpose.SET_PASSWORD, "grace@example.com")

    command = SetPasswordByLinkCommand(token=added.link_token, password=NEW_PASSWORD)
    await owned.set_password.execute(command)

    signed_in = await owned.signs_in("grace@example.com", NEW_PASSWORD)
    assert signed_in.role is Role.EDITOR
    with pytest.raises(LinkOver):
        await owned.set_password.execute(command)


async def test_a_weak_first_password_leaves_the_link_unspent(owned: Identity) -> None:
    added = await owned.add_member.execute(a_person(), newcomer())
    assert added.link_token is not None

    with pytest.raises(WeakPassword):
        await owned.set_password.execute(
            SetPasswordByLinkCommand(token=added.link_token, password="short")
        )

    await owned.open_link.execute(OpenLinkCommand(token=added.link_token))


async def test_the_link_of_a_newcomer_who_was_removed_opens_nothing(owned: Identity) -> None:
    added = await owned.add_member.execute(a_person(), newcomer())
    assert added.link_token is not None
    await owned.remove_member.execute(a_person(), RemoveMemberCommand(account_id=added.account_id))

    with pytest.raises(MemberNotFound):
        await owned.set_password.execute(
            SetPasswordByLinkCommand(token=added.link_token, password=NEW_PASSWORD)
        )


async def test_a_set_up_link_sets_no_password(owned: Identity) -> None:
    await owned.given(links=[a_setup_link(token="once-setup")])

    for token in ("once-setup", "once-nothing"):
        with pytest.raises(LinkNotFound):
            await owned.set_password.execute(
                SetPasswordByLinkCommand(token=token, password=NEW_PASSWORD)
            )


async def given_grace_elsewhere(owned: Identity, *others: Membership) -> None:
    """Grace has an account that another tenant made, and these are in that tenant too."""
    await owned.given(
        tenants=[a_tenant(id=OTHER, name="Elsewhere")],
        accounts=[an_account(id=GRACE, email="grace@example.com")],
        memberships=[a_membership(Role.EDITOR, account_id=GRACE, tenant_id=OTHER), *others],
    )


async def test_who_has_an_account_is_added_without_a_link(owned: Identity) -> None:
    await given_grace_elsewhere(owned, a_membership(Role.ADMIN, tenant_id=OTHER))

    added = await owned.add_member.execute(a_person(), newcomer())

    assert (added.account_id, added.link_token, added.link_expires_at) == (GRACE, None, None)
    assert owned.role_of(GRACE) is Role.EDITOR


async def test_an_account_that_strangers_made_does_not_come_in(owned: Identity) -> None:
    await given_grace_elsewhere(owned)

    with pytest.raises(AccountVouchedElsewhere):
        await owned.add_member.execute(a_person(), newcomer())

    assert owned.role_of(GRACE) is None


async def test_being_in_the_other_tenant_is_not_enough_to_vouch_for_its_accounts(
    owned: Identity,
) -> None:
    await given_grace_elsewhere(owned, a_membership(Role.EDITOR, tenant_id=OTHER))

    with pytest.raises(AccountVouchedElsewhere):
        await owned.add_member.execute(a_person(), newcomer())


async def test_an_account_that_its_makers_have_dropped_stays_a_stranger(owned: Identity) -> None:
    await owned.given(accounts=[an_account(id=GRACE, email="grace@example.com")])

    with pytest.raises(AccountVouchedElsewhere):
        await owned.add_member.execute(a_person(), newcomer())


async def test_a_machine_vouches_for_nobody(owned: Identity) -> None:
    await given_grace_elsewhere(owned, a_membership(Role.OWNER, tenant_id=OTHER))
    machine = a_machine(*permissions_of(Role.ADMIN))

    with pytest.raises(AccountVouchedElsewhere):
        await owned.add_member.execute(machine, newcomer())


async def test_who_was_taken_out_of_the_tenant_that_made_them_can_come_back(
    owned: Identity,
) -> None:
    made = await owned.add_member.execute(a_person(), newcomer())
    await owned.remove_member.execute(a_person(), RemoveMemberCommand(account_id=made.account_id))

    again = await owned.add_member.execute(a_person(), newcomer(Role.VIEWER))

    assert again.account_id == made.account_id
    assert owned.role_of(made.account_id) is Role.VIEWER


async def test_nobody_is_added_twice(owned: Identity) -> None:
    await owned.add_member.execute(a_person(), newcomer())

    with pytest.raises(AlreadyMember):
        await owned.add_member.execute(a_person(), newcomer(email="GRACE@example.com"))


async def test_an_admin_adds_admins_and_no_owner(owned: Identity) -> None:
    admin = a_person(Role.ADMIN, account_id=GRACE)

    await owned.add_member.execute(admin, newcomer(Role.ADMIN))
    with pytest.raises(RoleAboveOwn):
        await owned.add_member.execute(admin, newcomer(Role.OWNER, "owner@example.com"))


async def test_what_is_no_address_is_refused(owned: Identity) -> None:
    with pytest.raises(InvalidEmail):
        await owned.add_member.execute(a_person(), newcomer(email="grace"))


async def test_a_full_tenant_takes_nobody(identity: Identity) -> None:
    full = Tenant(
        id=TENANT,
        name="Small",
        slug="small",
        status=TenantStatus.ACTIVE,
        limits=TenantLimits(members=1, api_keys=1),
        created_at=NOW,
        updated_at=NOW,
        version=0,
    )
    full.rename("Smaller", now=NOW)
    await identity.given(
        tenants=[full], accounts=[an_account()], memberships=[a_membership(Role.OWNER)]
    )

    with pytest.raises(TenantFull):
        await identity.add_member.execute(a_person(), newcomer())


async def test_only_who_may_change_members_does(owned: Identity) -> None:
    editor = a_person(Role.EDITOR)

    with pytest.raises(PermissionDenied):
        await owned.add_member.execute(editor, newcomer())
    with pytest.raises(PermissionDenied):
        await owned.change_role.execute(editor, ChangeRoleCommand(account_id=ADA, role=Role.VIEWER))
    with pytest.raises(PermissionDenied):
        await owned.remove_member.execute(editor, RemoveMemberCommand(account_id=ADA))


async def test_a_key_with_the_scope_changes_members_up_to_its_own_scopes(owned: Identity) -> None:
    await owned.given_member(GRACE, Role.VIEWER)
    machine = a_machine(Permission.MEMBER_WRITE)

    with pytest.raises(RoleAboveOwn):
        await owned.change_role.execute(
            machine, ChangeRoleCommand(account_id=GRACE, role=Role.EDITOR)
        )


async def test_a_changed_role_is_told(owned: Identity) -> None:
    await owned.given_member(GRACE, Role.VIEWER)

    await owned.change_role.execute(
        a_person(), ChangeRoleCommand(account_id=GRACE, role=Role.ADMIN, expected_version=1)
    )

    assert owned.role_of(GRACE) is Role.ADMIN
    assert owned.database.events_named("member.role_changed")


async def test_a_role_read_too_long_ago_is_not_changed(owned: Identity) -> None:
    await owned.given_member(GRACE, Role.VIEWER)

    with pytest.raises(StaleVersion):
        await owned.change_role.execute(
            a_person(), ChangeRoleCommand(account_id=GRACE, role=Role.ADMIN, expected_version=7)
        )


async def test_the_last_owner_stays(owned: Identity) -> None:
    with pytest.raises(LastOwner):
        await owned.change_role.execute(
            a_person(), ChangeRoleCommand(account_id=ADA, role=Role.ADMIN)
        )
    with pytest.raises(LastOwner):
        await owned.remove_member.execute(a_person(), RemoveMemberCommand(account_id=ADA))
    assert owned.role_of(ADA) is Role.OWNER


async def test_somebody_who_is_no_member_can_be_neither_changed_nor_removed(
    owned: Identity,
) -> None:
    with pytest.raises(MemberNotFound):
        await owned.change_role.execute(
            a_person(), ChangeRoleCommand(account_id=GRACE, role=Role.ADMIN)
        )
    with pytest.raises(MemberNotFound):
        await owned.remove_member.execute(a_person(), RemoveMemberCommand(account_id=GRACE))


async def test_a_removed_member_is_told(owned: Identity) -> None:
    await owned.given_member(GRACE, Role.VIEWER)

    await owned.remove_member.execute(a_person(), RemoveMemberCommand(account_id=GRACE))

    assert owned.role_of(GRACE) is None
    assert owned.database.events_named("member.removed")


async def test_an_owner_opens_another_tenant_and_owns_it(owned: Identity) -> None:
    tenant_id = await owned.create_tenant.execute(a_person(), CreateTenantCommand(name="Second"))

    assert owned.role_of(ADA, tenant_id) is Role.OWNER
    assert [tenant.name for tenant in await owned.directory.tenants_of(ADA)] == [
        "Analytical Engines",
        "Second",
    ]


async def test_neither_an_admin_nor_a_machine_opens_tenants(owned: Identity) -> None:
    with pytest.raises(PermissionDenied):
        await owned.create_tenant.execute(a_person(Role.ADMIN), CreateTenantCommand(name="Second"))
    with pytest.raises(PeopleOnly):
        await owned.create_tenant.execute(a_machine(*Permission), CreateTenantCommand(name="No"))


async def test_an_owner_renames_the_tenant_as_it_was_read(owned: Identity) -> None:
    with pytest.raises(StaleVersion):
        await owned.rename_tenant.execute(
            a_person(), RenameTenantCommand(name="Second", expected_version=9)
        )
    with pytest.raises(PermissionDenied):
        await owned.rename_tenant.execute(a_person(Role.ADMIN), RenameTenantCommand(name="Second"))

    await owned.rename_tenant.execute(a_person(), RenameTenantCommand(name="Second"))

    assert [tenant.name for tenant in owned.database.all(Tenant)] == ["Second"]


class OneProfile(MemberReader):
    """Knows one member."""

    async def list_members(self, tenant_id: TenantId, page: PageRequest) -> Page[MemberSummary]:
        raise NotImplementedError

    async def get_member(self, tenant_id: TenantId, account_id: AccountId) -> MemberSummary:
        raise NotImplementedError

    async def get_profile(self, tenant_id: TenantId, account_id: AccountId) -> Profile:
        return Profile(
            account_id=account_id,
            email="ada@example.com",
            name="Ada",
            language=Language.ENGLISH,
            role=Role.OWNER,
            created_at=NOW,
        )


async def test_a_person_is_told_who_they_are_and_a_machine_that_it_is_none(
    owned: Identity,
) -> None:
    get_me = GetMe(OneProfile(), owned.directory)

    me = await get_me.execute(a_person())

    assert (me.profile.account_id, me.tenant_id) == (ADA, TENANT)
    assert Permission.TENANT_WRITE in me.permissions
    assert [tenant.tenant_id for tenant in me.tenants] == [TENANT]
    with pytest.raises(PeopleOnly):
        await get_me.execute(a_machine())
