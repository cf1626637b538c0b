"""The scripted servers answer in order and remember what they were asked."""

import pytest

from dify_hex.domain.shared.outbound_errors import OutboundTimeout, OutboundUrlInvalid
from tests.builders.outbound import a_request
from tests.fakes.scripted_outbound import ScriptedOutboundHttp, an_answer


async def test_answers_come_in_order_and_the_last_one_stays() -> None:
    http = ScriptedOutboundHttp([OutboundTimeout(host="a", phase="read"), an_answer(b"x" * 20)])

    with pytest.raises(OutboundTimeout):
        await http.send(a_request("http://a.example/", body=b"first"))
    async with http.stream(a_request("http://a.example/")) as answer:
        streamed = b"".join([part async for part in answer.body])
    whole = await http.send(a_request("http://a.example/"))

    assert streamed == whole.body == b"x" * 20
    assert http.bodies == [b"first", b"", b""]


async def test_an_address_must_be_one_here_too() -> None:
    http = ScriptedOutboundHttp()

    with pytest.raises(OutboundUrlInvalid):
        await http.send(a_request("nowhere"))
    assert http.asked == []
