"""The file of passwords."""

import stat
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.credentials import Credentials
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed


def test_they_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    made = Credentials.of(path)
    assert Credentials.of(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.owner != made.application != made.system


def test_a_damaged_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text("{")
    with pytest.raises(EmbeddedPartFailed, match="is damaged"):
        Credentials.of(path)
    assert path.read_text() == "{"
