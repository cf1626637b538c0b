"""Writes what the llm node tells its model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dify_hex.application.model_provider.ports import ChatMessage, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompting.past_turns import PastTurns, as_dialogue, as_messages
from dify_hex.application.workflow.prompting.prompt_images import PromptImages, shown
from dify_hex.application.workflow.text_templates import TextTemplates
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptEdition,
    PromptMessage,
    PromptMode,
    PromptSyntax,
)
from dify_hex.domain.workflow.prompting.context import CONTEXT_SLOT, HISTORY_SLOT, context_text
from dify_hex.domain.workflow.prompting.model_settings import RolePrefix
from dify_hex.domain.workflow.variables.pool import as_text
from dify_hex.domain.workflow.variables.template import Template

START = NodeId("start")
_SLOTS = re.compile(f"({re.escape(CONTEXT_SLOT)}|{re.escape(HISTORY_SLOT)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a prompt is made of, but for the conversation."""

    prompt: tuple[ChatMessage, ...]
    query: tuple[ChatMessage, ...]


class LlmPrompt:
    """Renders the prompt with the run's variables, and puts memory, query and images in place.

    What a variable holds is never read as a template itself.
    """

    def __init__(self, services: NodeServices) -> None:
        self._templates = services.templates
        self._any_template = TextTemplates(services)
        self._past = PastTurns(services)
        self._images = PromptImages(services)

    async def messages(
        self, config: LlmConfig, context: NodeContext, model: ResolvedModel
    ) -> tuple[ChatMessage, ...]:
        """The messages, in the order in which the model reads them.

        Raises:
            VariableMissing, InvalidTemplate, ContextUnusable: the prompt cannot be rendered.
            CodeFailed: a template beyond the plain ones cannot be; details name its line.
            PromptTooLong: it leaves no room for an answer.
            VisionUnsupported, ImagesTooLarge: the images cannot be shown.
        """
        images = await self._images.of(config.vision, context, model)
        parts = _Parts(
            prompt=await self._prompt(config, context, history=""), query=_query(config, context)
        )
        beside = shown(parts.prompt + parts.query, images)
        turns = await self._past.that_fit(config, context, model, beside)
        if config.mode is PromptMode.COMPLETION:
            return shown(await self._completion(config, context, parts, turns), images)
        if parts.query:
            return (*parts.prompt, *as_messages(turns), *shown(parts.query, images))
        return (*shown(parts.prompt, images), *as_messages(turns))

    async def _completion(
        self,
        config: LlmConfig,
        context: NodeContext,
        parts: _Parts,
        turns: tuple[ChatTurn, ...],
    ) -> tuple[ChatMessage, ...]:
        prefix = RolePrefix() if config.memory is None else config.memory.role_prefix
        history = as_dialogue(turns, prefix)
        prompt = await self._prompt(config, context, history=history) if turns else parts.prompt
        texts = [message.content for message in (*prompt, *parts.query)]
        if history and not any(HISTORY_SLOT in message.text for message in config.prompt):
            texts.insert(0, history)
        return (ChatMessage(role=ChatRole.USER, content="\n".join(texts)),)

    async def _prompt(
        self, config: LlmConfig, context: NodeContext, *, history: str
    ) -> tuple[ChatMessage, ...]:
        slots = {HISTORY_SLOT: history, CONTEXT_SLOT: ""}
        if config.context.selector is not None:
            slots[CONTEXT_SLOT] = context_text(context.variables.get(config.context.selector))
        texts = [await self._render(config, context, message, slots) for message in config.prompt]
        return tuple(
            ChatMessage(role=ChatRole(message.role.value), content=text)
            for message, text in zip(config.prompt, texts, strict=True)
            if text
        )

    async def _render(
        self,
        config: LlmConfig,
        context: NodeContext,
        message: PromptMessage,
        slots: Mapping[str, str],
    ) -> str:
        if message.edition_type is PromptEdition.JINJA2:
            values = {
                variable.variable: context.variables.get(variable.value_selector)
                for variable in config.prompt_config.jinja2_variables
            }
            return await self._any_template.render(context.tenant_id, message.jinja2_text, values)
        if config.syntax is PromptSyntax.INPUTS:
            return self._templates.render(message.text, context.variables.of(START))
        return "".join(
            slots[part] if part in slots else context.variables.render(Template.parse(part))
            for part in _SLOTS.split(message.text)
        )


def _query(config: LlmConfig, context: NodeContext) -> tuple[ChatMessage, ...]:
    template = "" if config.memory is None else config.memory.query_prompt_template
    if template:
        text = context.variables.render(Template.parse(template))
    elif config.query is not None:
        text = as_text(context.variables.get(config.query))
    else:
        return ()
    return (ChatMessage(role=ChatRole.USER, content=text),)
