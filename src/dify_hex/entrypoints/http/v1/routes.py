"""Every router of the native API: one line each, in the order that the documentation shows."""

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
