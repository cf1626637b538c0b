"""How urgent background work is."""

from enum import StrEnum


class JobQueue(StrEnum):
    """How urgent a job is; each queue has its share of a worker, so that none starves."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
