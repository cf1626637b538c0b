"""The key of keys: made once, private, and of no use to those who may not read it."""

import stat
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dify_hex.adapters.security.master_key import MasterKeyUnusable, load_keyring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "secret.key"


def written(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    return path


def line(byte: bytes) -> str:
    return urlsafe_b64encode(byte * 32).decode()


def test_the_file_is_made_private_when_it_is_absent_and_then_kept(path: Path) -> None:
    made = load_keyring(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_keyring(path) == made
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]


def test_of_several_processes_that_begin_at_once_all_get_the_same_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        rings = list(threads.map(lambda _: load_keyring(path), range(8)))

    assert len({ring.current.id for ring in rings}) == 1
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    written(path, line(b"a")).chmod(mode)

    with pytest.raises(MasterKeyUnusable, match=f"{mode:04o}"):
        load_keyring(path)


@pytest.mark.parametrize("text", ["", "   ", "not base64!", "c2hvcnQ=", "ключ"])
def test_a_file_without_a_key_is_refused_and_not_overwritten(path: Path, text: str) -> None:
    written(path, text)

    with pytest.raises(MasterKeyUnusable, match=str(path)):
        load_keyring(path)
    assert path.read_text() == text + "\n"


def test_each_purpose_has_a_key_of_its_own(path: Path) -> None:
    key = load_keyring(path).current

    assert key.derive("one") == key.derive("one")
    assert key.derive("one") != key.derive("two")
    assert len(key.derive("one")) == 32
    assert key.secret not in (key.derive("one"), key.derive(""))


def test_after_a_rotation_old_keys_are_still_found(path: Path) -> None:
    old = load_keyring(written(path, line(b"a"))).current
    path.write_text(f"{line(b'b')}\n{line(b'a')}\n")

    ring = load_keyring(path)

    assert ring.current.id != old.id
    assert ring.find(old.id) == old
    assert ring.find("unknown") is None


def test_a_key_does_not_show_itself(path: Path) -> None:
    key = load_keyring(path).current

    assert repr(key.secret)[2:12] not in repr(key)
