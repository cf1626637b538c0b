"""Cuts texts into terms: words of any script, stemmed where they are English, numbers and codes.

The same is done with what is searched and with what is asked, so that a term only has to be the
same on both sides, not nice to look at.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

#: Longer ones are no words; a beginning of this length tells them apart well enough.
LONGEST_TERM = 64
#: Stems that are remembered: most of a text is made of few words.
REMEMBERED = 32_768

#: Words that say how a sentence is built and not what it is about: those that Lucene leaves out of
#: English, and their Chinese kin.
_ENGLISH = """
a an and are as at be but by for if in into is it no not of on or such that the their then there
these they this to was will with
"""
_CHINESE = "的了是在和与及或也都而就着吗呢吧啊这那之于把被"
STOP_WORDS = frozenset((*_ENGLISH.split(), *_CHINESE))
#: What is left of a word when it is cut at an apostrophe.
_CONTRACTED = frozenset({"s", "t", "d", "m", "re", "ve", "ll"})

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
#: Scripts that put no space between words, and that no dictionary is here for.
_SPACELESS = "\u3041-\u30ff\u0e01-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
_OTHER = rf"[^\W{_HAN}{_SPACELESS}]"
#: Each alternative can be matched in one way only, so that no text takes long.
_TOKEN = re.compile(
    rf"(?P<han>[{_HAN}]+)"
    rf"|(?P<spaceless>[{_SPACELESS}]+)"
    rf"|(?P<other>{_OTHER}+(?:(?:[-_.:/@+#']|(?<=\d),(?=\d)){_OTHER}+)*)"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PARTS = re.compile(r"[^\W_]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_ACCENTS = re.compile("[\u0300-\u036f]+")
#: Names of languages, the one place where these signs make a word.
_SIGNED = re.compile(r"\b(?:c|f|j)(?:\+\+|#)")

Words = Callable[[str], Iterable[str]]


class TermCutter:
    """Cuts texts, with a dictionary of Chinese words and a stemmer of English ones.

    The stemmer remembers what it works on, so only one thread may use a cutter at a time.
    """

    def __init__(self, chinese_words: Words, english_stem: Callable[[str], str]) -> None:
        self._chinese_words = chinese_words
        self._stem = lru_cache(maxsize=REMEMBERED)(english_stem)

    def terms(self, text: str) -> list[str]:
        """The terms of a text, in order and with repetitions."""
        folded = _folded(text)
        return [
            term[:LONGEST_TERM]
            for token in _TOKEN.finditer(folded)
            for term in self._terms_of(token)
            if term and term not in STOP_WORDS
        ]

    def _terms_of(self, token: re.Match[str]) -> Iterator[str]:
        text = token.group()
        if token.lastgroup == "han":
            yield from self._chinese_words(text)
        elif token.lastgroup == "spaceless":
            yield from _pairs(text)
        elif text.isalnum():
            yield self._word(text)
        elif _NUMBER.fullmatch(text):
            yield _THOUSANDS.sub("", text)
        else:
            yield from self._parts(text)

    def _parts(self, text: str) -> Iterator[str]:
        """A code is found as a whole and by its parts; other words by their parts only."""
        if any(sign.isdigit() or sign in "_.:/@" for sign in text):
            yield text
        for part in _PARTS.findall(text):
            if "'" not in text or part not in _CONTRACTED:
                yield self._word(part)

    def _word(self, word: str) -> str:
        if word in STOP_WORDS or not word.isascii():
            return word
        return self._stem(word) if not word.isdigit() else word


def _folded(text: str) -> str:
    """The text without what two writers of one word may differ in: width, case and accents."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    signed = _SIGNED.sub(lambda name: name.group().replace("+", "p").replace("#", "sharp"), folded)
    if signed.isascii():
        return signed
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", signed))
    return unicodedata.normalize("NFC", bare)


def _pairs(text: str) -> Iterable[str]:
    """Every two signs that stand together, as nothing says where a word ends."""
    if len(text) == 1:
        return (text,)
    return (text[place : place + 2] for place in range(len(text) - 1))
