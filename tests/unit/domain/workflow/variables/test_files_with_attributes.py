"""Code and templates see of files what can be asked of them."""

from dify_hex.domain.shared.values.file_reference import FILE_ATTRIBUTES
from dify_hex.domain.workflow.variables.files import with_attributes
from tests.builders.variables import file


def test_a_file_becomes_an_object_of_its_attributes_wherever_it_is() -> None:
    cat = {name: file().attribute(name) for name in FILE_ATTRIBUTES}

    value = with_attributes({"cat": file().to_json(), "all": [file().to_json(), "text", 1]})

    assert value == {"cat": cat, "all": [cat, "text", 1]}
