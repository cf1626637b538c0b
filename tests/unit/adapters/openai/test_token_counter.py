"""Tokens are counted from tables that are installed."""

import subprocess
import sys

import pytest

from dify_hex.adapters.openai.token_counter import TiktokenCounter, measure_tokens

_COUNTING = """
import asyncio, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise SystemExit(event)

sys.addaudithook(watch)
from dify_hex.adapters.openai.token_counter import TiktokenCounter

assert "tiktoken" not in sys.modules
for model in ("gpt-4", "gpt-4o", "gpt2", "code-davinci-002", "smollm2"):
    assert asyncio.run(TiktokenCounter().count(model, ["hello world"])) == [2], model
assert "litellm" not in sys.modules
"""


def test_counting_needs_neither_the_net_nor_litellm() -> None:
    counted = subprocess.run(
        [sys.executable, "-c", _COUNTING], capture_output=True, text=True, check=False, timeout=60
    )

    assert (counted.stderr, counted.returncode) == ("", 0)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4", "vendor/gpt-4o", "never-heard-of"])
async def test_each_text_is_counted(model: str) -> None:
    counts = await TiktokenCounter().count(model, ["", "hello world", "<|endoftext|>"])

    assert counts[:2] == [0, 2]
    assert counts[2] > 1


async def test_texts_that_are_counted_in_pieces_are_counted_close_enough() -> None:
    sentences = ["The quick brown fox jumps over the lazy dog. " * count for count in (200, 2000)]

    short, long = await TiktokenCounter().count("gpt-4o", sentences)

    assert long == pytest.approx(10 * short, rel=0.01)


async def test_text_that_is_no_unicode_is_counted_too() -> None:
    (count,) = await TiktokenCounter().count("gpt-4o", ["a\ud800b"])

    assert count > 0


def test_a_text_is_measured_as_newer_models_count() -> None:
    assert measure_tokens("hello world") == 2
    assert measure_tokens("") == 0
    assert measure_tokens("long" * 10_000) > 1000
