"""What the documentation says of graphs holds."""

import json
import re
from pathlib import Path

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.variables.system import SYSTEM_TYPES

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "workflow-graph.md").read_text(encoding="utf-8")
SOURCES = (
    *(ROOT / "src/dify_hex/domain/workflow").glob("graph/*.py"),
    *(ROOT / "src/dify_hex/domain/workflow").glob("nodes/*.py"),
    *(ROOT / "src/dify_hex/domain/workflow").glob("prompting/*.py"),
    *(ROOT / "src/dify_hex/domain/workflow").glob("start_variables.py"),
    *(ROOT / "src/dify_hex/domain/workflow").glob("conditions.py"),
    *(ROOT / "src/dify_hex/domain/workflow").glob("expectations.py"),
    *(ROOT / "src/dify_hex/domain/workflow").glob("tool_parameters.py"),
    *(ROOT / "src/dify_hex/adapters/dsl").glob("*.py"),
    *(ROOT / "src/dify_hex/adapters/dsl").glob("language_*.py"),
)
#: Told of what is given to a run, which is no part of its graph.
OF_INPUTS = re.compile("input_(missing|unknown|wrong_type|too_.*|not_.*)")


def test_the_example_can_be_published() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    assert PydanticGraphCodec().read(example, GraphKind.WORKFLOW).faults == ()
    assert json.loads(example)["schema_version"] == 1


def test_every_fault_that_a_graph_can_have_is_listed() -> None:
    codes = {
        code
        for source in SOURCES
        for code in re.findall(
            r'code=\s*"(\w+)"|_fault\(\s*node,\s*"(\w+)"', source.read_text(encoding="utf-8")
        )
        for code in code
        if code and not OF_INPUTS.fullmatch(code)
    }

    assert len(codes) > 60
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


def test_every_system_variable_is_listed() -> None:
    assert {name for name in SYSTEM_TYPES if f"`{name}`" not in PAGE} == set()
