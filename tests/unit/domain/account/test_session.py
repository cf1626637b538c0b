"""How refresh tokens follow each other, and what a copied one brings about."""

from datetime import timedelta

import pytest

from dify_hex.domain.account.errors import SessionEnded
from dify_hex.domain.account.events import AccountLoggedIn, SessionReuseDetected, SessionRevoked
from dify_hex.domain.account.session import GRACE, IDLE_LIFE, Rotation
from tests.builders.account import ADA, LATER, NOW, SESSION, TENANT, a_session

SECOND = timedelta(seconds=1)


def test_opening_a_session_is_told() -> None:
    session = a_session()

    assert session.is_open(NOW)
    assert (session.id, session.tenant_id, session.account_id) == (SESSION, TENANT, ADA)
    assert (session.family_hash, session.token_hash, session.previous_hash) == (
        b"family",
        b"first",
        None,
    )
    assert (session.opened_at, session.rotated_at) == (NOW, NOW)
    assert session.expires_at == NOW + timedelta(days=30)
    assert session.user_agent == "tests"
    assert session.pull_events() == (
        AccountLoggedIn(
            tenant_id=TENANT,
            occurred_at=NOW,
            account_id=ADA,
            session_id=SESSION,
            address=session.address,
        ),
    )


def test_the_current_token_is_exchanged_for_its_successor() -> None:
    session = a_session()

    assert session.rotate(b"first", b"second", now=LATER) is Rotation.ROTATED

    assert (session.token_hash, session.previous_hash) == (b"second", b"first")
    assert session.rotated_at == LATER


def test_for_a_few_seconds_the_token_before_is_answered_again() -> None:
    session = a_session()
    session.rotate(b"first", b"second", now=LATER)

    again = session.rotate(b"first", b"second", now=LATER + GRACE - SECOND)

    assert again is Rotation.REPEATED
    assert session.token_hash == b"second"
    assert session.is_open(LATER + GRACE)


def test_after_that_the_token_before_ends_the_session() -> None:
    session = a_session()
    session.rotate(b"first", b"second", now=LATER)
    session.pull_events()

    assert session.rotate(b"first", b"second", now=LATER + GRACE) is Rotation.REUSED

    assert not session.is_open(LATER + GRACE)
    assert session.pull_events() == (
        SessionReuseDetected(
            tenant_id=TENANT, occurred_at=LATER + GRACE, account_id=ADA, session_id=SESSION
        ),
    )
    with pytest.raises(SessionEnded):
        session.rotate(b"second", b"third", now=LATER + GRACE)


def test_a_token_with_another_successor_than_it_had_is_not_answered_again() -> None:
    session = a_session()
    session.rotate(b"first", b"second", now=LATER)

    assert session.rotate(b"first", b"another", now=LATER) is Rotation.REUSED


def test_an_older_token_ends_the_session_at_once() -> None:
    session = a_session()
    session.rotate(b"first", b"second", now=LATER)
    session.rotate(b"second", b"third", now=LATER + SECOND)

    assert session.rotate(b"first", b"second", now=LATER + SECOND) is Rotation.REUSED


def test_a_session_that_nobody_uses_ends() -> None:
    session = a_session()

    assert session.is_open(NOW + IDLE_LIFE - SECOND)
    assert not session.is_open(NOW + IDLE_LIFE)
    with pytest.raises(SessionEnded):
        session.rotate(b"first", b"second", now=NOW + IDLE_LIFE)


def test_a_session_in_use_ends_at_its_absolute_age() -> None:
    session = a_session(lifetime=timedelta(days=8))
    session.rotate(b"first", b"second", now=NOW + timedelta(days=5))

    assert session.is_open(NOW + timedelta(days=8) - SECOND)
    assert not session.is_open(NOW + timedelta(days=8))


def test_revoking_is_told_once() -> None:
    session = a_session()
    session.pull_events()

    session.revoke(now=LATER)
    session.revoke(now=LATER + SECOND)

    assert session.revoked_at == LATER
    assert [type(event) for event in session.pull_events()] == [SessionRevoked]
