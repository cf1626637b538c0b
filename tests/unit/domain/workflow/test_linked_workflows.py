"""A workflow inside a node: what it sees, what it puts out, and how it fails with its node."""

from dataclasses import replace

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import AppId, AppVersionId, NodeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_policy import NodePolicy, RetryPolicy
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.run import Events, WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from tests.builders.variables import at as selector
from tests.builders.workflow import NOW, at, child, edge, facts, graph, llm, new_run, node

AWAY = RunError(code="model_unavailable", message="The model is away.")
INNER = Graph(
    nodes=(node("ask", llm()), node("end", EndConfig())),
    edges=(edge("ask", "end"),),
    environment=(VariableDeclaration(name="tone", value="kind"),),
)
LINK, ASK, END = at("link"), at("ask", "/link.0"), at("end", "/link.0")


def outer(policy: NodePolicy | None = None) -> Graph:
    link = replace(node("link", llm()), policy=policy or NodePolicy())
    return Graph(
        nodes=(link, node("end", EndConfig())),
        edges=(edge("link", "end"),),
        environment=(VariableDeclaration(name="tone", value="stern"),),
    )


class Journalled:
    """A run whose events are kept."""

    def __init__(self, of: Graph) -> None:
        self.run = new_run(of)
        begun = replace(facts(run_id=self.run.run_id, message=False), query="Well?")
        self.events: list[RunEvent] = list(self.run.start(begun))

    def enter(
        self,
        address: NodeAddress,
        inputs: JsonObject | None = None,
        app_id: AppId | None = None,
    ) -> Events:
        self.keep(self.run.start_node(address, now=NOW))
        started = SubWorkflowStarted(
            at=NOW,
            node_id=address.node_id,
            app_id=app_id or AppId(new_id()),
            app_version_id=AppVersionId(new_id()),
            graph_hash="inner",
            inputs=inputs or {},
            frame=address.frame,
        )
        return self.keep(self.run.enter_workflow(address, INNER, started))

    def perform(self, address: NodeAddress, **outputs: JsonValue) -> Events:
        begun = self.keep(self.run.start_node(address, now=NOW))
        outcome = NodeOutcome(outputs=outputs)
        return begun + self.keep(self.run.succeed_node(address, outcome, now=NOW))

    def fail(self, address: NodeAddress) -> Events:
        self.keep(self.run.start_node(address, now=NOW))
        return self.keep(self.run.fail_node(address, AWAY, now=NOW))

    def keep(self, events: Events) -> Events:
        self.events += events
        return events

    def replayed(self) -> WorkflowRun:
        run = self.run
        return WorkflowRun.replay(
            run_id=run.run_id,
            tenant_id=run.tenant_id,
            graph=run.graph,
            events=self.events,
            linked={"inner": INNER},
        )


def types(events: Events) -> list[str]:
    return [event.type for event in events]


def test_what_its_ends_put_out_is_what_the_node_puts_out() -> None:
    journal = Journalled(outer())
    journal.enter(LINK)
    journal.perform(ASK, text="Hi.")
    events = journal.perform(END, result="Hi.")

    assert types(events)[1:] == ["node.succeeded", "node.succeeded"]
    assert journal.run.nodes[NodeId("link")].outputs == {"result": "Hi."}
    assert journal.run.ready() == (at("end"),)


def test_it_sees_its_own_inputs_and_environment_and_nothing_of_its_caller() -> None:
    journal = Journalled(outer())
    journal.run.variables.put(NodeId("before"), {"secret": "x"})
    journal.enter(LINK, {"name": "Ada"})
    seen = journal.run.variables_of(ASK)

    assert journal.run.inputs_of(ASK) == {"name": "Ada"}
    assert seen.get(selector("env.tone")) == "kind"
    assert seen.get(selector("sys.query")) == "Well?"
    assert not seen.has(selector("before.secret"))
    assert journal.run.inputs_of(LINK) == {}


def test_the_node_is_no_longer_under_way_itself() -> None:
    journal = Journalled(outer())
    journal.enter(LINK)

    assert journal.run.open_nodes() == ()
    assert journal.run.is_open(LINK)
    assert journal.run.ready() == (ASK,)


def test_a_failure_inside_is_the_nodes() -> None:
    journal = Journalled(outer())
    journal.enter(LINK)
    events = journal.fail(ASK)

    assert types(events) == ["node.failed", "node.failed"]
    assert journal.run.failure is not None
    assert journal.run.failure.code == "model_unavailable"
    assert journal.run.failure.details["node_id"] == "link"


