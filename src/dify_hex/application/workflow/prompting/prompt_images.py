"""Shows a model the images of a run."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence

from dify_hex.application.model_provider.ports import ChatImage, ChatMessage, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.shared.patience import patiently
from dify_hex.application.workflow.file_contents import FileContents
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.domain.file.errors import FileTooLarge
from dify_hex.domain.model_provider.features import ModelFeature
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import ImagesTooLarge, VisionUnsupported
from dify_hex.domain.workflow.prompting.model_settings import Vision

#: Images of one call, and their bytes together.
MAX_IMAGES = 20
MAX_IMAGE_BYTES = 20 << 20


class PromptImages:
    """Finds the images among the files that a node selects; other files are not for its eyes.

    Those of ours travel in the request. One at an address travels as that address, unless the
    model's server is the operator's own: what a tenant names is not for that to fetch.
    """

    def __init__(self, services: NodeServices) -> None:
        self._contents: FileContents = services.file_contents

    async def of(
        self, vision: Vision, context: NodeContext, model: ResolvedModel
    ) -> tuple[ChatImage, ...]:
        """The images, in their order; none where there is no value to look at.

        Raises:
            VisionUnsupported: the model is known not to see.
            ImagesTooLarge: they are too many, or too much together.
            FileNotFound, FileExpired, StorageUnavailable: one of them cannot be read.
        """
        selector = vision.selector
        if selector is None or not context.variables.has(selector):
            return ()
        files = _images_in(context.variables.get(selector))
        if not files:
            return ()
        if ModelFeature.VISION in model.lacks:
            raise VisionUnsupported(model=model.endpoint.model)
        if len(files) > MAX_IMAGES:
            raise ImagesTooLarge(limit=MAX_IMAGES, found=len(files))
        images: list[ChatImage] = []
        room = MAX_IMAGE_BYTES
        for file in files:
            if file.url is not None and not model.endpoint.trusted:
                images.append(ChatImage(url=file.url, detail=vision.configs.detail.value))
                continue
            content = await self._read(file, context, room)
            room -= len(content)
            url = await asyncio.to_thread(_data_url, file.mime_type, content)
            images.append(ChatImage(url=url, detail=vision.configs.detail.value))
        return tuple(images)

    async def _read(self, file: FileReference, context: NodeContext, room: int) -> bytes:
        facts = context.facts
        try:
            return await patiently(
                lambda: self._contents.read(
                    context.tenant_id, file, app_id=facts.app_id, user=facts.user, limit=room
                )
            )
        except FileTooLarge:
            raise ImagesTooLarge(limit=MAX_IMAGE_BYTES, name=file.name) from None


def shown(
    messages: Sequence[ChatMessage], images: tuple[ChatImage, ...]
) -> tuple[ChatMessage, ...]:
    """The messages, with the images in the user's last one."""
    if not images:
        return tuple(messages)
    for index in reversed(range(len(messages))):
        if messages[index].role is ChatRole.USER:
            showing = ChatMessage(
                role=ChatRole.USER, content=messages[index].content, images=images
            )
            return (*messages[:index], showing, *messages[index + 1 :])
    return (*messages, ChatMessage(role=ChatRole.USER, content="", images=images))


def _images_in(value: JsonValue) -> list[FileReference]:
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    files = [FileReference.from_json(item) for item in values]
    return [file for file in files if file is not None and file.type is FileKind.IMAGE]


def _data_url(mime_type: str, content: bytes) -> str:
    return f"data:{mime_type};base64,{b64encode(content).decode()}"
