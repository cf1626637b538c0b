"""What a task is to do: fixed when it is asked for."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.errors import TaskOrderInvalid
from dify_hex.domain.task.queue import JobQueue

MAX_KIND_LENGTH = 100
MAX_KEY_LENGTH = 300
MAX_ATTEMPTS = 100
#: No attempt lasts longer, whatever is asked for.
LONGEST_LIMIT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """Which handler gets which arguments, how urgently, how often and how long at the most.

    While a task of the same kind and `key` is not over there is no second one.
    """

    kind: str
    queue: JobQueue
    arguments: JsonObject
    key: str | None
    #: The account or the API key that asked for it; None for the system itself.
    requested_by: UUID | None
    max_attempts: int
    soft_limit: timedelta
    hard_limit: timedelta

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            TaskOrderInvalid: a name is empty or too long, or the limits contradict each other.
        """
        if not 1 <= len(self.kind) <= MAX_KIND_LENGTH:
            raise TaskOrderInvalid(field="kind")
        if self.key is not None and not 1 <= len(self.key) <= MAX_KEY_LENGTH:
            raise TaskOrderInvalid(field="key")
        if not 1 <= self.max_attempts <= MAX_ATTEMPTS:
            raise TaskOrderInvalid(field="max_attempts")
        if not timedelta(0) < self.soft_limit <= self.hard_limit <= LONGEST_LIMIT:
            raise TaskOrderInvalid(field="soft_limit")
