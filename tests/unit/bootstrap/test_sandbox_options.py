"""What `dify-hex sandbox` reads from the environment."""

from pathlib import Path

import pytest

from dify_hex.bootstrap.sandbox_options import sandbox_options
from dify_hex.bootstrap.up_options import BadOption

HOME = {"DIFY_HEX_HOME": "/data"}


def test_the_defaults_are_good_on_a_laptop() -> None:
    options = sandbox_options(HOME)

    assert options.path == Path("/data/run/sandbox.sock")
    assert options.running >= 4
    assert (options.most_seconds, options.most_memory_bytes) == (600, 1 << 30)
    assert not options.profiles["python"].missing
    assert "DIFY_HEX_SANDBOX_LIBRARIES" in options.profiles["python-data"].missing
    assert not options.profiles["javascript"].missing
    assert not options.profiles["template"].missing


def test_a_network_wants_a_token() -> None:
    listen = {**HOME, "DIFY_HEX_SANDBOX_LISTEN": "tcp://0.0.0.0:9000"}

    with pytest.raises(BadOption, match="TOKEN"):
        sandbox_options(listen)
    options = sandbox_options({**listen, "DIFY_HEX_SANDBOX_TOKEN": "t"})
    assert (options.path, options.host, options.port) == (None, "0.0.0.0", 9000)


def test_libraries_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    for name in ("numpy", "pandas"):
        (tmp_path / name).mkdir()

    options = sandbox_options({**HOME, "DIFY_HEX_SANDBOX_LIBRARIES": str(tmp_path)})

    # Which code finds empty, whatever lies there outside.
    is_hidden = tmp_path.is_relative_to("/tmp")
    assert bool(options.profiles["python-data"].missing) == is_hidden


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LISTEN", "http://x:1"),
        ("LISTEN", "unix://relative"),
        ("RUNNING", "0"),
        ("WAITING", "many"),
        ("ACCEPT_WITHOUT", "landlock,doors"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadOption, match=name):
        sandbox_options({**HOME, f"DIFY_HEX_SANDBOX_{name}": value})


def test_walls_are_done_without_by_name() -> None:
    given = {**HOME, "DIFY_HEX_SANDBOX_ACCEPT_WITHOUT": "landlock, seccomp"}

    assert sandbox_options(given).accepted == ("landlock", "seccomp")
