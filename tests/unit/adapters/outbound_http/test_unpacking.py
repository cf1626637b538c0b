"""What is packed unfolds to what it was, in pieces that are never large."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.outbound_http.unpacking import BadPacking, Unpacker, unpacker_for

PIECE = 64 << 10


def unpack(encoding: str, *arriving: bytes) -> list[bytes]:
    unpacker = unpacker_for([encoding])
    assert isinstance(unpacker, Unpacker)
    pieces = [piece for data in arriving for piece in unpacker.feed(data)]
    return [*pieces, *unpacker.finish()]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(st.binary(max_size=5000), st.integers(1, 700), st.sampled_from(["gzip", "deflate", "raw"]))
def test_however_it_arrives_it_unfolds_to_what_it_was(body: bytes, size: int, how: str) -> None:
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw": zlib.compress(body, wbits=-15),
    }[how]

    assert b"".join(unpack("gzip" if how == "gzip" else "deflate", *cut(packed, size))) == body


@given(st.binary(max_size=400), st.sampled_from(["gzip", "deflate"]), st.integers(1, 50))
def test_anything_unfolds_or_is_refused(noise: bytes, encoding: str, size: int) -> None:
    try:
        pieces = unpack(encoding, *cut(noise, size))
    except BadPacking:
        return
    assert all(0 < len(piece) <= PIECE for piece in pieces)


def test_pieces_are_small_however_far_it_unfolds() -> None:
    pieces = unpack("gzip", gzip.compress(bytes(3_000_000)))

    assert sum(map(len, pieces)) == 3_000_000
    assert max(map(len, pieces)) <= PIECE


def test_several_members_are_one_body() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")

    assert b"".join(unpack("gzip", packed)) == b"one two"
    assert b"".join(unpack("gzip", *cut(packed, 1))) == b"one two"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_follows_the_end_is_ignored(encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress

    assert unpack(encoding, pack(b"body") + b"\0\0\0") == [b"body"]
    assert unpack(encoding, pack(b"body"), b"\0\0\0") == [b"body"]


def test_nothing_is_nothing() -> None:
    assert unpack("gzip") == []


@pytest.mark.parametrize("encodings", [[], [""], ["identity"], ["br"], ["zstd"], ["identity, br"]])
def test_what_is_not_known_is_left_as_it_is(encodings: list[str]) -> None:
    assert unpacker_for(encodings) is None


@pytest.mark.parametrize("encodings", [["gzip, gzip"], ["gzip", "br"], ["deflate,gzip"]])
def test_what_is_packed_twice_is_refused(encodings: list[str]) -> None:
    with pytest.raises(BadPacking):
        unpacker_for(encodings)
