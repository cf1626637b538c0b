"""What follows when an app is taken out of use."""

from typing import ClassVar

from dify_hex.application.app.ports import PausedRuns
from dify_hex.application.shared.outbox import EventHandler
from dify_hex.application.workflow.ports import RunSignals
from dify_hex.domain.app.events import AppArchived, AppDeleted
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId


class StopPausedRuns(EventHandler):
    """Stops the paused runs of an app that was archived or deleted.

    - A worker ends them; they are not executed any further.
    - Runs under way finish.
    - Doing it twice is doing it once, so nothing has to be remembered.
    """

    handler_name: ClassVar[str] = "stop_paused_runs"
    event_types: ClassVar[tuple[type[DomainEvent], ...]] = (AppArchived, AppDeleted)

    def __init__(self, *, paused_runs: PausedRuns, signals: RunSignals) -> None:
        self._paused_runs = paused_runs
        self._signals = signals

    async def handle(
        self,
        event_id: EventId,  # noqa: ARG002 - only those who must not act twice need it
        event: DomainEvent,
    ) -> None:
        """Stop them."""
        match event:
            case AppArchived(app_id=app_id) | AppDeleted(app_id=app_id):
                if await self._paused_runs.stop_those_of(event.tenant_id, app_id):
                    await self._signals.runs_waiting()
            case _:
                raise TypeError(type(event))
