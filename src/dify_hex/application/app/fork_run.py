"""Beginning again in the middle of a run, with something changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dify_hex.application.app.branching import Branching, BranchWork, NewBranch, Reception
from dify_hex.application.app.flow_inputs import FlowInputs
from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.app.runnable_apps import RunnableApps, VersionChoice
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.application.workflow.run_records import RecordedRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import NodeId, WorkflowRunId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import ForkInvalid
from dify_hex.domain.workflow.forks import Fork, fork_changes, fork_faults
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.lineage import Branch, Lineage
from dify_hex.domain.workflow.starting import start_of
from dify_hex.domain.workflow.variables.selector import CONVERSATION, Selector


class ForkGraph(StrEnum):
    """Which graph the new run is of: the former run's, or the app's draft as it is now."""

    SAME = "same"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkRunCommand:
    """From which node a run is done again, and what is different before that."""

    run_id: WorkflowRunId
    node_id: NodeId
    reception: Reception
    #: Other values for what nodes have put out, by selector: `node.name`.
    variables: JsonObject = field(default_factory=dict)
    #: Other values for inputs of the start.
    inputs: JsonObject = field(default_factory=dict)
    graph: ForkGraph = ForkGraph.SAME


class ForkRun:
    """Begins a new run that takes over everything before a node.

    - The node and all that follows from it are done again, as is what has changed in the graph.
    - Outputs of nodes that are taken over can be replaced, and so can variables of the
      conversation, and what the start was given.
    - What is given is held against what the graph declares, all faults at once.
    - Of a message the answer is made anew: the question is asked once more, beside the former one.
    - Forking to the draft asks for the right to edit the app.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[BranchWork],
        branching: Branching,
        apps: RunnableApps,
        graphs: GraphCodec,
        inputs: FlowInputs,
    ) -> None:
        self._inputs = inputs
        self._begin = begin
        self._branching = branching
        self._apps = apps
        self._graphs = graphs

    async def execute(self, actor: Actor, command: ForkRunCommand) -> BegunRun:
        """Begin the new run; with a blocking response, wait for its end.

        Raises:
            WorkflowRunNotFound: there is none for this tenant, or its journal is gone.
            RunUnderWay: it has not ended.
            NotFound: it answers a message of a conversation that was deleted.
            Conflict: the message that its message replies to is being answered anew.
            ForkInvalid: node or variables cannot be meant, with every fault.
            AppNotFound: its draft was asked for, and the app is gone.
            AppIsArchived: its draft was asked for, and the app is out of use.
            AppConfigurationInvalid: its draft was asked for, and has faults.
            RunsFull: this process carries as many runs as it may.
            RunMoved: the new run was waited for, and goes on in another process.
        """
        parent = await self._branching.parent(actor, command.run_id)
        document = await self._document(actor, command, parent)
        graph = self._graphs.parse(document.json)
        fork = Fork(again=command.node_id, variables=command.variables, inputs=command.inputs)
        lineage = Lineage(parent.graph, parent.events, parent.linked)
        self._require(graph, lineage, fork)
        changes = fork_changes(graph, fork)
        same = document.hash == parent.document.hash
        facts = self._branching.facts(
            parent, document, parent.facts.app_version_id if same else None
        )
        new = NewBranch(
            parent=parent,
            branch=Branch(again=frozenset({command.node_id}), changes=_by_node(changes)),
            facts=replace(
                facts,
                inputs={**facts.inputs, **command.inputs},
                conversation={**facts.conversation, **_of_conversation(changes)},
            ),
            document=document,
        )
        return await self._branching.branch_off(actor, new, command.reception)

    def _require(self, graph: Graph, lineage: Lineage, fork: Fork) -> None:
        faults = fork_faults(graph, lineage, fork)
        told = {fault.path for fault in faults}
        misfits = self._inputs.misfits(start_of(graph), fork.inputs)
        faults += (fault for fault in misfits if fault.path not in told)
        if faults:
            raise ForkInvalid(faults)

    async def _document(
        self, actor: Actor, command: ForkRunCommand, parent: RecordedRun
    ) -> GraphDocument:
        if command.graph is ForkGraph.SAME:
            return parent.document
        app_id = parent.facts.app_id
        actor.require_app(app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            return (await self._apps.find(app_id, VersionChoice.DRAFT, work)).graph


def _by_node(changes: Mapping[Selector, JsonValue]) -> Mapping[NodeId, JsonObject]:
    found: dict[NodeId, dict[str, JsonValue]] = {}
    for selector, value in changes.items():
        if selector.node_id != CONVERSATION:
            found.setdefault(selector.node_id, {})[selector.name] = value
    return found


def _of_conversation(changes: Mapping[Selector, JsonValue]) -> JsonObject:
    return {
        selector.name: value
        for selector, value in changes.items()
        if selector.node_id == CONVERSATION
    }
