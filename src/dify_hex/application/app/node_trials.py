"""Preparing a node of a draft to be run by itself."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from dify_hex.application.app.draft_values import DraftValuesWork
from dify_hex.application.app.flow_inputs import FlowInputs, GivenInputs
from dify_hex.application.app.graph_inspection import drawn_graph, told
from dify_hex.application.file.ports import FileWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.linked_workflows import RunSecrets
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.application.workflow.records import DrawnGraph
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppHasNoGraph,
    DraftNodeNotFound,
)
from dify_hex.domain.app.flow_configuration import (
    ChatflowConfiguration,
    FlowConfiguration,
    WorkflowConfiguration,
)
from dify_hex.domain.app.repository import AppRepository
from dify_hex.domain.shared.ids import AppId, EndUserName, NodeId, WorkflowRunId
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.conversation_values import conversation_values
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.excerpt import excerpt_of
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_values import (
    UsedValue,
    ValueOrigin,
    ValueSource,
    used_values,
)
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.starting import start_of
from dify_hex.domain.workflow.system_values import system_values
from dify_hex.domain.workflow.variables.selector import CONVERSATION, ENVIRONMENT, SYSTEM

#: What is wrong with the place of a node in the graph, and not with the node.
_OF_THE_PLACE = frozenset(
    {
        "container_leak",
        "cycle",
        "dangling_handle",
        "fail_branch_missing",
        "fail_branch_unexpected",
        "misplaced_node",
        "parent_missing",
        "parent_no_container",
        "selector_not_upstream",
        "unreachable_node",
    }
)
#: What is wrong with the place of a node inside of the one that is run.
_OF_THE_OUTER_PLACE = frozenset({"selector_not_upstream"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCommand:
    """Which node shall run, for whom, and with which values.

    `values` are by `node.name`, `inputs` are those of the graph's start; None leaves them as they
    were last.
    """

    app_id: AppId
    node_id: NodeId
    user: EndUserName
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    inputs: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTrial:
    """A node that is ready to run: a graph of its own, and how its run begins."""

    graph: Graph
    facts: RunStarted
    used: tuple[UsedValue, ...]


class TrialWork(DraftValuesWork, FileWork, Protocol):
    """The transaction in which a trial is prepared."""

    @property
    @abstractmethod
    def apps(self) -> AppRepository:
        """The tenant's apps."""


