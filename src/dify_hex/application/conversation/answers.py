"""What a caller who waited for an answer is told."""

from dify_hex.application.conversation.read_models import MessageUsage, MessageView
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.domain.conversation.errors import AnswerFailed
from dify_hex.domain.conversation.message import Message, MessageStatus


def failure_of(message: Message, result: RunResult) -> AnswerFailed:
    """Why there is no answer."""
    return AnswerFailed(
        message_id=str(message.id),
        conversation_id=None if message.conversation_id is None else str(message.conversation_id),
        run_id=str(message.run_id),
        reason=None if result.error is None else result.error.code,
        explanation="" if result.error is None else result.error.message,
    )


def answered(message: Message, result: RunResult) -> MessageView:
    """The message with its answer, or with what there is of it at a pause."""
    status = MessageStatus(result.status.value)
    first_token = result.usage.first_token_seconds
    return MessageView(
        id=message.id,
        app_id=message.app_id,
        conversation_id=message.conversation_id,
        parent_id=message.parent_id,
        run_id=message.run_id,
        user=message.user,
        query=message.query,
        inputs=message.inputs,
        files=message.files,
        status=status,
        answer=result.answer,
        usage=MessageUsage(
            prompt_tokens=result.usage.prompt_tokens,
            completion_tokens=result.usage.completion_tokens,
            first_token_ms=None if first_token is None else round(first_token * 1000),
        ),
        error=None,
        feedback=None,
        created_at=message.created_at,
        finished_at=result.at if status.is_final else None,
        citations=result.citations,
    )
