"""A body has one mark, in whatever pieces it comes and whatever its boundary is."""

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.entrypoints.http.body_digest import BodyDigest, size_in


def form(boundary: str, content: bytes) -> bytes:
    mark = f"--{boundary}".encode()
    return mark + b"\r\n\r\n" + content + b"\r\n" + mark + b"--\r\n"


def mark_of(body: bytes, *, boundary: str = "", size: int = 10**6) -> bytes:
    kind = f"multipart/form-data; boundary={boundary}" if boundary else "text/plain"
    digest = BodyDigest(kind)
    for start in range(0, len(body), size):
        digest.feed(body[start : start + size])
    digest.feed(b"", is_last=True)
    assert digest.is_whole
    return digest.mark()


CONTENT = st.binary(max_size=40)


@given(content=CONTENT, size=st.integers(1, 9))
def test_the_pieces_and_the_boundary_make_no_difference(content: bytes, size: int) -> None:
    whole = mark_of(form("one-boundary", content), boundary="one-boundary")

    assert mark_of(form("two-boundary", content), boundary="two-boundary", size=size) == whole
    assert mark_of(content, size=size) == mark_of(content)


@given(content=CONTENT, other=CONTENT)
def test_the_content_does(content: bytes, other: bytes) -> None:
    same = mark_of(form("xyz", content), boundary="xyz") == mark_of(
        form("xyz", other), boundary="xyz"
    )

    assert same is (content == other)


def test_it_tells_the_size() -> None:
    assert size_in(mark_of(b"12345")) == 5
