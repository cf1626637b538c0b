"""Trying a failed run again."""

from dataclasses import dataclass

from dify_hex.application.app.branching import Branching, NewBranch, Reception
from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import NothingToRetry
from dify_hex.domain.workflow.lineage import Branch, Lineage
from dify_hex.domain.workflow.run_events import RunSucceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRunCommand:
    """Which run is tried again, and how its caller wants to hear of it."""

    run_id: WorkflowRunId
    reception: Reception


class RetryRun:
    """Begins a new run that does again what failed, and what was not done.

    - What was done is taken over, and paid for once; a finished run never opens again.
    - Nodes are done again whose failure was provided for, too, with all that follows from them.
    - Of a message the answer is made anew: the question is asked once more, beside the former one.
    - It is the graph of the former run, whatever was published since.
    - A run in which all went well has nothing to be retried.
    """

    def __init__(self, *, branching: Branching) -> None:
        self._branching = branching

    async def execute(self, actor: Actor, command: RetryRunCommand) -> BegunRun:
        """Begin the new run; with a blocking response, wait for its end.

        Raises:
            WorkflowRunNotFound: there is none for this tenant, or its journal is gone.
            RunUnderWay: it has not ended.
            NotFound: it answers a message of a conversation that was deleted.
            Conflict: the message that its message replies to is being answered anew.
            NothingToRetry: nothing in it has failed.
            RunsFull: this process carries as many runs as it may.
            RunMoved: the new run was waited for, and goes on in another process.
        """
        parent = await self._branching.parent(actor, command.run_id)
        if isinstance(parent.events[-1], RunSucceeded):
            raise NothingToRetry
        lineage = Lineage(parent.graph, parent.events, parent.linked)
        new = NewBranch(
            parent=parent,
            branch=Branch(again=lineage.failed),
            facts=self._branching.facts(parent, parent.document, parent.facts.app_version_id),
            document=parent.document,
        )
        return await self._branching.branch_off(actor, new, command.reception)
