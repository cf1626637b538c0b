"""Who the servers run as, and what that user can reach."""

from pathlib import Path

from dify_hex.adapters.embedded.service_user import ServiceUser

#: Nobody has this number, so only what everyone may do counts.
STRANGER = ServiceUser(uid=4_000_001, gid=4_000_001)


def open_folder(path: Path) -> Path:
    """Make the folder, and everything above it, passable for everyone."""
    path.mkdir()
    path.chmod(0o711)
    return path


def test_the_first_closed_folder_on_the_way_is_found(tmp_path: Path) -> None:
    inner = open_folder(tmp_path / "closed") / "inner"
    inner.mkdir()
    tmp_path.chmod(0o700)
    found = STRANGER.first_closed(inner)
    assert found is not None
    assert tmp_path.is_relative_to(found)


def test_the_owner_of_a_folder_passes(tmp_path: Path) -> None:
    entry = tmp_path.stat()
    owner = ServiceUser(uid=entry.st_uid, gid=entry.st_gid)
    tmp_path.chmod(0o700)
    found = owner.first_closed(tmp_path)
    assert found is None or found != tmp_path


def test_a_program_must_be_executable_for_the_user() -> None:
    assert STRANGER.first_closed(Path("/bin/sh")) is None
    assert STRANGER.first_closed(Path("/")) is None
