"""`dify-hex workflow` on files: what it tells, how it ends, and what it costs to begin."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dify_hex.bootstrap.workflow_command import main
from tests.fakes.running_model_server import run_model_server

Json = dict[str, Any]

GREETING = """
nodes:
  - id: start
    type: start
    config:
      variables:
        - {variable: name, type: text-input, required: true}
        - {variable: times, type: number, default: 2}
  - id: greet
    type: template-transform
    config:
      template: "Hello {{ who }} from {{ place }}"
      variables:
        - {variable: who, value_selector: [start, name]}
        - {variable: place, value_selector: [env, PLACE]}
  - id: end
    type: end
    config:
      run_outputs:
        - {variable: greeting, value_selector: [greet, output]}
        - {variable: times, value_selector: [start, times]}
edges:
  - {source: start, target: greet}
  - {source: greet, target: end}
environment:
  - {name: PLACE, type: string, value: here}
"""
TALK: Json = {
    "mode": "chatflow",
    "graph": {
        "nodes": [
            {"id": "start", "type": "start", "config": {}},
            {
                "id": "ask",
                "type": "llm",
                "config": {
                    "model": {"provider": "anyone", "model": "scripted"},
                    "prompt": [{"role": "user", "text": "[[echo=true]] {{#sys.query#}}"}],
                },
            },
            {"id": "say", "type": "answer", "config": {"answer": "It says: {{#ask.text#}}"}},
        ],
        "edges": [{"source": "start", "target": "ask"}, {"source": "ask", "target": "say"}],
    },
}
HEAVY = ("fastapi", "sqlalchemy", "asyncpg", "redis", "litellm")


@pytest.fixture(autouse=True)
def no_model_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIFY_HEX_MODEL_URL", raising=False)


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with run_model_server() as models:
        monkeypatch.setenv("DIFY_HEX_MODEL_URL", models.url)
        yield


@pytest.fixture
def greeting(tmp_path: Path) -> str:
    return kept(tmp_path, "greeting.yaml", GREETING)


@pytest.fixture
def talk(tmp_path: Path) -> str:
    return kept(tmp_path, "talk.json", json.dumps(TALK))


def kept(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_graph_without_faults_is_told_so(
    greeting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", greeting]) == 0
    assert "no faults (3 nodes, 2 edges)" in capsys.readouterr().out


def test_every_fault_is_listed_with_its_node_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = GREETING.replace("[greet, output]", "[nobody, output]").replace("  - {source: g", "# ")
    file = kept(tmp_path, "faulty.yaml", graph)

    assert main(["validate", file]) == 1
    told = capsys.readouterr()
    assert "end run_outputs.0.value_selector: " in told.out
    assert "[selector_unknown_node]" in told.out
    assert "3 faults." in told.err
    assert main(["validate", file, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert not answer["valid"]
    assert {fault["node_id"] for fault in answer["faults"]} == {"end"}


def test_what_a_graph_hands_back_is_printed(
    greeting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", greeting, "--input", "name=Ann", "--input", "times=3"]) == 0
    assert json.loads(capsys.readouterr().out) == {"greeting": "Hello Ann from here", "times": 3}


def test_the_environment_can_be_set(greeting: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", greeting, "-i", "name=Ann", "--env", "PLACE=there", "--json"]

    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["outputs"]["greeting"]) == ("succeeded", "Hello Ann from there")


def test_inputs_that_do_not_fit_are_named(
    greeting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", greeting, "-i", "size=3"]) == 1
    told = capsys.readouterr().err
    assert "[workflow_inputs_invalid]" in told
    assert "inputs.name: " in told
    assert "inputs.size: " in told


@pytest.mark.parametrize(
    "arguments",
    [["-i", "name"], ["-i", "name=Ann", "-i", "times=many"], ["--env", "=x", "-i", "name=Ann"]],
    ids=["no value", "no JSON", "no name"],
)
def test_a_command_line_that_makes_no_sense_is_refused(
    greeting: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", greeting, *arguments]) == 2
    assert "[cli_usage]" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["a: [", None], ids=["no YAML", "no file"])
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "graph.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    assert main(["validate", str(file)]) == 2
    assert "graph.yaml" in capsys.readouterr().err


def test_a_faulty_graph_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = kept(tmp_path, "odd.json", '{"nodes": [], "edges": []}')

    assert main(["run", file]) == 1
    assert "[workflow_invalid_graph]" in capsys.readouterr().err


@pytest.mark.usefixtures("model_server")
def test_an_answer_is_written_while_it_comes(talk: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", talk, "--query", "Where is my lamp?"]) == 0
    assert capsys.readouterr().out.strip() == "It says: Where is my lamp?"


def test_without_a_model_server_it_is_said_what_to_do(
    talk: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", talk, "-q", "Hello"]) == 1
    told = capsys.readouterr().err
    assert "[model_unavailable]" in told
    assert "DIFY_HEX_MODEL_URL" in told


@pytest.mark.usefixtures("model_server")
def test_every_event_is_told_on_demand(talk: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", talk, "-q", "Hello", "--events", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("run.started", "run.succeeded")
    assert "message.delta" in kinds
    assert main(["run", talk, "-q", "Hello", "--events"]) == 0
    assert capsys.readouterr().out.startswith("1.0     run.started")


def test_values_of_the_environment_are_no_part_of_the_events(
    greeting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", greeting, "-i", "name=A", "--env", "PLACE=hush", "--events"]) == 0
    assert "hush" not in capsys.readouterr().out.splitlines()[0]


def test_requests_keep_to_the_same_rules_as_in_a_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = {
        "nodes": [
            {"id": "start", "type": "start", "config": {}},
            {
                "id": "fetch",
                "type": "http-request",
                "config": {"method": "get", "url": "http://127.0.0.1:9/"},
            },
            {"id": "end", "type": "end", "config": {}},
        ],
        "edges": [{"source": "start", "target": "fetch"}, {"source": "fetch", "target": "end"}],
    }

    assert main(["run", kept(tmp_path, "fetch.json", json.dumps(graph))]) == 1
    assert "[outbound_address_forbidden]" in capsys.readouterr().err


def test_a_run_that_waits_for_somebody_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = {"form_content": "Well?", "user_actions": [{"id": "yes", "title": "Yes"}]}
    graph = {
        "nodes": [
            {"id": "start", "type": "start", "config": {}},
            {"id": "ask", "type": "human-input", "config": form},
            {"id": "end", "type": "end", "config": {}},
        ],
        "edges": [
            {"source": "start", "target": "ask"},
            {"source": "ask", "target": "end", "handle": "yes"},
        ],
    }

    assert main(["run", kept(tmp_path, "form.json", json.dumps(graph))]) == 1
    assert "[workflow_run_paused]" in capsys.readouterr().err


def test_beginning_loads_no_server_no_driver_and_no_gateway() -> None:
    probe = (
        "import sys, dify_hex.bootstrap.workflow_command\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
