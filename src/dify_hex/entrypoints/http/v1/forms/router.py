"""The routes of forms that runs wait for; a form's token is all that they ask for."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.workflow.answer_form import AnswerForm
from dify_hex.application.workflow.show_form import ShowForm
from dify_hex.application.workflow.upload_form_file import (
    UploadFormFile,
    UploadFormFileCommand,
)
from dify_hex.domain.file.errors import (
    FileEmpty,
    FileInputsInvalid,
    FileNameInvalid,
    FileTooLarge,
    FileTypeUnsupported,
)
from dify_hex.domain.workflow.errors import (
    FormAnswerInvalid,
    FormClosed,
    FormFieldUnknown,
    FormNotFound,
    FormUploadsUsedUp,
)
from dify_hex.entrypoints.http.envelope import Envelope, created, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import PUBLIC
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.problems import MalformedForm
from dify_hex.entrypoints.http.request_context import current_request
from dify_hex.entrypoints.http.route_table import STREAMED_BODY
from dify_hex.entrypoints.http.v1.forms.schemas import (
    AnswerFormRequest,
    FormFileResponse,
    FormFileUpload,
    FormResponse,
    form_file_body,
)

router = APIRouter(prefix="/v1/forms", tags=["Forms"])

FormToken = Annotated[
    str, Path(max_length=200, description="From the forms of a run; good for one answer.")
]


@router.get(
    "/{form_token}",
    response_model=Envelope[FormResponse],
    responses=errors(FormNotFound, FormClosed),
    openapi_extra={**PUBLIC},
)
async def show_form(
    form_token: FormToken, use_case: Annotated[ShowForm, Inject(ShowForm)]
) -> Response:
    """The form, as long as it can be answered."""
    return ok(FormResponse.of(await use_case.execute(form_token)))


@router.post(
    "/{form_token}",
    response_model=Envelope[FormResponse],
    responses=errors(FormNotFound, FormClosed, FormAnswerInvalid),
    openapi_extra={**PUBLIC},
)
async def answer_form(
    form_token: FormToken,
    body: AnswerFormRequest,
    use_case: Annotated[AnswerForm, Inject(AnswerForm)],
) -> Response:
    """Answer the form, and let its run go on; the first answer counts."""
    command = body.to_command(form_token, current_request().client_address)
    return ok(FormResponse.of(await use_case.execute(command)))


@router.post(
    "/{form_token}/files",
    status_code=201,
    response_model=Envelope[FormFileResponse],
    openapi_extra={**PUBLIC, **STREAMED_BODY, "requestBody": form_file_body()},
    responses=errors(
        FormNotFound,
        FormClosed,
        FormFieldUnknown,
        FormUploadsUsedUp,
        FileNameInvalid,
        FileInputsInvalid,
        FileEmpty,
        FileTooLarge,
        FileTypeUnsupported,
        MalformedForm,
    ),
)
async def upload_form_file(
    form_token: FormToken,
    field: Annotated[str, Query(max_length=200, description="The field that the file is for.")],
    request: Request,
    use_case: Annotated[UploadFormFile, Inject(UploadFormFile)],
) -> Response:
    """Hand in a file for a field of the form, to be named by its id in the answer.

    Only the answer to this form can name it; it goes with the form's time unless it does.
    """
    command = UploadFormFileCommand(token=form_token, field=field)
    file = await use_case.execute(command, await FormFileUpload.begin(request))
    return created(FormFileResponse.of(file), location=f"/v1/files/{file.id}")
