"""Every error code's message, and which of its languages a caller reads."""

from string import Formatter

from dify_hex.domain.shared.errors import DetailValue, DomainError, first_line
from dify_hex.entrypoints.http.messages import (
    account,
    app,
    conversation,
    file,
    knowledge,
    model_provider,
    outbound,
    reading,
    retrieval,
    sandbox,
    segment,
    shared,
    task,
    workflow,
)
from dify_hex.entrypoints.http.messages.message import Messages
from dify_hex.entrypoints.http.request_context import CHINESE, ENGLISH

CATALOGUE: Messages = {
    **shared.MESSAGES,
    **account.MESSAGES,
    **app.MESSAGES,
    **conversation.MESSAGES,
    **file.MESSAGES,
    **knowledge.MESSAGES,
    **model_provider.MESSAGES,
    **outbound.MESSAGES,
    **reading.MESSAGES,
    **retrieval.MESSAGES,
    **sandbox.MESSAGES,
    **segment.MESSAGES,
    **task.MESSAGES,
    **workflow.MESSAGES,
}

#: A header longer than this is not a person's list of languages.
_MAX_HEADER = 512


def message_for(error: DomainError, language: str) -> str:
    """The error's message in `language`, its placeholders filled from the details.

    A sentence that the raiser wrote for this one occurrence is more precise than the table's
    English, and stands in its place.
    """
    message = CATALOGUE.get(error.code)
    if message is None:
        return error.message
    if language == CHINESE:
        return _fill(message.zh, error) or error.message
    if error.message != first_line(type(error).__doc__):
        return error.message
    return _fill(message.en, error) or error.message


def preferred_language(accept_language: str) -> str:
    """Chinese when the caller weighs it above English, else English."""
    best, weight = ENGLISH, 0.0
    for part in accept_language[:_MAX_HEADER].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language == "*":
            language = ENGLISH
        if language not in (ENGLISH, CHINESE):
            continue
        quality = _quality(parameters)
        if quality > weight:
            best, weight = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _fill(template: str, error: DomainError) -> str | None:
    """The template with its placeholders filled; None when the error lacks one of them."""
    wanted = [name for _, name, _, _ in Formatter().parse(template) if name]
    if any(name not in error.details for name in wanted):
        return None
    return template.format_map({name: _shown(error.details[name]) for name in wanted})


def _shown(value: DetailValue) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
