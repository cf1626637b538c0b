"""Every node type over HTTP, from drawing it to what its run hands back."""

from typing import Any

import httpx
import pytest

from dify_hex.application.workflow.nodes.registry import MISSING, NODE_TYPES
from tests.contract.node_examples import (
    LINE,
    MODEL,
    START,
    TEXT,
    YES_NO,
    Example,
    node,
    question,
    template,
)
from tests.contract.pure_node_examples import PURE
from tests.contract.talking import said
from tests.contract.test_chatflows import published as published_chatflow
from tests.contract.test_sub_workflows import calling
from tests.contract.test_workflows import drawn, published, run, workflow
from tests.contract.waiting_runs import asking

Json = dict[str, Any]

SORRY: Json = {"text": "Sorry.", "reasoning_content": "", "finish_reason": "", "usage": {}}
_CALL = """[[tool=extract_parameters arguments='{"city": "Rome", "nights": 2}']] Book it."""
_FAILING = "[[status=400]] Hello"
MODELS = (
    Example(
        name="llm:a prompt with values",
        nodes=(question("[[echo=true]] {{#start.text#}} {{#start.data.name#}}"),),
        paths=LINE,
        gives=TEXT,
        comes_to={"said": "Hello Ann"},
    ),
    Example(
        name="llm:an answer by schema",
        nodes=(
            question(
                """[[text='{"city": "Rome"}']] Where?""",
                structured_output_enabled=True,
                structured_output={
                    "schema": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                        "additionalProperties": False,
                    }
                },
            ),
        ),
        paths=LINE,
        gives={"city": "it.structured_output.city"},
        comes_to={"city": "Rome"},
    ),
    Example(
        name="llm:reasoning apart",
        nodes=(question("[[text='<think>hm</think>Yes.']] Well?"),),
        paths=LINE,
        gives={"said": "it.text", "thought": "it.reasoning_content"},
        comes_to={"said": "Yes.", "thought": "hm"},
    ),
    Example(
        name="llm:a failure with a default",
        nodes=(
            question(
                _FAILING,
                policy={"on_error": "default-value", "default_outputs": SORRY},
            ),
        ),
        paths=LINE,
        gives={**TEXT, "error": "it.error_type"},
        comes_to={"said": "Sorry.", "error": "model_bad_request"},
        status="partial_succeeded",
    ),
    Example(
        name="llm:a failure with a branch",
        nodes=(
            question(_FAILING, policy={"on_error": "fail-branch"}),
            template("sorry", "Failed: {{ kind }}", kind="it.error_type"),
        ),
        paths=("start > it > end", "it:fail-branch > sorry > end"),
        gives={"said": "sorry.output"},
        comes_to={"said": "Failed: model_bad_request"},
        status="partial_succeeded",
    ),
    Example(
        name="question-classifier:a class is left by its handle",
        nodes=(
            node(
                "it",
                "question-classifier",
                model=MODEL,
                query_variable_selector=["start", "text"],
                classes=[{"id": "1", "name": "Lamps"}, {"id": "2", "name": "Chairs"}],
            ),
            *YES_NO,
        ),
        inputs={"text": "[[text=Chairs]] May I sit?"},
        paths=("start > it", "it:1 > yes > end", "it:2 > no > end"),
        gives={"class": "it.class_name"},
        comes_to={"class": "Chairs"},
    ),
    *(
        Example(
            name=f"parameter-extractor:by {mode}",
            nodes=(
                node(
                    "it",
                    "parameter-extractor",
                    model=MODEL,
                    query=["start", "text"],
                    reasoning_mode=mode,
                    parameters=[
                        {"name": "city", "type": "string", "description": "", "required": True},
                        {"name": "nights", "type": "number", "description": ""},
                    ],
                ),
            ),
            inputs={"text": directive},
            paths=LINE,
            gives={"city": "it.city", "nights": "it.nights", "good": "it.__is_success"},
            comes_to={"city": "Rome", "nights": 2, "good": 1},
        )
        for mode, directive in (
            ("prompt", """[[text='{"city": "Rome", "nights": 2}']] Book it."""),
            (
                "function_call",
                '[[tool=extract_parameters arguments=\'{"city": "Rome", "nights": 2}\']] Book it.',
            ),
        )
    ),
)
EXAMPLES = (*PURE, *MODELS)
#: Types that tests of their own show.
_BY_THEMSELVES = {
    "answer",
    "code",
    "document-extractor",
    "http-request",
    "human-input",
    "knowledge-retrieval",
    "sub-workflow",
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
async def test_a_node_does_what_it_is_for(client: httpx.AsyncClient, example: Example) -> None:
    app_id = await published(client, workflow(example.graph()))

    answer = await run(client, app_id, inputs=example.inputs)

    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["status"], data["outputs"]) == (example.status, example.comes_to), data["error"]


async def test_an_answer_is_written_out_of_values(client: httpx.AsyncClient) -> None:
    graph = {
        "nodes": [
            START,
            question("[[echo=true]] {{#sys.query#}}"),
            node("say", "answer", answer="{{#start.data.name#}}: {{#it.text#}}!"),
        ],
        "edges": [{"source": "start", "target": "it"}, {"source": "it", "target": "say"}],
    }
    app_id = await published_chatflow(client, graph)

    assert (await said(client, app_id, "Hello"))["answer"] == "Ann: Hello!"


async def test_a_form_stops_the_run_until_somebody_answers(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(asking()))

    answer = await run(client, app_id)

    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "paused")


async def test_a_workflow_runs_in_the_place_of_a_node(client: httpx.AsyncClient) -> None:
    inner = await published(client)
    app_id = await published(client, workflow(calling(inner, version=1, times=7)))

    data = (await run(client, app_id)).json()["data"]

    assert data["outputs"] == {"said": "Hello Ann", "times": 7}


@pytest.mark.parametrize("kind", sorted(MISSING))
async def test_a_type_that_cannot_be_executed_is_refused_at_publishing(
    client: httpx.AsyncClient, kind: str
) -> None:
    graph = {"nodes": [START, node("it", kind)], "edges": [{"source": "start", "target": "it"}]}
    app_id = await drawn(client, workflow(graph))

    answer = await client.post(f"/v1/apps/{app_id}/publish")

    assert (answer.status_code, answer.json()["code"]) == (422, "app_configuration_invalid")
    faults = answer.json()["details"]["faults"]
    assert ("node_type_unavailable", "it") in {
        (fault["code"], fault.get("node_id")) for fault in faults
    }


def test_no_type_is_left_out() -> None:
    shown = {example.type for example in EXAMPLES} | _BY_THEMSELVES

    assert set(NODE_TYPES) - set(MISSING) <= shown
