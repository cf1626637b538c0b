"""Where a sandbox is."""

import pytest

from dify_hex.adapters.sandbox.service_address import BadAddress, ServiceAddress
from dify_hex.application.shared.code_failures import SandboxUnavailable


def test_a_unix_socket_or_a_port() -> None:
    assert ServiceAddress.parse("unix:///run/x.sock") == ServiceAddress(path="/run/x.sock")
    assert ServiceAddress.parse("tcp://[::1]:9", "t") == ServiceAddress(
        host="::1", port=9, token="t"
    )


@pytest.mark.parametrize("url", ["", "unix://x", "tcp://host", "http://host:1", "tcp://h:x"])
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        ServiceAddress.parse(url)


async def test_nowhere_is_said_to_be_nowhere() -> None:
    with pytest.raises(SandboxUnavailable, match="DIFY_HEX_SANDBOX_URL"):
        await ServiceAddress().connect()


def test_a_token_is_shown_to_nobody() -> None:
    assert "hush" not in repr(ServiceAddress(host="h", port=1, token="hush"))
