"""The document-extractor node puts out what is written in files."""

from dataclasses import replace

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.nodes import document_extractor
from dify_hex.application.workflow.nodes.document_extractor import DocumentExtractorExecutor
from dify_hex.domain.knowledge.reading_errors import (
    DocumentEncrypted,
    DocumentReaderUnavailable,
    DocumentTextTooLong,
)
from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.document_extractor import DocumentExtractorConfig
from tests.builders.node_context import context_of
from tests.builders.node_services import services
from tests.builders.variables import at, file, pool_of
from tests.fakes.kept_contents import KeptContents
from tests.fakes.read_documents import LineReader

FIRST, SECOND = FileId(new_id()), FileId(new_id())


def named(file_id: FileId, name: str = "report.txt") -> FileReference:
    return replace(file(name), id=file_id, url=None)


async def extract(
    value: JsonValue, contents: dict[FileId, bytes], *, is_list: bool = False
) -> JsonObject:
    config = DocumentExtractorConfig(variable_selector=at("start.it"), is_array_file=is_list)
    executor = DocumentExtractorExecutor(
        replace(services(file_contents=KeptContents(contents)), reader=LineReader())
    )
    pool = pool_of(start={"it": value})
    (outcome,) = [output async for output in executor.execute(config, context_of(pool))]
    assert isinstance(outcome, NodeOutcome)
    return outcome.outputs


async def test_a_file_becomes_its_text_as_markdown() -> None:
    outputs = await extract(named(FIRST).to_json(), {FIRST: b"# Report\nIt went well.\nMore."})

    assert outputs == {"text": "# Report\n\nIt went well.\n\nMore."}


async def test_a_list_of_files_becomes_a_list_of_texts() -> None:
    files = [named(SECOND).to_json(), named(FIRST).to_json()]

    outputs = await extract(files, {FIRST: b"one", SECOND: b"two"}, is_list=True)

    assert outputs == {"text": ["two", "one"]}


async def test_an_empty_list_has_no_texts() -> None:
    assert await extract([], {}, is_list=True) == {"text": []}


async def test_a_file_at_an_address_is_fetched() -> None:
    assert await extract(file("a.txt").to_json(), {}) == {"text": "fetched"}


async def test_no_file_at_all_fails_the_node() -> None:
    with pytest.raises(VariableMissing):
        await extract(None, {})


async def test_a_file_that_cannot_be_read_fails_the_node_with_the_reason() -> None:
    with pytest.raises(DocumentEncrypted):
        await extract(named(FIRST).to_json(), {FIRST: b"locked"})


async def test_texts_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_extractor, "MAX_CHARACTERS", 10)
    files = [named(FIRST).to_json(), named(SECOND).to_json()]

    await extract(files, {FIRST: b"12345", SECOND: b"67890"}, is_list=True)
    with pytest.raises(DocumentTextTooLong):
        await extract(files, {FIRST: b"12345", SECOND: b"678901"}, is_list=True)


async def test_where_nothing_can_be_read_the_node_says_so() -> None:
    executor = DocumentExtractorExecutor(services(file_contents=KeptContents({FIRST: b"x"})))
    config = DocumentExtractorConfig(variable_selector=at("start.it"))
    pool = pool_of(start={"it": named(FIRST).to_json()})

    with pytest.raises(DocumentReaderUnavailable):
        await anext(executor.execute(config, context_of(pool)))
