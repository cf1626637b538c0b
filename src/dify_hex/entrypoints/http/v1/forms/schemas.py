"""Forms that runs wait for, on the wire."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from dify_hex.application.file.file_intake import FileDetails
from dify_hex.application.file.read_models import FileView
from dify_hex.application.workflow.answer_form import AnswerFormCommand
from dify_hex.application.workflow.show_form import FormWithToken
from dify_hex.domain.shared.values.file_reference import FileKind
from dify_hex.domain.workflow.form import Form, FormStatus
from dify_hex.domain.workflow.nodes.human_input import MAX_FIELDS
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.multipart import FORM
from dify_hex.entrypoints.http.v1.files.schemas import FILE_FIELD, FormUpload, part_refused


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
    answer: dict[str, Any] | None = Field(
        description="What was filled in, by field: a text, a file, or a list of files."
    )
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
        default_factory=dict,
        description="By field: a text, or the ids of files that were handed in for the form.",
        examples=[{"comment": "Looks good."}],
    )

    def to_command(self, token: str, sent_by: str | None) -> AnswerFormCommand:
        """The use case's form of it."""
        return AnswerFormCommand(
            token=token, action=self.action, inputs=dict(self.inputs), sent_by=sent_by
        )


class FormFileUpload(FormUpload):
    """The file of an upload for a form; nothing else may be said of it."""

    async def details(self) -> FileDetails:
        """Nothing."""
        for name in await self.fields():
            raise part_refused(name, "unexpected")
        return FileDetails()


class FormFileResponse(Schema):
    """A file as whoever answers the form sees it; `size` is in bytes."""

    id: UUID = Field(description="What names the file in the answer.")
    name: str = Field(examples=["plan.pdf"])
    extension: str = Field(description="Without its dot.", examples=["pdf"])
    kind: FileKind
    media_type: str = Field(examples=["application/pdf"])
    size: int
    expires_at: datetime | None = Field(description="When it goes, unless the answer names it.")

    @classmethod
    def of(cls, file: FileView) -> Self:
        """The wire form."""
        return cls(
            id=file.id,
            name=file.name,
            extension=file.extension,
            kind=file.kind,
            media_type=file.media_type,
            size=file.size,
            expires_at=file.expires_at,
        )


def form_file_body() -> dict[str, Any]:
    """The form of an upload in OpenAPI."""
    schema = {
        "type": "object",
        "properties": {FILE_FIELD: {"type": "string", "format": "binary"}},
        "required": [FILE_FIELD],
    }
    return {"required": True, "content": {FORM: {"schema": schema}}}
