"""Taking an app out of use stops what waits in it."""

from uuid import uuid4

import pytest

from dify_hex.application.app.on_app_archived import StopPausedRuns
from dify_hex.application.app.ports import PausedRuns
from dify_hex.domain.app.events import AppArchived, AppCreated, AppDeleted
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import AppId, EventId, TenantId
from tests.conformance.notes import NOW
from tests.fakes.memory_signals import MemorySignals

TENANT = TenantId(uuid4())
APP = AppId(uuid4())
EVENT = EventId(uuid4())


class CountedSignals(MemorySignals):
    """Counts how often the workers were woken."""

    def __init__(self) -> None:
        super().__init__()
        self.woken = 0

    async def runs_waiting(self) -> None:
        self.woken += 1


class MemoryPausedRuns(PausedRuns):
    """Paused runs by the app they belong to."""

    def __init__(self, *apps: tuple[TenantId, AppId]) -> None:
        self.apps = set(apps)

    async def stop_those_of(self, tenant_id: TenantId, app_id: AppId) -> bool:
        there = (tenant_id, app_id) in self.apps
        self.apps.discard((tenant_id, app_id))
        return there


@pytest.mark.parametrize("kind", [AppArchived, AppDeleted])
async def test_paused_runs_of_the_app_are_stopped_and_a_worker_is_woken(
    kind: type[AppArchived] | type[AppDeleted],
) -> None:
    other = (TENANT, AppId(uuid4()))
    paused, signals = MemoryPausedRuns((TENANT, APP), other), CountedSignals()
    handler = StopPausedRuns(paused_runs=paused, signals=signals)
    await handler.handle(EVENT, kind(tenant_id=TENANT, occurred_at=NOW, app_id=APP))
    assert signals.woken == 1
    assert paused.apps == {other}


async def test_an_app_without_paused_runs_wakes_nobody() -> None:
    signals = CountedSignals()
    handler = StopPausedRuns(paused_runs=MemoryPausedRuns(), signals=signals)
    for _ in range(2):
        await handler.handle(EVENT, AppDeleted(tenant_id=TENANT, occurred_at=NOW, app_id=APP))
    assert signals.woken == 0


async def test_another_event_is_a_mistake_of_the_wiring() -> None:
    handler = StopPausedRuns(paused_runs=MemoryPausedRuns(), signals=MemorySignals())
    event: DomainEvent = AppCreated(tenant_id=TENANT, occurred_at=NOW, app_id=APP)
    with pytest.raises(TypeError):
        await handler.handle(EVENT, event)
