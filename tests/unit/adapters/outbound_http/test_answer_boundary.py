"""A connection is in order only when two parsers agree on where its answer has ended."""

import pytest

from dify_hex.adapters.outbound_http.answer_boundary import AnswerBoundary
from dify_hex.domain.shared.outbound_errors import OutboundResponseTooLarge

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"


@pytest.mark.parametrize(
    ("data", "in_order"),
    [
        ([], False),
        ([ANSWER], True),
        ([ANSWER[:20], ANSWER[20:]], True),
        ([ANSWER[:-1]], False),
        ([ANSWER, b""], True),
        ([ANSWER, b"x"], False),
        ([ANSWER + b"x"], False),
        ([ANSWER, ANSWER], False),
        ([b"SSH-2.0\r\n", ANSWER], False),
    ],
)
def test_an_answer_ends_with_its_last_byte(data: list[bytes], in_order: bool) -> None:
    boundary = AnswerBoundary("a.example")

    for part in data:
        boundary.follow(part)

    assert boundary.leaves_order is in_order


def test_a_head_has_an_end() -> None:
    boundary = AnswerBoundary("a.example")
    boundary.follow(b"HTTP/1.1 200 OK\r\n")

    with pytest.raises(OutboundResponseTooLarge) as refused:
        boundary.follow(b"X: " + b"y" * 70_000)

    assert refused.value.details["part"] == "head"
