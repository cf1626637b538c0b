"""What a foreground run does in the transaction that it begins in."""

from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.engine.attempts import context_of
from dify_hex.application.workflow.node_executor import NodeExecutors
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.run import Events, WorkflowRun


def first_moves(run: WorkflowRun, nodes: NodeExecutors, clock: Clock) -> Events:
    """Pass the start node and begin the effects right behind it.

    Once the caller has committed, they may leave at once: the first token need not wait for a
    commit of its own.
    """
    events: Events = ()
    for address in run.ready():
        config = run.node_at(address).config
        if config.type != "start":
            return events
        events += run.start_node(address, now=clock.now())
        try:
            outcome = nodes.compute(config, context_of(run, address, clock))
        except DomainError as error:
            return events + run.fail_node(address, RunError.of(error), now=clock.now())
        events += run.succeed_node(address, outcome, now=clock.now())
    for address in run.ready():
        config = run.node_at(address).config
        if not config.is_pure:
            events += run.start_node(address, now=clock.now())
    return events
