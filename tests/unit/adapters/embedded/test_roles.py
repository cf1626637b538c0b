"""The SQL that makes the roles."""

import pytest

from dify_hex.adapters.embedded.roles import RolePasswords, literal, preparation_script

PASSWORDS = RolePasswords(owner="o'1", application="a-secret", system="s1")


def test_no_login_gets_a_power_that_would_break_the_tenant_wall() -> None:
    script = preparation_script(PASSWORDS)
    for role in ("dify_hex_owner", "dify_hex_app", "dify_hex_system"):
        line = next(line for line in script.splitlines() if f"ALTER ROLE {role} LOGIN" in line)
        assert "NOSUPERUSER" in line
        assert "NOBYPASSRLS" in line
    assert "ALTER ROLE dify_hex_definer NOLOGIN" in script


def test_a_password_cannot_leave_its_quotes() -> None:
    assert "PASSWORD 'o''1'" in preparation_script(PASSWORDS)
    with pytest.raises(ValueError, match="backslash"):
        literal("\\'; DROP ROLE postgres; --")


def test_passwords_are_not_shown_when_printed() -> None:
    assert PASSWORDS.application not in repr(PASSWORDS)
