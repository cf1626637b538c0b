"""Counts tokens with OpenAI's vocabularies, which come with an installed package."""

import asyncio
import os
import threading
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dify_hex.application.model_provider.ports import TokenCounter

#: For models whose own vocabulary is not known: the one that newer models share.
_FALLBACK = "o200k_base"
#: Those whose tables are installed; any other would be fetched from the net.
_INSTALLED = frozenset({"cl100k_base", "o200k_base"})
_TABLES_OF = "litellm"
_TABLES = "litellm_core_utils/tokenizers"
_FOLDER_SETTING = "TIKTOKEN_CACHE_DIR"
#: Counting this many characters takes about a millisecond; more is done in a thread.
_SHORT = 20_000
#: Longer stretches without a space cost the encoder quadratic time.
_PIECE = 10_000

_loading = threading.Lock()


class TiktokenCounter(TokenCounter):
    """Counts exactly for OpenAI's models, and closely for most others and for very long texts.

    The library and a vocabulary are loaded, in a thread, when they are first needed: some forty
    megabytes that a process which never counts does not hold.
    """

    def __init__(self) -> None:
        self._encodings: dict[str, Any] = {}

    async def count(self, model: str, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones counted as the text they are."""
        encoding = self._encodings.get(model)
        if encoding is None:
            encoding = await asyncio.to_thread(_encoding_for, model)
            self._remember(model, encoding)
        if sum(map(len, texts)) > _SHORT:
            return await asyncio.to_thread(_counts, encoding, texts)
        return _counts(encoding, texts)

    def _remember(self, model: str, encoding: Any) -> None:
        if len(self._encodings) >= 1000:
            self._encodings.clear()
        self._encodings[model] = encoding


def measure_tokens(text: str) -> int:
    """Tokens of one text by the newer models' vocabulary; waits, so it is called in threads."""
    return _counts(_fallback(), [text])[0]


def _counts(encoding: Any, texts: Sequence[str]) -> list[int]:
    return [
        sum(
            len(encoding.encode_ordinary(text[start : start + _PIECE]))
            for start in range(0, len(text), _PIECE)
        )
        for text in texts
    ]


def _encoding_for(model: str) -> Any:
    """The model's encoding; of names with a vendor before them, the last part counts."""
    with _loading:
        tiktoken = _tiktoken()
        try:
            name = tiktoken.encoding_name_for_model(model.rpartition("/")[2])
        except KeyError:
            name = _FALLBACK
        return tiktoken.get_encoding(name if name in _INSTALLED else _FALLBACK)


@cache
def _fallback() -> Any:
    return _encoding_for(_FALLBACK)


@cache
def _tiktoken() -> Any:
    """The library, told where its tables are: it would fetch them from the net otherwise."""
    spec = find_spec(_TABLES_OF)
    if spec is not None and spec.origin is not None:
        os.environ.setdefault(_FOLDER_SETTING, str(Path(spec.origin).parent / _TABLES))
    return import_module("tiktoken")
