"""Every error of the package can be told in both languages."""

import importlib
import pkgutil
from string import Formatter

import pytest

import dify_hex
from dify_hex.domain.shared.errors import Conflict, DomainError
from dify_hex.entrypoints.http.messages.catalogue import (
    CATALOGUE,
    message_for,
    preferred_language,
)
from dify_hex.entrypoints.http.request_context import CHINESE, ENGLISH

#: Loading these costs seconds or starts something; they define no errors.
_NOT_LOADED = ("dify_hex.adapters.litellm", "dify_hex.bootstrap", "dify_hex.entrypoints.cli")


def _error_classes() -> set[type[DomainError]]:
    for module in pkgutil.walk_packages(dify_hex.__path__, "dify_hex."):
        if not module.name.startswith(_NOT_LOADED):
            importlib.import_module(module.name)
    found: set[type[DomainError]] = set()
    waiting = [DomainError]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting.extend(kind.__subclasses__())
    return {kind for kind in found if kind.__module__.startswith("dify_hex.")}


def test_every_code_has_its_message() -> None:
    missing = {
        f"{kind.code} ({kind.__module__}.{kind.__name__})"
        for kind in _error_classes()
        if kind.code not in CATALOGUE
    }

    assert not missing


def test_no_message_is_left_over() -> None:
    assert not set(CATALOGUE) - {kind.code for kind in _error_classes()}


@pytest.mark.parametrize("code", CATALOGUE)
def test_both_languages_say_the_same_of_the_details(code: str) -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    message = CATALOGUE[code]
    assert names(message.en) == names(message.zh)
    assert message.en.endswith((".", "}"))
    assert message.zh.endswith(("。", "}"))


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", ENGLISH),
        ("zh-CN", CHINESE),
        ("zh-Hans-CN,en;q=0.5", CHINESE),
        ("en;q=0.8, zh;q=0.9", CHINESE),
        ("en, zh", ENGLISH),
        ("zh;q=0.1, *;q=0.5", ENGLISH),
        ("fr, de", ENGLISH),
        ("fr, zh;q=0.2", CHINESE),
        ("zh;q=nonsense", ENGLISH),
        ("zh;level=1", CHINESE),
        ("zh;q=0", ENGLISH),
        ("," * 2000, ENGLISH),
    ],
)
def test_the_preferred_language_wins(header: str, language: str) -> None:
    assert preferred_language(header) == language


def test_details_fill_the_message() -> None:
    class Limited(DomainError):
        """Too large."""

        code = "biz_body_too_large"

    error = Limited(limit_bytes=7)

    assert message_for(error, ENGLISH) == "The body is larger than 7 bytes."
    assert message_for(error, CHINESE) == "请求体超过 7 字节。"
    assert message_for(Limited(), CHINESE) == "Too large."


def test_a_sentence_written_for_the_occasion_stands() -> None:
    error = Conflict("The lamp is lit already.")

    assert message_for(error, ENGLISH) == "The lamp is lit already."
    assert message_for(error, CHINESE) == "请求与资源的当前状态冲突。"


def test_an_unlisted_code_speaks_its_docstring() -> None:
    class Odd(Conflict):
        """Odd indeed."""

        code = "odd"

    assert message_for(Odd(), CHINESE) == "Odd indeed."
