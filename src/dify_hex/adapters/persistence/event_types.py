"""Every domain event by its public name: how the outbox finds the class of a stored event."""

from collections.abc import Mapping

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.workflow.events import (
    WorkflowRunFailed,
    WorkflowRunFinished,
    WorkflowRunPaused,
)

_EVENTS: tuple[type[DomainEvent], ...] = (
    WorkflowRunFailed,
    WorkflowRunFinished,
    WorkflowRunPaused,
)

EVENT_TYPES: Mapping[str, type[DomainEvent]] = {event.name: event for event in _EVENTS}
