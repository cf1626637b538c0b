"""A link lets in once, for one purpose, for a while."""

from datetime import timedelta

import pytest

from dify_hex.application.account.secret_texts import hash_of
from dify_hex.domain.account.errors import LinkNotFound, LinkOver
from dify_hex.domain.account.one_time_link import LinkPurpose
from tests.builders.account import ADA, LATER, NOW, TENANT, a_password_link, a_setup_link


def test_a_link_is_spent_by_using_it() -> None:
    link = a_setup_link()

    link.use_for_set_up(now=LATER)

    assert link.used_at == LATER
    with pytest.raises(LinkOver):
        link.use_for_set_up(now=LATER)


def test_a_link_is_good_until_its_time_is_up() -> None:
    link = a_setup_link()

    with pytest.raises(LinkOver):
        link.use_for_set_up(now=NOW + timedelta(days=1))
    assert link.expires_at == NOW + timedelta(days=1)
    assert link.used_at is None


def test_a_link_for_a_password_makes_no_owner() -> None:
    link = a_password_link()

    with pytest.raises(LinkNotFound):
        link.use_for_set_up(now=LATER)
    assert (link.account_id, link.tenant_id, link.purpose) == (
        ADA,
        TENANT,
        LinkPurpose.SET_PASSWORD,
    )


def test_a_link_for_a_password_names_its_account_once() -> None:
    link = a_password_link()

    assert link.use_for_password(now=LATER) == ADA
    with pytest.raises(LinkOver):
        link.use_for_password(now=LATER)


def test_a_link_for_setting_up_sets_no_password() -> None:
    with pytest.raises(LinkNotFound):
        a_setup_link().use_for_password(now=LATER)


def test_only_a_hash_of_the_token_is_kept() -> None:
    link = a_setup_link(token="once-abc")

    assert link.token_hash == hash_of("once-abc")
    assert link.account_id is None
    assert link.created_at == NOW
    assert link.id is not None
