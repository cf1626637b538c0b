"""Files that come with a message."""

import json

import pytest

from dify_hex.application.conversation.message_files import MAX_FILES
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.file.errors import FileInputsInvalid
from dify_hex.domain.shared.ids import EndUserName
from dify_hex.domain.shared.values.file_reference import FileReference, TransferMethod
from tests.builders.conversation import ANN
from tests.builders.file import a_file
from tests.unit.application.conversation.conftest import ChatHouse

PAGE = {"transfer_method": "remote_url", "url": "https://example.com/a.html"}


async def kept(house: ChatHouse, user: EndUserName) -> FileReference:
    file = a_file(user=user)
    async with house.begin(file.tenant_id) as work:
        work.files.add(file)
        await work.commit()
    return file.reference(now=house.clock.now())


async def test_a_message_keeps_the_files_that_came_with_it(house: ChatHouse) -> None:
    app_id = await house.app()
    photo = await kept(house, ANN)

    sent = await house.say(app_id, files=[{"upload_file_id": str(photo.id)}, PAGE])

    first, second = sent.message.files
    assert first == photo
    assert (second.transfer_method, second.url) == (TransferMethod.REMOTE_URL, PAGE["url"])
    assert sent.answered is not None
    assert sent.answered.files == sent.message.files
    began = json.loads(house.shelf.runs.runs[sent.message.run_id].rows[0].payload)
    assert began["files"] == [file.to_json() for file in sent.message.files]


async def test_a_message_usually_comes_without_files(house: ChatHouse) -> None:
    sent = await house.say(await house.app())

    assert sent.message.files == ()


@pytest.mark.parametrize("count", [1, MAX_FILES + 1])
async def test_with_files_that_cannot_be_used_nothing_is_said(house: ChatHouse, count: int) -> None:
    app_id = await house.app()
    theirs = await kept(house, EndUserName("bob"))
    given = [{"upload_file_id": str(theirs.id)}] if count == 1 else [PAGE] * count

    with pytest.raises(FileInputsInvalid):
        await house.say(app_id, files=given)

    assert house.shelf.messages == {}
    assert house.database.all(Conversation) == []
