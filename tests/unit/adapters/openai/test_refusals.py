"""What servers say when they refuse, in whatever shape they say it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from dify_hex.adapters.openai.refusals import refusal_of, retry_after_in


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"error": {"message": "no", "code": "c", "type": "t"}}', "c t", "no"),
        (b'{"error": {"message": "no", "code": null}}', "", "no"),
        (b'{"error": "plain"}', "", "plain"),
        (b'{"detail": [{"msg": "missing"}]}', "", "[{'msg': 'missing'}]"),
        (b'{"message": "top"}', "", "top"),
        (b"<html>", "", ""),
        (b"[]", "", ""),
        (b"", "", ""),
    ],
)
def test_every_shape_of_refusal_is_read(body: bytes, code: str, message: str) -> None:
    refusal = refusal_of(httpx.Response(400), body)

    assert (refusal.status, refusal.code, refusal.message) == (400, code, message)


def test_when_to_come_back_is_read_from_the_header() -> None:
    assert refusal_of(httpx.Response(429, headers={"retry-after": "3"}), b"").retry_after == 3


def test_a_moment_to_come_back_at_becomes_seconds() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)

    assert retry_after_in(format_datetime(moment, usegmt=True)) == pytest.approx(90, abs=3)
    assert retry_after_in("Mon, 02 Jan 2006 15:04:05 -0000") == 0
    assert retry_after_in("soon") is None
    assert retry_after_in(None) is None
