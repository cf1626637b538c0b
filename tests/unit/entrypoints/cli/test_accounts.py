"""The commands that let the first owner in."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from typer.testing import CliRunner, Result

from dify_hex.domain.account.account import Account
from dify_hex.domain.account.tenant import Tenant
from dify_hex.entrypoints.cli.accounts import FirstOwnerTools, accounts_commands
from tests.builders.account import PASSWORD
from tests.fakes.identity import Identity

CREATE = ("create-owner", "--email", "ada@example.com", "--name", "Ada")


class Terminal:
    """Runs commands over one identity in memory."""

    def __init__(self) -> None:
        self.identity = Identity()
        self._commands = accounts_commands(self._open)

    def run(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(self._commands, arguments, input=typed)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[FirstOwnerTools]:
        yield FirstOwnerTools(
            create_owner=self.identity.create_owner,
            issue_setup_link=self.identity.issue_setup_link,
            api_url="http://127.0.0.1:8000",
        )


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_an_owner_is_made_with_a_password_from_standard_input(terminal: Terminal) -> None:
    result = terminal.run(*CREATE, "--password-stdin", "--json", typed=f"{PASSWORD}\n")

    assert result.exit_code == 0, result.output
    (account,) = terminal.identity.database.all(Account)
    (tenant,) = terminal.identity.database.all(Tenant)
    assert json.loads(result.stdout) == {
        "tenant_id": str(tenant.id),
        "account_id": str(account.id),
    }
    assert account.password_hash == f"v2:{PASSWORD}"


def test_a_password_is_asked_for_twice_and_never_shown(terminal: Terminal) -> None:
    result = terminal.run(*CREATE, "--tenant", "Engines", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    assert "ada@example.com owns the tenant 'Engines'" in result.output


def test_what_is_refused_is_told_in_one_line(terminal: Terminal) -> None:
    weak = terminal.run(*CREATE, "--password-stdin", typed="short\n")
    assert weak.exit_code == 1
    assert "reason: too_short" in weak.stderr
    assert "[account_password_weak]" in weak.stderr
    assert not terminal.identity.database.all(Account)

    terminal.run(*CREATE, "--password-stdin", typed=PASSWORD)
    again = terminal.run(*CREATE, "--password-stdin", typed=PASSWORD)
    assert again.exit_code == 1
    assert "[setup_already_done]" in again.stderr


def test_a_link_is_printed_with_its_time(terminal: Terminal) -> None:
    plain = terminal.run("setup-link")
    assert plain.exit_code == 0
    assert plain.stdout.startswith("http://127.0.0.1:8000/setup/once-")
    assert "until 2026-11-22 12:00 UTC" in plain.stdout

    answer = json.loads(terminal.run("setup-link", "--json").stdout)
    assert answer["url"].startswith("http://127.0.0.1:8000/setup/once-")
    assert answer["expires_at"] == "2026-11-22T12:00:00+00:00"
