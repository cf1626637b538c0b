"""What the doctor finds on servers that are well, and on those that are not."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from dify_hex.bootstrap.doctor import examine
from dify_hex.bootstrap.finding import Finding, Verdict, is_healthy
from dify_hex.bootstrap.settings import Settings
from tests.fakes.servers import RunningServers

MakeSettings = Callable[..., Settings]


@pytest.fixture
def settings_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSettings:
    """Settings of a machine that has these servers, changed where a test says so."""

    def make(servers: RunningServers, **changes: str) -> Settings:
        variables = {
            "DIFY_HEX_HOME": str(tmp_path),
            **servers.variables(),
            **changes,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Settings()

    return make


@pytest.fixture
async def forgetful_redis(servers: RunningServers) -> AsyncIterator[None]:
    """Redis that evicts keys when its memory is full, for the length of a test."""
    client = Redis.from_url(servers.redis_url)
    await client.config_set("maxmemory-policy", "allkeys-lru")
    yield
    await client.config_set("maxmemory-policy", "noeviction")
    await client.aclose()


def named(findings: list[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


async def test_servers_that_are_well_are_said_to_be(
    database: RunningServers, settings_of: MakeSettings
) -> None:
    findings = await examine(settings_of(database))
    assert is_healthy(findings)
    for subject in ("database", "DATABASE_URL", "DATABASE_SYSTEM_URL", "migrations", "redis"):
        assert named(findings, subject).verdict is Verdict.OK


async def test_a_storage_is_tried(
    database: RunningServers, settings_of: MakeSettings, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"

    own = named(await examine(settings_of(database)), "storage")
    tried = named(
        await examine(settings_of(database, DIFY_HEX_STORAGE_URL=shared.as_uri())), "storage"
    )
    wrong = named(await examine(settings_of(database, DIFY_HEX_STORAGE_URL="ftp://x")), "storage")

    assert (own.verdict, "only this machine" in own.text) == (Verdict.WARNING, True)
    assert tried.verdict is Verdict.OK
    assert files_below(shared) == []
    assert (wrong.verdict, "s3://" in wrong.text) == (Verdict.FAILED, True)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DATABASE_SYSTEM_URL"])
async def test_a_login_that_the_tenant_wall_does_not_hold_is_refused(
    database: RunningServers, settings_of: MakeSettings, variable: str
) -> None:
    findings = await examine(settings_of(database, **{variable: database.admin_url}))
    assert not is_healthy(findings)
    assert "owns the database" in named(findings, variable).text
    assert "would not be walled off" in named(findings, variable).text


async def test_a_superuser_is_refused(database: RunningServers, settings_of: MakeSettings) -> None:
    powerful = database.superuser_url or database.admin_url
    findings = await examine(settings_of(database, DATABASE_URL=powerful))
    assert named(findings, "DATABASE_URL").verdict is Verdict.FAILED


async def test_a_schema_that_is_not_the_newest_comes_with_the_command(
    empty_database: RunningServers, settings_of: MakeSettings
) -> None:
    found = named(await examine(settings_of(empty_database)), "migrations")
    assert found.verdict is Verdict.FAILED
    assert found.advice == "run `dify-hex migrate`"


@pytest.mark.usefixtures("forgetful_redis")
async def test_redis_that_evicts_keys_is_refused(
    database: RunningServers, settings_of: MakeSettings
) -> None:
    found = named(await examine(settings_of(database)), "redis memory")
    assert found.verdict is Verdict.FAILED
    assert "allkeys-lru" in found.text


async def test_each_server_that_is_away_is_named_by_itself(
    database: RunningServers, settings_of: MakeSettings
) -> None:
    away = "postgresql://nobody:canary@127.0.0.1:1/none"
    findings = await examine(
        settings_of(
            database,
            DATABASE_URL=away,
            REDIS_URL="redis://:canary@127.0.0.1:1",
            DIFY_HEX_MODEL_URL="http://127.0.0.1:1/v1",
        )
    )
    for subject in ("database", "redis", "model"):
        assert "cannot be reached" in named(findings, subject).text
    assert "canary" not in str(findings)


async def test_nothing_running_and_nothing_given_is_said(
    database: RunningServers, settings_of: MakeSettings
) -> None:
    found = named(await examine(settings_of(database, REDIS_URL="")), "servers")
    assert found.verdict is Verdict.FAILED
    assert "dify-hex up" in found.advice


async def test_a_key_that_others_can_read_is_refused(
    database: RunningServers, settings_of: MakeSettings, tmp_path: Path
) -> None:
    key = tmp_path / "secret.key"
    key.touch()
    key.chmod(0o644)
    found = named(await examine(settings_of(database)), "secret key")
    assert found.verdict is Verdict.FAILED
    assert found.advice == f"run `chmod 600 {key}`"