class NodeTrials:
    """Takes a node out of a draft and finds the values that it needs.

    - Only what is wrong with the node itself, or inside of it, keeps it from running.
    - A value that is given goes before one that is remembered, and that before a declared one.
    """

    def __init__(
        self, *, graphs: GraphCodec, inputs: FlowInputs, secrets: RunSecrets, clock: Clock
    ) -> None:
        self._graphs = graphs
        self._secrets = secrets
        self._inputs = inputs
        self._clock = clock

    async def prepare(self, actor: Actor, command: TrialCommand, work: TrialWork) -> NodeTrial:
        """The node, ready to run.

        Raises:
            AppNotFound, AppIsArchived: there is no such app, or it is out of use.
            AppHasNoGraph: nobody has drawn one.
            DraftNodeNotFound: the draft has no such node.
            AppConfigurationInvalid: the node has faults.
            RunInputsInvalid: the inputs do not fit the start of the draft.
            NodeValuesInvalid: values are missing, of a wrong type, or not needed.
        """
        standing = await work.apps.standing(command.app_id)
        standing.require_active()
        app = await work.apps.get(command.app_id)
        configuration = app.state.draft.configuration
        if not isinstance(configuration, WorkflowConfiguration | ChatflowConfiguration):
            raise AppHasNoGraph(mode=configuration.mode.value)
        return await self._trial(actor, command, configuration, work)

    async def _trial(
        self, actor: Actor, command: TrialCommand, configuration: FlowConfiguration, work: TrialWork
    ) -> NodeTrial:
        drawn = drawn_graph(configuration, self._graphs)
        if not drawn.graph.has(command.node_id):
            raise DraftNodeNotFound(node_id=command.node_id)
        excerpt = excerpt_of(drawn.graph, command.node_id)
        if faults := list(_own_faults(drawn, excerpt, command.node_id)):
            raise AppConfigurationInvalid(faults)
        remembered = await self._remembered(actor, drawn.graph, command, work)
        facts = self._facts(command, configuration, excerpt)
        if isinstance(excerpt.node(command.node_id).config, StartConfig):
            facts = replace(facts, inputs=remembered.get(command.node_id, {}))
        secrets: JsonObject = {}
        if excerpt.declares_secrets:
            secrets = await self._secrets.of(actor.tenant_id, command.app_id)
        declared = {
            ENVIRONMENT: excerpt.environment_values(secrets),
            CONVERSATION: facts.conversation,
        }
        others = (
            ValueSource(origin=ValueOrigin.REMEMBERED, values=remembered),
            ValueSource(origin=ValueOrigin.DECLARED, values=declared),
            ValueSource(origin=ValueOrigin.SYSTEM, values=dict([system_values(facts)])),
        )
        used = used_values(excerpt, command.values, others)
        return NodeTrial(graph=excerpt, facts=replace(facts, given=_given(used)), used=used)

    async def _remembered(
        self, actor: Actor, graph: Graph, command: TrialCommand, work: TrialWork
    ) -> Mapping[NodeId, JsonObject]:
        """The last values of all nodes; the start's are the inputs, where there are any."""
        remembered: dict[NodeId, JsonObject] = {
            value.node_id: value.outputs for value in await work.draft_values.latest(command.app_id)
        }
        if command.inputs is not None:
            given = GivenInputs(app_id=command.app_id, user=command.user, inputs=command.inputs)
            inputs = await self._inputs.read_for(start_of(graph), actor, given, work)
            starts = (node.id for node in graph.nodes if isinstance(node.config, StartConfig))
            remembered.update(dict.fromkeys(starts, inputs))
        return remembered

    def _facts(
        self, command: TrialCommand, configuration: FlowConfiguration, excerpt: Graph
    ) -> RunStarted:
        query = command.values.get(f"{SYSTEM}.query")
        return RunStarted(
            at=self._clock.now(),
            run_id=WorkflowRunId(new_id()),
            graph_hash="",
            node_schemas=excerpt.node_schemas(),
            app_id=command.app_id,
            app_version_id=None,
            user=command.user,
            inputs={},
            query=query if isinstance(query, str) else None,
            conversation=conversation_values(excerpt, {}),
            durability=Durability.NONE,
            bounds=configuration.limits.bounds,
        )


def _own_faults(drawn: DrawnGraph, excerpt: Graph, node_id: NodeId) -> Iterator[Fault]:
    for fault in drawn.faults:
        if _counts(fault, excerpt, node_id):
            yield told(fault)
    if isinstance(excerpt.node(node_id).config, LoopEndConfig):
        yield told(
            GraphFault(
                code="loop_end_outside",
                node_id=node_id,
                field="parent",
                message="A loop-end does nothing by itself; run the loop that it stands in.",
            )
        )


def _counts(fault: GraphFault, excerpt: Graph, node_id: NodeId) -> bool:
    if fault.node_id is None or not excerpt.has(NodeId(fault.node_id)):
        return False
    elsewhere = _OF_THE_PLACE if fault.node_id == node_id else _OF_THE_OUTER_PLACE
    return fault.code not in elsewhere


def _given(used: Iterable[UsedValue]) -> dict[NodeId, JsonObject]:
    """What the run does not know by itself; secrets are kept elsewhere, so they are given, too."""
    given: dict[NodeId, dict[str, JsonValue]] = {}
    for each in used:
        if each.secret or each.origin in (ValueOrigin.GIVEN, ValueOrigin.REMEMBERED):
            given.setdefault(each.selector.node_id, {})[each.selector.name] = each.value
    return dict(given)
