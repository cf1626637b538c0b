"""Who may make whom what, and why there is always an owner."""

import pytest

from dify_hex.domain.account.errors import LastOwner, RoleAboveOwn
from dify_hex.domain.account.events import MemberAdded, MemberRemoved, MembershipRoleChanged
from dify_hex.domain.account.membership import Membership, require_rank
from dify_hex.domain.account.permissions import Role, permissions_of
from tests.builders.account import (
    ADA,
    ADMIN_PERMISSIONS,
    GRACE,
    LATER,
    NOW,
    OWNER_PERMISSIONS,
    TENANT,
    a_membership,
)


def test_a_founder_is_an_owner() -> None:
    membership = Membership.found(tenant_id=TENANT, account_id=ADA, now=NOW)

    assert membership.role is Role.OWNER
    (added,) = membership.pull_events()
    assert isinstance(added, MemberAdded)
    assert (added.account_id, added.role, added.added_by) == (ADA, Role.OWNER, ADA)


def test_an_admin_cannot_add_an_owner() -> None:
    with pytest.raises(RoleAboveOwn):
        Membership.create(
            tenant_id=TENANT,
            account_id=GRACE,
            role=Role.OWNER,
            granted=ADMIN_PERMISSIONS,
            added_by=ADA,
            now=NOW,
        )


@pytest.mark.parametrize("own", list(Role))
def test_everybody_ranks_as_high_as_themselves_and_nobody_above(own: Role) -> None:
    roles = [Role.VIEWER, Role.OPERATOR, Role.EDITOR, Role.ADMIN, Role.OWNER]
    rank = roles.index(own)

    require_rank(permissions_of(own), *roles[: rank + 1])
    for above in roles[rank + 1 :]:
        with pytest.raises(RoleAboveOwn):
            require_rank(permissions_of(own), above)


def test_a_role_is_changed_and_the_change_is_told() -> None:
    membership = a_membership(Role.VIEWER, account_id=GRACE)
    membership.pull_events()

    membership.change_role(Role.EDITOR, granted=ADMIN_PERMISSIONS, by=ADA, owners=1, now=LATER)

    assert (membership.role, membership.updated_at) == (Role.EDITOR, LATER)
    assert membership.pull_events() == (
        MembershipRoleChanged(
            tenant_id=TENANT,
            occurred_at=LATER,
            account_id=GRACE,
            old_role=Role.VIEWER,
            new_role=Role.EDITOR,
            changed_by=ADA,
        ),
    )


def test_the_present_role_again_changes_nothing() -> None:
    membership = a_membership(Role.OWNER)
    membership.pull_events()

    membership.change_role(Role.OWNER, granted=OWNER_PERMISSIONS, by=ADA, owners=1, now=LATER)

    assert membership.pull_events() == ()


def test_an_admin_can_neither_make_nor_unmake_an_owner() -> None:
    for role, wanted in ((Role.VIEWER, Role.OWNER), (Role.OWNER, Role.VIEWER)):
        membership = a_membership(role, account_id=GRACE)
        with pytest.raises(RoleAboveOwn):
            membership.change_role(wanted, granted=ADMIN_PERMISSIONS, by=ADA, owners=5, now=LATER)


def test_the_last_owner_stays_one() -> None:
    membership = a_membership(Role.OWNER)

    with pytest.raises(LastOwner):
        membership.change_role(Role.ADMIN, granted=OWNER_PERMISSIONS, by=ADA, owners=1, now=LATER)
    with pytest.raises(LastOwner):
        membership.end(granted=OWNER_PERMISSIONS, by=ADA, owners=1, now=LATER)


def test_one_of_two_owners_may_step_down_or_leave() -> None:
    first, second = a_membership(Role.OWNER), a_membership(Role.OWNER)

    first.change_role(Role.ADMIN, granted=OWNER_PERMISSIONS, by=ADA, owners=2, now=LATER)
    second.end(granted=OWNER_PERMISSIONS, by=ADA, owners=2, now=LATER)

    assert first.role is Role.ADMIN
    assert isinstance(second.pull_events()[-1], MemberRemoved)


def test_nobody_takes_out_somebody_above_them() -> None:
    with pytest.raises(RoleAboveOwn):
        a_membership(Role.OWNER).end(granted=ADMIN_PERMISSIONS, by=GRACE, owners=2, now=LATER)


def test_a_session_from_before_the_membership_does_not_count() -> None:
    membership = a_membership(now=LATER)

    assert not membership.honours_session_of(NOW)
    assert membership.honours_session_of(LATER)
    assert (membership.tenant_id, membership.account_id) == (TENANT, ADA)
    assert membership.created_at == LATER
