"""Files are found where values hold them, and each is shown once."""

from dify_hex.domain.workflow.variables.files import files_in
from tests.builders.variables import file

CAT, DOG = file("cat.png").to_json(), file("dog.png").to_json()


def test_files_are_found_alone_and_in_lists_in_order() -> None:
    assert files_in(["text", CAT, [DOG, "text"], None, {"a": 1}]) == [CAT, DOG]


def test_a_file_that_is_found_twice_is_one() -> None:
    assert files_in([CAT, [CAT]]) == [CAT]


def test_an_object_is_not_searched() -> None:
    assert files_in([{"picture": CAT}]) == []
