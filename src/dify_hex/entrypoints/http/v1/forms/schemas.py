"""Forms that runs wait for, on the wire."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from dify_hex.application.workflow.answer_form import AnswerFormCommand
from dify_hex.application.workflow.show_form import FormWithToken
from dify_hex.domain.workflow.form import Form, FormStatus
from dify_hex.domain.workflow.nodes.human_input import MAX_FIELDS
from dify_hex.entrypoints.http.envelope import Schema


class FormResponse(Schema):
    """A form as whoever shall fill it sees it."""

    content: str = Field(
        description="Markdown; `{{#$output.name#}}` is the place of the field of that name."
    )
    inputs: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    status: FormStatus
    expires_at: datetime

    @classmethod
    def of(cls, form: Form) -> Self:
        """The wire form of a form."""
        return cls(
            content=form.content,
            inputs=[dict(each) for each in form.inputs],
            actions=[dict(each) for each in form.actions],
            status=form.status,
            expires_at=form.due_at,
        )


class RunFormResponse(Schema):
    """A form as those see it who may control its run."""

    id: UUID
    node_id: str
    frame: str
    token: str = Field(description="Whoever has it can answer the form, once.")
    path: str = Field(examples=["/v1/forms/AZrn…"])
    content: str
    inputs: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    status: FormStatus
    created_at: datetime
    expires_at: datetime
    action: str | None
    answer: dict[str, str] | None
    answered_at: datetime | None

    @classmethod
    def of(cls, known: FormWithToken) -> Self:
        """The wire form of a form and its token."""
        form = known.form
        return cls(
            id=form.id,
            node_id=form.address.node_id,
            frame=form.address.frame,
            token=known.token,
            path=f"/v1/forms/{known.token}",
            content=form.content,
            inputs=[dict(each) for each in form.inputs],
            actions=[dict(each) for each in form.actions],
            status=form.status,
            created_at=form.created_at,
            expires_at=form.due_at,
            action=None if form.answer is None else form.answer.action,
            answer=None if form.answer is None else dict(form.answer.values),
            answered_at=form.answered_at,
        )


class AnswerFormRequest(Schema):
    """What was filled in, and the action it is sent with."""

    action: Annotated[str, StringConstraints(min_length=1, max_length=20)] = Field(
        examples=["approve"]
    )
    inputs: Annotated[dict[str, JsonValue], Field(max_length=2 * MAX_FIELDS)] = Field(
        default_factory=dict, examples=[{"comment": "Looks good."}]
    )

    def to_command(self, token: str, sent_by: str | None) -> AnswerFormCommand:
        """The use case's form of it."""
        return AnswerFormCommand(
            token=token, action=self.action, inputs=dict(self.inputs), sent_by=sent_by
        )
