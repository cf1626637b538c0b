"""The text of a file, or the texts of a list of files."""

from dify_hex.domain.workflow.nodes.document_extractor import DocumentExtractorConfig
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import selector


def test_one_file_gives_one_text() -> None:
    config = DocumentExtractorConfig(variable_selector=selector("start.file"))
    (reference,) = config.references()

    assert config.outputs() == {"text": ValueType.STRING}
    assert reference.accepts == {ValueType.FILE}


def test_a_list_of_files_gives_a_list_of_texts() -> None:
    config = DocumentExtractorConfig(variable_selector=selector("start.files"), is_array_file=True)
    (reference,) = config.references()

    assert config.outputs() == {"text": ValueType.STRINGS}
    assert reference.accepts == {ValueType.FILES}
