"""Identity in memory."""

from uuid import UUID

import pytest

from dify_hex.domain.shared.ids import AppId
from tests.builders.account import TENANT
from tests.fakes.identity import Identity

APP = AppId(UUID(int=70))


@pytest.fixture
def identity() -> Identity:
    """Nobody yet; the first tenant is going to have one app."""
    return Identity((TENANT, APP))


@pytest.fixture
async def owned(identity: Identity) -> Identity:
    """Ada owns the first tenant."""
    await identity.given_owner()
    return identity
