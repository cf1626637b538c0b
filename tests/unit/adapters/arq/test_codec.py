"""What travels through Redis is JSON, and nothing else is read from there."""

import pytest

from dify_hex.adapters.arq.codec import dump, load

JOB: dict[str, object] = {"t": None, "f": "run_task", "a": ["tenant", "task"], "k": {}, "et": 1}


def test_a_job_comes_out_as_it_went_in() -> None:
    assert load(dump(JOB)) == JOB


def test_an_error_is_told_by_its_name() -> None:
    assert load(dump({"r": RuntimeError("secret of-the-lamp")})) == {"r": "RuntimeError"}


@pytest.mark.parametrize("content", [b"\x80\x04}.", b"[1]", b"", b"null"])
def test_what_is_no_json_object_is_not_read(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load(content)
