"""The page behind a one-time link: making the first owner, or choosing a first password.

The link's token is the only credential and also what a forged request would have to know, so the
form needs no further protection against requests from other sites.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.account.complete_setup import CompleteSetup, CompleteSetupCommand
from dify_hex.application.account.founding import Founder
from dify_hex.application.account.open_link import OpenLink, OpenLinkCommand
from dify_hex.application.account.ports import LinkPlace
from dify_hex.application.account.set_password_by_link import (
    SetPasswordByLink,
    SetPasswordByLinkCommand,
)
from dify_hex.domain.account.account import Language
from dify_hex.domain.account.one_time_link import LinkPurpose
from dify_hex.domain.shared.errors import Conflict, DomainError, Gone, InvalidInput, NotFound
from dify_hex.entrypoints.http.errors import status_of
from dify_hex.entrypoints.http.guard import PUBLIC
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.messages.catalogue import message_for
from dify_hex.entrypoints.http.request_context import current_request
from dify_hex.entrypoints.http.v1.setup.pages import done_page, form_page, wrong_page

router = APIRouter(prefix="/setup", include_in_schema=False)

_MAX_TOKEN = 100
_MAX_FIELDS = 8
_MAX_FIELD_BYTES = 4096

_Token = Annotated[str, Path(max_length=_MAX_TOKEN)]


@router.get("/{token}", openapi_extra={**PUBLIC})
async def show_setup_form(
    token: _Token, open_link: Annotated[OpenLink, Inject(OpenLink)]
) -> Response:
    """The form that the link is for."""
    try:
        link = await open_link.execute(OpenLinkCommand(token=token))
    except (NotFound, Gone) as error:
        return _told(error)
    return form_page(link.purpose, current_request().language, email=link.email)


@router.post("/{token}", openapi_extra={**PUBLIC})
async def complete_setup(
    request: Request,
    token: _Token,
    open_link: Annotated[OpenLink, Inject(OpenLink)],
    set_up: Annotated[CompleteSetup, Inject(CompleteSetup)],
    set_password: Annotated[SetPasswordByLink, Inject(SetPasswordByLink)],
) -> Response:
    """Spend the link on what was filled in; with something wrong, the form once more."""
    form = await _form(request)
    try:
        link = await open_link.execute(OpenLinkCommand(token=token))
    except (NotFound, Gone) as error:
        return _told(error)
    try:
        if link.purpose is LinkPurpose.SET_UP:
            await set_up.execute(CompleteSetupCommand(token=token, founder=_founder(form)))
        else:
            command = SetPasswordByLinkCommand(token=token, password=form.get("password", ""))
            await set_password.execute(command)
    except InvalidInput as error:
        return _form_again(link, form, error)
    except (NotFound, Gone, Conflict) as error:
        return _told(error)
    return done_page(current_request().language)


async def _form(request: Request) -> dict[str, str]:
    async with request.form(
        max_files=0, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES
    ) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def _founder(form: dict[str, str]) -> Founder:
    return Founder(
        email=form.get("email", ""),
        name=form.get("name", ""),
        password=form.get("password", ""),
        tenant_name=form.get("tenant_name", ""),
        language=Language(current_request().language),
    )


def _form_again(link: LinkPlace, form: dict[str, str], error: DomainError) -> Response:
    language = current_request().language
    return form_page(
        link.purpose,
        language,
        email=link.email,
        filled=form,
        wrong=message_for(error, language),
        status=status_of(error),
    )


def _told(error: DomainError) -> Response:
    language = current_request().language
    return wrong_page(message_for(error, language), language, status_of(error))
