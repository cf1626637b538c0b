"""How a hosted run ended, for whoever waits for it in the same process."""

from dataclasses import dataclass
from datetime import datetime

from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.statuses import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The ending of a run, as it was committed."""

    run_id: WorkflowRunId
    status: RunStatus
    answer: str
    outputs: JsonObject
    usage: Usage
    error: RunError | None
    at: datetime
    #: The passages that models were shown for the message, in that order.
    citations: tuple[Citation, ...] = ()
