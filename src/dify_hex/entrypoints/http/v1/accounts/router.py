"""The route of one's own account."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.account.get_me import GetMe
from dify_hex.domain.account.errors import MemberNotFound, PeopleOnly
from dify_hex.entrypoints.http.authentication import CurrentActor
from dify_hex.entrypoints.http.envelope import Envelope, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.accounts.schemas import MeResponse

router = APIRouter(prefix="/v1/accounts", tags=["Accounts"])


@router.get(
    "/me", response_model=Envelope[MeResponse], responses=errors(PeopleOnly, MemberNotFound)
)
async def show_me(actor: CurrentActor, use_case: Annotated[GetMe, Inject(GetMe)]) -> Response:
    """Who one is, what one may do here, and where else one belongs."""
    return ok(MeResponse.of(await use_case.execute(actor)))
