"""Finds the terms of texts, beside the event loop."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from dify_hex.adapters.text_analysis.terms import TermCutter
from dify_hex.application.knowledge.ports import TextAnalyser

#: Texts that are cut before another caller has its turn.
_AT_ONCE = 32


class WordAnalyser(TextAnalyser):
    """Chinese words by dictionary, English ones by their stem, everything else as it stands.

    One thread does it: the stemmer can be used by one only, and words that were seen before are
    remembered once. Nothing is loaded before it is needed, as most processes never need it.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="text-analysis")
        self._cutter: TermCutter | None = None

    async def terms(self, texts: Sequence[str]) -> Sequence[Sequence[str]]:
        """The terms of each text, in order and with repetitions."""
        loop = asyncio.get_running_loop()
        found: list[Sequence[str]] = []
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            found.extend(await loop.run_in_executor(self._thread, self._cut, some))
        return found

    def _cut(self, texts: Sequence[str]) -> list[list[str]]:
        if self._cutter is None:
            self._cutter = _load_cutter()
        return [self._cutter.terms(text) for text in texts]


def _load_cutter() -> TermCutter:
    # Imported here: the dictionary and the stemmers of all languages are tens of megabytes.
    import rjieba  # noqa: PLC0415 - see above
    import snowballstemmer  # noqa: PLC0415 - see above

    return TermCutter(rjieba.cut_for_search, snowballstemmer.stemmer("english").stemWord)
