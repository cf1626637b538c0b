"""Where a request came from, as its session will remember it."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from dify_hex.application.account.tokens import Device
from dify_hex.entrypoints.http.request_context import current_request


async def _device(request: Request) -> Device:
    return Device(
        user_agent=request.headers.get("user-agent", ""),
        address=current_request().client_address,
    )


CallingDevice = Annotated[Device, Depends(_device)]
