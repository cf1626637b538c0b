"""A file as the value of a variable."""

import json
from typing import cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.values.file_reference import (
    FILE_ATTRIBUTES,
    FileKind,
    FileReference,
    TransferMethod,
)
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue

PHOTO = FileReference(
    id=FileId(UUID(int=7)),
    type=FileKind.IMAGE,
    transfer_method=TransferMethod.LOCAL_FILE,
    name="photo.png",
    extension=".png",
    mime_type="image/png",
    size=42,
)
PAGE = FileReference(
    type=FileKind.DOCUMENT,
    transfer_method=TransferMethod.REMOTE_URL,
    name="page.html",
    extension=".html",
    mime_type="text/html",
    url="https://example.com/page.html",
)
PLAIN = dict(cast("JsonObject", PHOTO.to_json()["$file"]))
REFERENCES = st.builds(
    FileReference,
    id=st.none() | st.uuids().map(FileId),
    type=st.sampled_from(FileKind),
    transfer_method=st.sampled_from(TransferMethod),
    name=st.text(),
    extension=st.text(),
    mime_type=st.text(),
    size=st.none() | st.integers(min_value=0),
    url=st.none() | st.text(),
)


@given(REFERENCES)
def test_a_file_comes_back_from_json(file: FileReference) -> None:
    assert FileReference.from_json(json.loads(json.dumps(file.to_json()))) == file


@pytest.mark.parametrize(
    "value",
    [
        None,
        "photo.png",
        42,
        [],
        {},
        {"name": "photo.png"},
        {"$file": None},
        {"$file": {}},
        {"$file": PLAIN, "more": 1},
        {"$file": {**PLAIN, "type": "spreadsheet"}},
        {"$file": {**PLAIN, "name": None}},
        {"$file": {**PLAIN, "related_id": "nobody"}},
        {"$file": {**PLAIN, "url": 5}},
    ],
)
def test_what_is_no_file_is_taken_for_none(value: JsonValue) -> None:
    assert FileReference.from_json(value) is None


def test_a_size_that_is_no_number_is_unknown() -> None:
    inner = {**PLAIN, "size": True}

    found = FileReference.from_json({"$file": inner})

    assert found is not None
    assert found.size is None


def test_selectors_read_the_attributes_of_a_file() -> None:
    assert {name: PHOTO.attribute(name) for name in FILE_ATTRIBUTES} == {
        "type": "image",
        "size": 42,
        "name": "photo.png",
        "mime_type": "image/png",
        "transfer_method": "local_file",
        "url": None,
        "extension": ".png",
        "related_id": str(UUID(int=7)),
    }
    assert PAGE.attribute("url") == "https://example.com/page.html"


def test_a_file_has_no_other_attributes() -> None:
    with pytest.raises(KeyError):
        PHOTO.attribute("content")
