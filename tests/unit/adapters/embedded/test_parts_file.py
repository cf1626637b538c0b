"""`run/parts.json`."""

import json
import os
import stat
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.parts_file import PartsFile


@pytest.fixture
def parts(tmp_path: Path) -> PartsFile:
    """The file of a folder of its own."""
    (tmp_path / "run").mkdir()
    return PartsFile(DataFolder(home=tmp_path, user=None))


def test_it_is_flat_and_private(parts: PartsFile, tmp_path: Path) -> None:
    parts.write({"redis_url": "unix:///somewhere"}, {"api": os.getpid()})
    path = tmp_path / "run" / "parts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["redis_url"] == "unix:///somewhere"


def test_a_process_is_known_again_but_not_one_that_got_its_number(
    parts: PartsFile, tmp_path: Path
) -> None:
    parts.write({}, {"api": os.getpid()})
    assert parts.running() == [os.getpid()]
    (tmp_path / "run" / "parts.json").write_text(json.dumps({"pid_api": f"{os.getpid()}@1"}))
    assert parts.running() == []


@pytest.mark.parametrize("text", ["", "[]", "null", '{"pid_api": "x"}', '{"pid_api": 5}'])
def test_nonsense_in_it_means_nothing_runs(parts: PartsFile, tmp_path: Path, text: str) -> None:
    (tmp_path / "run" / "parts.json").write_text(text)
    assert parts.running() == []


def test_once_removed_nothing_runs(parts: PartsFile) -> None:
    parts.write({}, {"api": os.getpid()})
    parts.remove()
    assert parts.running() == []
