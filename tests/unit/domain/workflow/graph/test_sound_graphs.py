"""Nothing sound is refused, and nothing odd breaks the check, whatever a graph's shape."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.container_faults import MAX_NESTING
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.graph.shape_faults import MAX_NODES
from dify_hex.domain.workflow.graph.unread import UnreadConfig
from dify_hex.domain.workflow.graph.validation import (
    find_faults,
    find_faults_apart,
)
from dify_hex.domain.workflow.node_policy import (
    FAIL_BRANCH,
    ErrorStrategy,
    NodePolicy,
)
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import (
    ANSWER,
    CHILD,
    MAKER,
    START,
    Courier,
    Stranger,
    Task,
    chain,
    graph,
    iteration,
    loop,
    nested,
    policy,
    secret,
    step,
    task,
    uses,
    with_policy,
)

SOUND = [
    chain(),
    uses("maker.text", "maker.record.a.b", "maker.texts.0", "maker.files.0.name", "sys.query"),
    uses("maker.file.size", accepts={ValueType.NUMBER}),
    uses("maker.texts.0", accepts={ValueType.STRING}),
    uses("sys.files", accepts={ValueType.FILES}),
    chain(task("user", "env.TOKEN", kind=Courier, accepts={ValueType.STRING}), env=secret()),
    chain(task("user", "env.TOKEN", accepts={ValueType.SECRET}), env=secret()),
    chain(task("other", kind=Stranger), task("user", "other.anything.at.all")),
    chain(MAKER, iteration(), CHILD, task("user", "each.output.0")),
    chain(MAKER, iteration(output="each.item"), CHILD),
    chain(
        MAKER,
        iteration(),
        step(
            "child",
            Task(gives={"text": ValueType.STRING}, uses=("each.item", "each.index", "maker.text")),
            "each",
        ),
    ),
    chain(
        loop(),
        task("child", "again.total", sets=("again.total",), parent="again"),
        task("user", "again.loop_round"),
    ),
    chain(loop(), step("stop", LoopEndConfig(), "again")),
    nested(MAX_NESTING),
    chain(task("user", sets=("conversation.notes",)), talk=VariableDeclaration(name="notes")),
    with_policy(policy(ErrorStrategy.DEFAULT_VALUE, text="-")),
    with_policy(policy(ErrorStrategy.FAIL_BRANCH), f"risky.{FAIL_BRANCH} > answer"),
    chain(
        step("other", Stranger(), policy=policy(ErrorStrategy.DEFAULT_VALUE, anything=5)),
        task("user", "other.error_type", "other.error_message"),
    ),
    chain(env=VariableDeclaration(name="a", type=ValueType.INTEGER, value=5)),
]


@pytest.mark.parametrize("sound", SOUND)
def test_a_sound_graph_has_no_faults(sound: Graph) -> None:
    assert find_faults(sound) == ()
    assert find_faults_apart(sound) == ()


def test_checking_takes_in_proportion_to_the_graph() -> None:
    small, large = _dense(MAX_NODES // 4), _dense(MAX_NODES)

    assert find_faults(large) == ()
    # Four times the nodes; what grew with their square would take sixteen times as long.
    assert _seconds_to_check(large) < 11 * _seconds_to_check(small)


def _dense(nodes: int) -> Graph:
    """A chain of which every node uses the nine before it."""
    steps = [
        step(
            f"n{i}",
            Task(
                gives={"text": ValueType.STRING},
                uses=tuple(f"n{j}.text" for j in range(max(0, i - 9), i)),
            ),
        )
        for i in range(nodes - 2)
    ]
    return chain(*steps)


def _seconds_to_check(graph: Graph) -> float:
    """Processor time of the quickest of some checks."""
    taken: list[float] = []
    for _ in range(7):
        began = process_time()
        find_faults(graph)
        taken.append(process_time() - began)
    return min(taken)


NAMES = [f"n{i}" for i in range(12)]


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda e: e[0] != e[1])
    ),
    st.data(),
)
def test_a_graph_whose_edges_lead_onwards_has_no_faults(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    forward = {tuple(sorted(pair, key=NAMES.index)) for pair in pairs}
    before: dict[str, set[str]] = {}
    steps = []
    for name in NAMES:
        leading = [source for source, target in forward if target == name]
        before[name] = set(leading).union(*(before[source] for source in leading))
        used = data.draw(st.sets(st.sampled_from(sorted(before[name])))) if before[name] else set()
        steps.append(
            step(
                name,
                Task(
                    gives={"text": ValueType.STRING},
                    uses=tuple(f"{source}.text" for source in used),
                ),
            )
        )
    edges = [f"{source} > {target}" for source, target in forward]
    edges += [f"start > {name}" for name in NAMES] + ["start > answer"]

    assert find_faults(graph(START, *steps, ANSWER, edges=edges)) == ()


ids = st.sampled_from(["a", "b", "c", "start", "each", "sys", "ghost"])
configs = st.one_of(
    st.builds(StartConfig),
    st.builds(AnswerConfig, answer=st.sampled_from(["", "{{#a.text#}}", "{{#each.item.x#}}"])),
    st.just(iteration().config),
    st.just(loop().config),
    st.just(LoopEndConfig()),
    st.builds(UnreadConfig, type_name=st.sampled_from(["start", "loop"])),
    st.builds(
        Task,
        uses=st.lists(ids.map(lambda node_id: f"{node_id}.text.0"), max_size=3).map(tuple),
        sets=st.lists(ids.map(lambda node_id: f"{node_id}.total"), max_size=2).map(tuple),
        exits=st.lists(st.sampled_from(["source", "no"]), max_size=2).map(tuple),
        gives=st.dictionaries(st.just("text"), st.sampled_from(ValueType)),
        accepts=st.frozensets(st.sampled_from(ValueType), max_size=2),
    ),
)
policies = st.builds(NodePolicy, on_error=st.sampled_from(ErrorStrategy))
nodes = st.builds(
    Node, id=ids.map(NodeId), config=configs, parent=st.none() | ids.map(NodeId), policy=policies
)
edges = st.builds(
    Edge,
    source=ids.map(NodeId),
    target=ids.map(NodeId),
    handle=st.sampled_from(["source", FAIL_BRANCH]),
)
declarations = st.lists(
    st.builds(
        VariableDeclaration, name=st.sampled_from(["total", "-"]), type=st.sampled_from(ValueType)
    )
).map(tuple)


@given(
    st.builds(
        Graph,
        nodes=st.lists(nodes, max_size=8).map(tuple),
        edges=st.lists(edges, max_size=10).map(tuple),
        environment=declarations,
        conversation=declarations,
    ),
    st.none() | st.sampled_from(GraphKind),
)
def test_whatever_a_graph_looks_like_its_faults_are_told(
    anything: Graph, kind: GraphKind | None
) -> None:
    faults = find_faults(anything, kind)

    assert len(set(faults)) == len(faults)
    assert all(fault.message and fault.code for fault in faults)
