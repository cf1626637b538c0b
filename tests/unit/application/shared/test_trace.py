"""Which trace a call belongs to."""

import asyncio
import re

from dify_hex.application.shared.trace import enter_trace, traceparent_of

OWN, RUN = "a" * 32, "b" * 32


async def test_a_call_belongs_to_the_trace_that_was_entered() -> None:
    async def request() -> str:
        enter_trace(OWN)
        return await asyncio.create_task(call())

    async def call() -> str:
        return traceparent_of("step", otherwise=RUN)

    assert (await asyncio.create_task(request())).startswith(f"00-{OWN}-")
    assert (await call()).startswith(f"00-{RUN}-")


def test_each_step_has_a_name_of_its_own_that_stays() -> None:
    first = traceparent_of("one", otherwise=RUN)

    assert re.fullmatch(r"00-b{32}-[0-9a-f]{16}-01", first)
    assert first == traceparent_of("one", otherwise=RUN)
    assert first != traceparent_of("two", otherwise=RUN)
