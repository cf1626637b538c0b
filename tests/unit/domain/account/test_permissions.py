"""The table of roles: each stands on the one below it."""

from itertools import pairwise

from dify_hex.domain.account.permissions import ROLE_PERMISSIONS, Permission, Role, permissions_of


def test_each_role_may_do_what_the_role_below_may_and_more() -> None:
    ladder = [Role.VIEWER, Role.OPERATOR, Role.EDITOR, Role.ADMIN, Role.OWNER]

    for lower, higher in pairwise(ladder):
        assert permissions_of(lower) < permissions_of(higher)


def test_an_owner_may_do_everything_and_every_role_is_in_the_table() -> None:
    assert permissions_of(Role.OWNER) == frozenset(Permission)
    assert set(ROLE_PERMISSIONS) == set(Role)
