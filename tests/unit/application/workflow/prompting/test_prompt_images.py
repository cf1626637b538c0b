"""Which images a model is shown, and how they reach it."""

from dataclasses import replace
from uuid import UUID

import pytest

from dify_hex.application.model_provider.ports import ChatImage, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.workflow.file_contents import FileContents, NoFileContents
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.prompting.prompt_images import (
    MAX_IMAGE_BYTES,
    MAX_IMAGES,
    PromptImages,
)
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import ImagesTooLarge, VisionUnsupported
from dify_hex.domain.workflow.nodes.llm import LlmConfig, PromptMessage, PromptMode, PromptRole
from dify_hex.domain.workflow.prompting.model_settings import ImageDetail, Vision, VisionConfigs
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.model_node import MODEL, ModelNode
from tests.fakes.kept_contents import KeptContents

CAT, DOG = FileId(UUID(int=1)), FileId(UUID(int=2))
CONTENTS = {CAT: b"cat", DOG: b"dog"}


def image(id: FileId = CAT, *, url: str | None = None) -> JsonValue:
    return FileReference(
        type=FileKind.IMAGE,
        transfer_method=TransferMethod.LOCAL_FILE if url is None else TransferMethod.REMOTE_URL,
        name="cat.png",
        extension=".png",
        mime_type="image/png",
        id=id if url is None else None,
        url=url,
    ).to_json()


def document() -> JsonValue:
    return FileReference(
        type=FileKind.DOCUMENT,
        transfer_method=TransferMethod.LOCAL_FILE,
        name="a.pdf",
        extension=".pdf",
        mime_type="application/pdf",
        id=DOG,
    ).to_json()


def config(*prompt: PromptMessage, query: bool = True) -> LlmConfig:
    return LlmConfig(
        model=MODEL,
        prompt=prompt,
        query=Selector(SYSTEM, "query") if query else None,
        vision=Vision(enabled=True, configs=VisionConfigs(detail=ImageDetail.LOW)),
    )


def node(
    of: LlmConfig, *files: JsonValue, contents: FileContents | None = None, model: str = "sees"
) -> ModelNode[LlmConfig]:
    return ModelNode(
        LlmExecutor,
        replace(of, model=replace(MODEL, model=model)),
        values={"sys": {"files": list(files)}},
        serves=Model(name=model),
        files=contents or KeptContents(CONTENTS),
    )


async def shown(of: ModelNode[LlmConfig]) -> list[tuple[ChatRole, str, tuple[ChatImage, ...]]]:
    await of.execute()
    (request,) = of.model.requests
    return [(message.role, message.content, message.images) for message in request.messages]


def data(encoded: str) -> ChatImage:
    return ChatImage(url=f"data:image/png;base64,{encoded}", detail="low")


async def test_images_are_shown_with_the_last_words_of_the_user() -> None:
    system = PromptMessage(role=PromptRole.SYSTEM, text="Look.")

    assert await shown(node(config(system), image(CAT), image(DOG))) == [
        (ChatRole.SYSTEM, "Look.", ()),
        (ChatRole.USER, "Hello?", (data("Y2F0"), data("ZG9n"))),
    ]


async def test_without_a_query_they_go_to_the_last_prompt_of_the_user() -> None:
    prompt = (
        PromptMessage(role=PromptRole.USER, text="What is this?"),
        PromptMessage(role=PromptRole.ASSISTANT, text="It is"),
    )

    assert await shown(node(config(*prompt, query=False), image())) == [
        (ChatRole.USER, "What is this?", (data("Y2F0"),)),
        (ChatRole.ASSISTANT, "It is", ()),
    ]


async def test_where_the_user_says_nothing_they_stand_alone() -> None:
    system = PromptMessage(role=PromptRole.SYSTEM, text="Say what you see.")

    assert (await shown(node(config(system, query=False), image())))[-1] == (
        ChatRole.USER,
        "",
        (data("Y2F0"),),
    )


async def test_a_completion_shows_them_too() -> None:
    prompt = PromptMessage(role=PromptRole.USER, text="This is")
    of = replace(config(prompt, query=False), mode=PromptMode.COMPLETION)

    assert await shown(node(of, image())) == [(ChatRole.USER, "This is", (data("Y2F0"),))]


async def test_a_single_file_will_do() -> None:
    of = node(config())
    of.context.variables.put(SYSTEM, {"query": "Hello?", "files": image()})

    assert (await shown(of))[0][2] == (data("Y2F0"),)


@pytest.mark.parametrize("files", [[], [document()], ["no file"], [None]])
async def test_only_images_are_shown(files: list[JsonValue]) -> None:
    assert await shown(node(config(), *files)) == [(ChatRole.USER, "Hello?", ())]


async def test_a_run_without_files_shows_none() -> None:
    of = ModelNode(LlmExecutor, config())

    assert (await shown(of))[0][2] == ()


async def test_vision_that_is_not_enabled_looks_at_nothing() -> None:
    of = replace(config(), vision=Vision())

    assert (await shown(node(of, image())))[0][2] == ()


async def test_a_model_that_cannot_see_is_told_by_name() -> None:
    with pytest.raises(VisionUnsupported) as refused:
        await node(config(), image(), model="smollm2-135m-instruct").execute()

    assert refused.value.details == {"model": "smollm2-135m-instruct"}


async def test_a_model_that_cannot_see_may_have_nothing_to_see() -> None:
    assert (await shown(node(config(), model="smollm2-135m-instruct")))[0][2] == ()


async def test_images_have_a_number() -> None:
    with pytest.raises(ImagesTooLarge):
        await node(config(), *[image()] * (MAX_IMAGES + 1)).execute()


async def test_images_have_a_size_together() -> None:
    half = bytes(MAX_IMAGE_BYTES // 2 + 1)

    with pytest.raises(ImagesTooLarge) as refused:
        await node(
            config(), image(CAT), image(DOG), contents=KeptContents({CAT: half, DOG: half})
        ).execute()

    assert refused.value.details["name"] == "cat.png"


async def test_a_file_that_is_gone_fails_the_node() -> None:
    with pytest.raises(FileNotFound):
        await node(config(), image(), contents=NoFileContents()).execute()


class TestImageAtAnAddress:
    URL = "https://pictures.example/cat.png"

    async def test_the_operators_own_server_is_given_its_content(self) -> None:
        assert (await shown(node(config(), image(url=self.URL))))[0][2] == (data("ZmV0Y2hlZA=="),)

    async def test_a_vendor_is_given_the_address(self) -> None:
        of = ModelNode(LlmExecutor, config())
        trusted = await of.resolve()
        vendor = replace(trusted, endpoint=replace(trusted.endpoint, trusted=False))
        of.context.variables.put(SYSTEM, {"files": [image(url=self.URL)]})

        assert await images_for(of, vendor) == (ChatImage(url=self.URL, detail="low"),)


async def images_for(of: ModelNode[LlmConfig], model: ResolvedModel) -> tuple[ChatImage, ...]:
    return await PromptImages(of.services).of(of.config.vision, of.context, model)
