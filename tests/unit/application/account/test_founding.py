"""The first owner: by command, by link, once."""

from datetime import timedelta

import pytest

from dify_hex.application.account.complete_setup import CompleteSetupCommand
from dify_hex.application.account.founding import Founder
from dify_hex.application.account.open_link import OpenLinkCommand
from dify_hex.domain.account.account import Account
from dify_hex.domain.account.errors import (
    AlreadySetUp,
    InvalidEmail,
    InvalidName,
    LinkNotFound,
    LinkOver,
    WeakPassword,
)
from dify_hex.domain.account.one_time_link import LinkPurpose, OneTimeLink
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.account.tenant import Tenant
from tests.builders.account import PASSWORD
from tests.fakes.identity import LINKS_LAST, Identity


def founder(
    *, email: str = "Ada@Example.com", name: str = "Ada", password: str = PASSWORD
) -> Founder:
    return Founder(email=email, name=name, password=password, tenant_name="Engines")


async def test_the_command_makes_a_tenant_whose_owner_can_sign_in(identity: Identity) -> None:
    made = await identity.create_owner.execute(founder())

    signed_in = await identity.signs_in("ada@example.com")
    assert (signed_in.tenant_id, signed_in.account_id) == (made.tenant_id, made.account_id)
    assert identity.role_of(made.account_id, made.tenant_id) is Role.OWNER
    assert identity.database.events_named("tenant.created")


async def test_there_is_only_one_first_owner(identity: Identity) -> None:
    link = await identity.issue_setup_link.execute()
    await identity.create_owner.execute(founder())

    with pytest.raises(AlreadySetUp):
        await identity.create_owner.execute(founder(email="other@example.com"))
    with pytest.raises(AlreadySetUp):
        await identity.issue_setup_link.execute()
    with pytest.raises(AlreadySetUp):
        await identity.complete_setup.execute(
            CompleteSetupCommand(token=link.token, founder=founder())
        )
    assert len(identity.database.all(Tenant)) == 1


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (founder(email="nobody"), InvalidEmail),
        (founder(password="password1234"), WeakPassword),
        (founder(name=""), InvalidName),
    ],
)
async def test_something_wrong_makes_nothing(
    identity: Identity, wrong: Founder, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await identity.create_owner.execute(wrong)
    assert not identity.database.all(Account)
    assert not identity.database.all(Tenant)


async def test_the_link_makes_the_owner_and_is_spent(identity: Identity) -> None:
    link = await identity.issue_setup_link.execute()
    shown = await identity.open_link.execute(OpenLinkCommand(token=link.token))
    assert (shown.purpose, shown.email) == (LinkPurpose.SET_UP, None)

    await identity.complete_setup.execute(CompleteSetupCommand(token=link.token, founder=founder()))

    await identity.signs_in()
    with pytest.raises(LinkOver):
        await identity.open_link.execute(OpenLinkCommand(token=link.token))
    with pytest.raises(LinkOver):
        await identity.complete_setup.execute(
            CompleteSetupCommand(token=link.token, founder=founder())
        )


async def test_a_bad_form_leaves_the_link_unspent(identity: Identity) -> None:
    link = await identity.issue_setup_link.execute()

    with pytest.raises(WeakPassword):
        await identity.complete_setup.execute(
            CompleteSetupCommand(token=link.token, founder=founder(password="short"))
        )

    await identity.open_link.execute(OpenLinkCommand(token=link.token))


async def test_a_link_ends_with_its_time(identity: Identity) -> None:
    link = await identity.issue_setup_link.execute()
    identity.clock.turn(LINKS_LAST - timedelta(seconds=1))
    await identity.open_link.execute(OpenLinkCommand(token=link.token))

    identity.clock.turn(timedelta(seconds=1))

    with pytest.raises(LinkOver):
        await identity.open_link.execute(OpenLinkCommand(token=link.token))


async def test_a_made_up_link_opens_nothing(identity: Identity) -> None:
    with pytest.raises(LinkNotFound):
        await identity.open_link.execute(OpenLinkCommand(token="once-upon-a-time"))
    with pytest.raises(LinkNotFound):
        await identity.complete_setup.execute(
            CompleteSetupCommand(token="once-upon-a-time", founder=founder())
        )


async def test_neither_the_password_nor_the_token_is_stored_or_shown(identity: Identity) -> None:
    link = await identity.issue_setup_link.execute()
    command = CompleteSetupCommand(token=link.token, founder=founder())

    (stored,) = identity.database.all(OneTimeLink)
    assert link.token.encode() not in stored.token_hash
    assert PASSWORD not in repr(command)
    assert link.token not in repr(command)
