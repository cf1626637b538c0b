"""The data folder: its lock, and sockets whose path is short enough."""

import os
import tempfile
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed, HomeInUse


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A folder whose servers run as ourselves."""
    (tmp_path / "run").mkdir()
    return DataFolder(home=tmp_path, user=None)


def test_only_one_holds_the_lock_and_is_named(folder: DataFolder) -> None:
    held = folder.lock()
    with pytest.raises(HomeInUse, match=rf"process {os.getpid()}\b"):
        folder.lock()
    os.close(held)
    os.close(folder.lock())


def test_sockets_are_in_the_folder_while_their_path_is_short(tmp_path: Path) -> None:
    short = DataFolder(home=Path(tempfile.mkdtemp(prefix="dh")), user=None)
    short.run.mkdir()
    assert short.sockets("pg").parent == short.run
    short.sockets("pg").rmdir()
    short.run.rmdir()
    short.home.rmdir()


def test_a_short_path_that_somebody_else_prepared_is_refused(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    deep = DataFolder(home=tmp_path / ("x" * 120), user=None)
    trap = deep._short_run()
    trap.rmdir()
    trap.symlink_to(tmp_path)
    with pytest.raises(EmbeddedPartFailed, match="belongs to somebody else"):
        deep.sockets("pg")


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedPartFailed, match="choose another with DIFY_HEX_HOME"):
        DataFolder.open(tmp_path / "file" / "home")


def test_data_that_another_user_made_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_001)
    with pytest.raises(EmbeddedPartFailed, match="run this as who ran it first"):
        DataFolder.open(tmp_path)
