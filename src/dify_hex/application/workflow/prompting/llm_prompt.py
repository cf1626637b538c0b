"""Writes what the llm node tells its model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dify_hex.application.model_provider.ports import ChatImage, ChatMessage, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompting.past_turns import PastTurns, as_dialogue, as_messages
from dify_hex.application.workflow.prompting.prompt_images import PromptImages, shown
from dify_hex.application.workflow.text_templates import TextTemplates
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptEdition,
    PromptMessage,
    PromptMode,
    PromptSyntax,
)
from dify_hex.domain.workflow.prompting.context import (
    CONTEXT_SLOT,
    HISTORY_SLOT,
    ContextPiece,
    context_block,
    context_pieces,
    context_text,
    numbered_passage,
)
from dify_hex.domain.workflow.prompting.model_settings import RolePrefix
from dify_hex.domain.workflow.variables.pool import as_text
from dify_hex.domain.workflow.variables.template import Template

START = NodeId("start")
_SLOTS = re.compile(f"({re.escape(CONTEXT_SLOT)}|{re.escape(HISTORY_SLOT)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPrompt:
    """What the model is told, and the passages of Knowledge in it."""

    messages: tuple[ChatMessage, ...]
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a prompt is made of, but for the conversation."""

    prompt: tuple[ChatMessage, ...]
    query: tuple[ChatMessage, ...]
    pieces: tuple[ContextPiece, ...]


class LlmPrompt:
    """Renders the prompt with the run's variables, and puts memory, query and images in place.

    What a variable holds is never read as a template itself. Passages of Knowledge give way where
    the window has no room for them all; any other context is part of the prompt.
    """

    def __init__(self, services: NodeServices) -> None:
        self._templates = services.templates
        self._any_template = TextTemplates(services)
        self._past = PastTurns(services)
        self._images = PromptImages(services)

    async def write(
        self, config: LlmConfig, context: NodeContext, model: ResolvedModel
    ) -> WrittenPrompt:
        """The messages, in the order in which the model reads them.

        Raises:
            VariableMissing, InvalidTemplate, ContextUnusable: the prompt cannot be rendered.
            CodeFailed: a template beyond the plain ones cannot be; details name its line.
            PromptTooLong: it leaves no room for an answer.
            VisionUnsupported, ImagesTooLarge: the images cannot be shown.
        """
        images = await self._images.of(config.vision, context, model)
        pieces = _pieces(config, context)
        may_go = bool(pieces) and all(piece.citation is not None for piece in pieces)
        query = _query(config, context)
        empty = await self._prompt(config, context, () if may_go else pieces, framed=may_go)
        fitting = await self._past.fit(
            config, context, model, shown(empty + query, images), _written(config, pieces, may_go)
        )
        kept = pieces[: fitting.passages] if may_go else pieces
        prompt = await self._prompt(config, context, kept) if may_go else empty
        parts = _Parts(prompt=prompt, query=query, pieces=kept)
        return WrittenPrompt(
            messages=await self._messages(config, context, parts, fitting.turns, images),
            citations=_cited(config, kept),
        )

    async def _messages(
        self,
        config: LlmConfig,
        context: NodeContext,
        parts: _Parts,
        turns: tuple[ChatTurn, ...],
        images: tuple[ChatImage, ...],
    ) -> tuple[ChatMessage, ...]:
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
        prompt = parts.prompt
        if turns:
            prompt = await self._prompt(config, context, parts.pieces, history=history)
        texts = [message.content for message in (*prompt, *parts.query)]
        if history and not any(HISTORY_SLOT in message.text for message in config.prompt):
            texts.insert(0, history)
        return (ChatMessage(role=ChatRole.USER, content="\n".join(texts)),)

    async def _prompt(
        self,
        config: LlmConfig,
        context: NodeContext,
        pieces: tuple[ContextPiece, ...],
        *,
        history: str = "",
        framed: bool = False,
    ) -> tuple[ChatMessage, ...]:
        """The prompt around these pieces; `framed` leaves room for what stands around passages."""
        slots = {HISTORY_SLOT: history, CONTEXT_SLOT: context_text(pieces)}
        texts = [await self._render(config, context, message, slots) for message in config.prompt]
        messages = tuple(
            ChatMessage(role=ChatRole(message.role.value), content=text)
            for message, text in zip(config.prompt, texts, strict=True)
            if text
        )
        if config.syntax is PromptSyntax.INPUTS and (pieces or framed):
            return _with_block(messages, context_block(pieces), before=config.query is None)
        return messages

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


def _pieces(config: LlmConfig, context: NodeContext) -> tuple[ContextPiece, ...]:
    if config.context.selector is None:
        return ()
    return context_pieces(context.variables.get(config.context.selector))


def _written(config: LlmConfig, pieces: Sequence[ContextPiece], may_go: bool) -> list[str]:
    """The pieces that may go, as the prompt shows them; none where it does not."""
    if not may_go or not _shows_context(config):
        return []
    if config.syntax is PromptSyntax.SELECTORS:
        return [f"{piece.text}\n" for piece in pieces]
    return [f"{numbered_passage(number, piece)}\n\n" for number, piece in enumerate(pieces, 1)]


def _shows_context(config: LlmConfig) -> bool:
    return config.syntax is PromptSyntax.INPUTS or any(
        CONTEXT_SLOT in message.text
        for message in config.prompt
        if message.edition_type is PromptEdition.BASIC
    )


def _cited(config: LlmConfig, pieces: Sequence[ContextPiece]) -> tuple[Citation, ...]:
    if not _shows_context(config):
        return ()
    cited = [piece.citation for piece in pieces if piece.citation is not None]
    return tuple(replace(each, position=number) for number, each in enumerate(cited, start=1))


def _with_block(
    messages: tuple[ChatMessage, ...], block: str, *, before: bool
) -> tuple[ChatMessage, ...]:
    """The block in the one message that there is; many models take only one of the system."""
    if not messages:
        return (ChatMessage(role=ChatRole.SYSTEM, content=block),)
    first = messages[0]
    texts = (block, first.content) if before else (first.content, block)
    return (replace(first, content="\n\n".join(texts)), *messages[1:])


def _query(config: LlmConfig, context: NodeContext) -> tuple[ChatMessage, ...]:
    template = "" if config.memory is None else config.memory.query_prompt_template
    if template:
        text = context.variables.render(Template.parse(template))
    elif config.query is not None:
        text = as_text(context.variables.get(config.query))
    else:
        return ()
    return (ChatMessage(role=ChatRole.USER, content=text),)
