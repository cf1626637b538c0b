"""Which files an input takes."""

from dataclasses import replace

import pytest

from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.file_rule import FileRule
from tests.unit.domain.shared.values.test_file_reference import PAGE, PHOTO

IMAGE, DOCUMENT, CUSTOM = FileKind.IMAGE, FileKind.DOCUMENT, FileKind.CUSTOM
LAMP = replace(PHOTO, type=CUSTOM, name="a.lamp", extension=".lamp")


def codes(rule: FileRule, *files: FileReference) -> list[str]:
    return [fault.code for file in files for fault in rule.faults(file, "files")]


def test_a_rule_that_says_nothing_takes_any_one_file() -> None:
    assert codes(FileRule(), PHOTO, PAGE, LAMP) == []
    assert FileRule().count_problem(1, "files") is None


@pytest.mark.parametrize("file", [PAGE, LAMP])
def test_a_file_of_another_kind_is_told_what_is_taken(file: FileReference) -> None:
    rule = FileRule(kinds=frozenset({IMAGE, FileKind.AUDIO}))

    assert codes(rule, PHOTO) == []
    assert codes(rule, file) == ["file_input_type_not_allowed"]
    assert "audio, image" in next(rule.faults(LAMP, "files")).message


def test_custom_takes_what_has_one_of_the_extensions() -> None:
    rule = FileRule(kinds=frozenset({IMAGE, CUSTOM}), extensions=frozenset({".lamp", ".html"}))

    assert codes(rule, PHOTO, LAMP, PAGE) == []
    assert codes(rule, replace(LAMP, extension=".torch")) == ["file_input_type_not_allowed"]
    fault = next(rule.faults(replace(LAMP, extension=".torch"), "files[1]"))
    assert fault.path == "files[1]"
    assert "image, .html, .lamp" in fault.message


def test_custom_without_extensions_takes_everything() -> None:
    assert codes(FileRule(kinds=frozenset({CUSTOM})), PHOTO, LAMP) == []


def test_extensions_alone_do_not_open_the_other_kinds() -> None:
    rule = FileRule(kinds=frozenset({DOCUMENT}), extensions=frozenset({".png"}))

    assert codes(rule, PHOTO) == ["file_input_type_not_allowed"]


def test_the_way_of_transfer_is_part_of_a_rule() -> None:
    rule = FileRule(methods=frozenset({TransferMethod.LOCAL_FILE}))

    assert codes(rule, PHOTO) == []
    assert codes(rule, PAGE) == ["file_input_method_not_allowed"]


def test_too_many_files_are_counted() -> None:
    problem = FileRule(max_count=3).count_problem(4, "files")

    assert problem is not None
    assert (problem.code, problem.path) == ("file_input_too_many", "files")
    assert "3 files, not 4" in problem.message
