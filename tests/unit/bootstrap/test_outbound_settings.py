"""What the environment says about other people's servers."""

import json

import pytest
from pydantic import ValidationError

from dify_hex.adapters.outbound_http.client import GuardedOutboundHttp
from dify_hex.bootstrap.assembly import make_container
from dify_hex.bootstrap.outbound import tenants_rules_of
from dify_hex.bootstrap.settings import OutboundSettings, Settings
from dify_hex.domain.shared.values.outbound_rules import OutboundRules
from tests.builders.account import TENANT


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFY_HEX_OUTBOUND_OPENED", " 10.0.0.0/8:443, *.corp ,")

    assert OutboundSettings().opened == ("10.0.0.0/8:443", "*.corp")
    assert OutboundSettings().denied == ()


@pytest.mark.parametrize("name", ["OPENED", "ONLY", "DENIED"])
def test_an_entry_that_means_nothing_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"DIFY_HEX_OUTBOUND_{name}", "10.0.0.0/99")

    with pytest.raises(ValidationError, match="neither a network nor a name"):
        OutboundSettings()


def test_single_tenants_have_lists_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = {"opened": "10.20.0.5:443, crm.corp", "denied": ["*.competitor.example"]}
    monkeypatch.setenv("DIFY_HEX_OUTBOUND_TENANTS", json.dumps({str(TENANT): lists}))

    rules = tenants_rules_of(OutboundSettings())

    assert rules == {
        TENANT: OutboundRules.parse(
            opened=("10.20.0.5:443", "crm.corp"), denied=("*.competitor.example",)
        )
    }


@pytest.mark.parametrize(
    ("tenant", "lists"),
    [("x", {}), (str(TENANT), {"open": []}), (str(TENANT), {"only": "10.0.0.0/99"})],
)
def test_lists_of_tenants_that_mean_nothing_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, tenant: str, lists: dict[str, object]
) -> None:
    monkeypatch.setenv("DIFY_HEX_OUTBOUND_TENANTS", json.dumps({tenant: lists}))

    with pytest.raises(ValidationError):
        OutboundSettings()


async def test_there_is_one_client_per_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_ADMIN_URL"):
        monkeypatch.setenv(name, "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    container = make_container(Settings(), "api").outbound_http()

    client = container.client()

    assert isinstance(client, GuardedOutboundHttp)
    assert client is container.client()
    await client.aclose()
    await container.resolver().aclose()
