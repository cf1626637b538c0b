"""What happens to an account when somebody guesses its password, and when its owner changes it."""

from datetime import timedelta

import pytest

from dify_hex.domain.account.account import (
    FIRST_LOCK,
    FORGIVEN_FAILURES,
    LONGEST_LOCK,
    Account,
    AccountStatus,
)
from dify_hex.domain.account.errors import InvalidName
from dify_hex.domain.account.events import AccountLocked, LoggedOutEverywhere, PasswordChanged
from tests.builders.account import EMAIL, LATER, NOW, TENANT, an_account

SECOND = timedelta(seconds=1)


def fail(account: Account, times: int) -> None:
    """Try wrong passwords, each as soon as tries count again."""
    now = NOW
    for _ in range(times):
        now = max(now, account.locked_until or now)
        account.record_wrong_password(tenant_id=TENANT, now=now)


def disabled() -> Account:
    account = an_account()
    return Account(
        id=account.id,
        email=account.email,
        name=account.name,
        language=account.language,
        status=AccountStatus.DISABLED,
        password_hash="hash",
        failed_logins=0,
        locked_until=None,
        sessions_valid_from=NOW,
        created_at=account.created_at,
        updated_at=account.updated_at,
        version=1,
    )


def test_a_new_account_may_sign_in_and_raises_no_event_of_its_own() -> None:
    account = an_account()

    assert account.may_sign_in(NOW)
    assert account.email == EMAIL
    assert account.version == 1
    assert account.pull_events() == ()


def test_a_name_that_cannot_be_shown_is_refused() -> None:
    with pytest.raises(InvalidName):
        an_account(name=" \n ")


def test_a_few_wrong_passwords_are_forgiven() -> None:
    account = an_account()

    fail(account, FORGIVEN_FAILURES - 1)

    assert account.may_sign_in(NOW)
    assert account.failed_logins == FORGIVEN_FAILURES - 1


def test_too_many_wrong_passwords_lock_the_account_for_a_while() -> None:
    account = an_account()

    fail(account, FORGIVEN_FAILURES)

    assert not account.may_sign_in(NOW + FIRST_LOCK - SECOND)
    assert account.may_sign_in(NOW + FIRST_LOCK)
    (locked,) = account.pull_events()
    assert isinstance(locked, AccountLocked)
    assert locked.failed_logins == FORGIVEN_FAILURES


def test_each_further_wrong_password_doubles_the_lock_up_to_an_hour() -> None:
    account = an_account()
    fail(account, FORGIVEN_FAILURES)
    unlocked = account.locked_until
    assert unlocked is not None

    account.record_wrong_password(tenant_id=TENANT, now=unlocked)
    assert account.locked_until == unlocked + 2 * FIRST_LOCK

    fail(account, 100)
    before = account.locked_until
    assert before is not None
    account.record_wrong_password(tenant_id=TENANT, now=before)
    assert account.locked_until == before + LONGEST_LOCK


def test_tries_during_the_lock_do_not_lengthen_it() -> None:
    account = an_account()
    fail(account, FORGIVEN_FAILURES)
    until = account.locked_until

    account.record_wrong_password(tenant_id=TENANT, now=NOW + SECOND)

    assert account.locked_until == until
    assert account.failed_logins == FORGIVEN_FAILURES


def test_a_right_password_forgets_the_wrong_ones() -> None:
    account = an_account()
    fail(account, FORGIVEN_FAILURES)

    account.record_right_password(stronger_hash=None, now=LATER)

    assert account.failed_logins == 0
    assert account.locked_until is None
    assert account.password_hash == "hash"


def test_a_right_password_with_nothing_to_forget_changes_nothing() -> None:
    account = disabled()

    account.record_right_password(stronger_hash=None, now=LATER)

    assert account.version == account.stored_version


def test_a_hash_of_stronger_settings_replaces_the_old_one() -> None:
    account = an_account()

    account.record_right_password(stronger_hash="stronger", now=LATER)

    assert account.password_hash == "stronger"
    assert account.updated_at == LATER


def test_a_disabled_account_may_not_sign_in_and_counts_no_tries() -> None:
    account = disabled()

    account.record_wrong_password(tenant_id=TENANT, now=NOW)

    assert not account.may_sign_in(NOW)
    assert account.failed_logins == 0
    assert not account.honours_session_of(NOW)


def test_another_password_ends_the_sessions_from_before_it_and_the_lock() -> None:
    account = an_account()
    fail(account, FORGIVEN_FAILURES)
    account.pull_events()

    account.change_password("other", tenant_id=TENANT, now=LATER)

    assert account.password_hash == "other"
    assert account.may_sign_in(LATER)
    assert not account.honours_session_of(LATER - SECOND)
    assert account.honours_session_of(LATER)
    assert account.pull_events() == (
        PasswordChanged(tenant_id=TENANT, occurred_at=LATER, account_id=account.id),
    )


def test_logging_out_everywhere_ends_even_a_session_opened_at_that_very_moment() -> None:
    account = an_account()

    account.log_out_everywhere(tenant_id=TENANT, now=LATER)

    assert not account.honours_session_of(LATER)
    assert account.honours_session_of(LATER + SECOND)
    assert account.pull_events() == (
        LoggedOutEverywhere(tenant_id=TENANT, occurred_at=LATER, account_id=account.id),
    )


def test_what_was_given_at_birth_can_be_read() -> None:
    account = an_account()

    assert (account.name, account.language.value) == ("Ada Lovelace", "en")
    assert account.status is AccountStatus.ACTIVE
    assert account.created_at == account.updated_at == account.sessions_valid_from == NOW
