"""Every router of the native API: one line each, in the order that the documentation shows."""

from fastapi import APIRouter

from dify_hex.entrypoints.http.v1.accounts.router import router as accounts_router
from dify_hex.entrypoints.http.v1.api_keys.router import router as api_keys_router
from dify_hex.entrypoints.http.v1.auth.router import router as auth_router
from dify_hex.entrypoints.http.v1.members.router import router as members_router
from dify_hex.entrypoints.http.v1.setup.router import router as setup_router
from dify_hex.entrypoints.http.v1.tenants.router import router as tenants_router

ROUTERS: tuple[APIRouter, ...] = (
    auth_router,
    accounts_router,
    tenants_router,
    members_router,
    api_keys_router,
    setup_router,
)
