"""What a client shows before anything was said."""

from collections.abc import Iterator, Sequence

from dify_hex.domain.shared.values.fault import Fault

MAX_OPENING_LENGTH = 10_000
MAX_SUGGESTED_QUESTIONS = 20
MAX_QUESTION_LENGTH = 1_000


def opening_faults(statement: str, questions: Sequence[str]) -> Iterator[Fault]:
    """Everything that is wrong with an opening statement and its suggested questions."""
    if len(statement) > MAX_OPENING_LENGTH:
        yield Fault(
            code="opening_statement_too_long",
            path="opening_statement",
            message=f"Use at most {MAX_OPENING_LENGTH} characters.",
        )
    if len(questions) > MAX_SUGGESTED_QUESTIONS:
        yield Fault(
            code="suggested_questions_too_many",
            path="suggested_questions",
            message=f"Suggest at most {MAX_SUGGESTED_QUESTIONS} questions.",
        )
    for index, question in enumerate(questions):
        if not question.strip() or len(question) > MAX_QUESTION_LENGTH:
            yield Fault(
                code="suggested_question_invalid",
                path=f"suggested_questions[{index}]",
                message=f"Use from 1 to {MAX_QUESTION_LENGTH} characters.",
            )