def test_a_node_that_is_tried_again_enters_the_workflow_anew() -> None:
    journal = Journalled(outer(NodePolicy(retry=RetryPolicy(max_retries=1, interval_seconds=0))))
    journal.enter(LINK)
    journal.perform(ASK, text="Hi.")

    assert types(journal.fail(END))[-1] == "node.retrying"
    assert journal.run.ready() == (LINK,)
    journal.enter(LINK)
    assert journal.run.ready() == (ASK,)


def test_workflows_stand_inside_each_other() -> None:
    journal = Journalled(outer())
    journal.enter(LINK)
    journal.enter(ASK)
    deep = at("ask", "/link.0/ask.0")

    assert journal.run.ready() == (deep,)
    journal.perform(deep, text="Hi.")
    journal.perform(at("end", "/link.0/ask.0"), text="Deep.")
    assert journal.run.variables_of(END).get(selector("ask.text")) == "Deep."


def test_one_runs_for_each_item_of_an_iteration() -> None:
    each = IterationConfig(
        iterator_selector=selector("list.items"), output_selector=selector("link.result")
    )
    journal = Journalled(graph([node("each", each), child("link", llm(), "each")]))
    journal.run.variables.put(NodeId("list"), {"items": [1, 2]})
    journal.keep(journal.run.start_node(at("each"), now=NOW))
    for index in range(2):
        journal.enter(at("link", f"/each.{index}"))
        frame = f"/each.{index}/link.0"
        journal.perform(at("ask", frame), text="")
        journal.perform(at("end", frame), result=index * 10)

    assert journal.run.nodes[NodeId("each")].outputs == {"output": [0, 10]}


def test_what_is_said_inside_is_not_for_the_readers_of_the_run() -> None:
    journal = Journalled(outer())
    journal.keep(journal.run.start_node(LINK, now=NOW))
    started = SubWorkflowStarted(
        at=NOW,
        node_id=LINK.node_id,
        app_id=AppId(new_id()),
        app_version_id=AppVersionId(new_id()),
        graph_hash="speaking",
        inputs={},
    )
    speaking = graph([node("say", AnswerConfig(answer="Hi."))])
    journal.keep(journal.run.enter_workflow(LINK, speaking, started))
    journal.perform(at("say", "/link.0"), answer="Hi.")

    assert journal.run.spoken_in(LINK.node_id) == ()


def test_a_journal_with_a_workflow_inside_gives_the_live_state() -> None:
    journal = Journalled(outer())
    journal.enter(LINK, {"name": "Ada"})
    journal.perform(ASK, text="Hi.")
    replayed = journal.replayed()

    assert replayed.ready() == journal.run.ready() == (END,)
    assert replayed.nodes == journal.run.nodes
    assert replayed.inputs_of(END) == {"name": "Ada"}
    assert replayed.variables_of(END).get(selector("ask.text")) == "Hi."


def test_what_is_left_open_inside_when_an_owner_dies_is_interrupted_there() -> None:
    journal = Journalled(outer())
    journal.enter(LINK)
    journal.keep(journal.run.start_node(ASK, now=NOW))
    replayed = journal.replayed()

    assert replayed.open_nodes() == (ASK,)
    replayed.interrupt_node(ASK, AWAY, now=NOW)
    assert replayed.catch_up(now=NOW) == ()
    assert replayed.ready() == (ASK,)


def test_a_workflow_is_not_opened_inside_of_itself() -> None:
    journal = Journalled(outer())
    events = journal.enter(LINK, app_id=journal.run.facts.app_id)

    assert types(events) == ["node.failed"]
    assert journal.run.failure is not None
    assert journal.run.failure.code == "workflow_linked_in_circle"


def test_not_even_by_way_of_others() -> None:
    near, far = AppId(new_id()), AppId(new_id())
    journal = Journalled(outer())
    journal.enter(LINK, app_id=near)
    deep, deeper = at("ask", "/link.0/ask.0"), at("ask", "/link.0/ask.0/ask.0")
    journal.enter(ASK, app_id=far)

    assert journal.run.links_of(deep) == (journal.run.facts.app_id, near, far)
    journal.enter(deep, app_id=near)
    assert journal.run.failure is not None
    path = journal.run.failure.details["path"]
    assert path == [str(each) for each in (journal.run.facts.app_id, near, far, near)]
    assert not journal.run.is_open(deeper)


def test_but_side_by_side_as_often_as_wanted() -> None:
    same = AppId(new_id())
    both = graph([node("one", llm()), node("two", llm())])
    journal = Journalled(both)
    journal.enter(at("one"), app_id=same)
    journal.enter(at("two"), app_id=same)

    assert journal.run.failure is None
    assert journal.run.ready() == (at("ask", "/one.0"), at("ask", "/two.0"))
