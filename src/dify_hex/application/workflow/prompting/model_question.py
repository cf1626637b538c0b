"""Puts a text before a model with rules for what to make of it."""

from dify_hex.application.model_provider.ports import ChatMessage, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompting.past_turns import PastTurns, as_dialogue
from dify_hex.application.workflow.prompting.prompt_images import PromptImages, shown
from dify_hex.domain.workflow.prompting.model_settings import CallsModel, RolePrefix
from dify_hex.domain.workflow.variables.template import Template


class ModelQuestion:
    """The rules, the author's instruction and the conversation go before; the text stands alone.

    The conversation is told as one text, for its answers are no examples of what is wanted here.
    """

    def __init__(self, services: NodeServices) -> None:
        self._past = PastTurns(services)
        self._images = PromptImages(services)

    async def messages(
        self,
        config: CallsModel,
        context: NodeContext,
        model: ResolvedModel,
        *,
        rules: str,
        instruction: str,
        text: str,
    ) -> tuple[ChatMessage, ...]:
        """The messages; `instruction` is a template.

        Raises:
            VariableMissing: the instruction shows what has no value.
            PromptTooLong: there is no room for an answer.
            VisionUnsupported, ImagesTooLarge: the images cannot be shown.
        """
        images = await self._images.of(config.vision, context, model)
        told = [rules]
        if instruction := context.variables.render(Template.parse(instruction)).strip():
            told.append(f"Mind also:\n{instruction}")
        question = shown((ChatMessage(role=ChatRole.USER, content=text),), images)
        turns = await self._past.that_fit(config, context, model, (_system(told), *question))
        if turns:
            prefix = RolePrefix() if config.memory is None else config.memory.role_prefix
            told.append(f"This was said before:\n{as_dialogue(turns, prefix)}")
        return (_system(told), *question)


def _system(told: list[str]) -> ChatMessage:
    return ChatMessage(role=ChatRole.SYSTEM, content="\n\n".join(told))
