"""What can be wrong with a task, and what it can fail with."""

from dify_hex.domain.shared.errors import Conflict, InvalidInput, NotFound, Unavailable


class TaskNotFound(NotFound):
    """The task does not exist."""

    code = "task_not_found"


class TaskIsOver(Conflict):
    """The task is over, so it cannot be cancelled."""

    code = "task_is_over"


class TaskNotFailed(Conflict):
    """Only a task that has failed can be tried again or dropped."""

    code = "task_not_failed"


class TaskIsOwed(Conflict):
    """The task completes what was done already, so it can be neither cancelled nor dropped."""

    code = "task_is_owed"


class TaskKeyBusy(Conflict):
    """Another task does the same work already."""

    code = "task_key_busy"


class TaskTakenOver(Conflict):
    """Somebody else works on the task by now."""

    code = "task_taken_over"


class TaskKindUnknown(Unavailable):
    """No worker of this release knows what to do for the task."""

    code = "task_kind_unknown"


class TaskOrderInvalid(InvalidInput):
    """A job needs a kind, sensible limits, and arguments that are short."""

    code = "task_order_invalid"


class ScheduleInvalid(InvalidInput):
    """The schedule's cron expression, time zone or name cannot be meant."""

    code = "schedule_invalid"
