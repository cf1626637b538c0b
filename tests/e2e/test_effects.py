"""Workflows that run code, ask servers and pass files between them, on the running product."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.builders.file import PNG
from tests.e2e.effects import START, Flows, code, given, only
from tests.e2e.flows import Json, chain, end, node
from tests.e2e.product import Product, running_product
from tests.fakes.echo_server import running_echo


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_echo() as address:
        yield address


@pytest.fixture(scope="module")
def product(server: str) -> Iterator[Product]:
    with running_product(variables={"DIFY_HEX_OUTBOUND_OPENED": server}) as running:
        yield running


def words_through_everything(server: str) -> Json:
    return {
        "environment": [{"name": "GREETING", "type": "string", "value": "hello"}],
        "nodes": [
            START,
            node(
                "ask",
                "http-request",
                method="post",
                url=f"http://{server}/words",
                params="about: {{#start.topic#}}",
                authorization={
                    "type": "api-key",
                    "config": {"type": "bearer", "api_key": "{{#env.GREETING#}}"},
                },
                body={"type": "json", "data": '{"topic": "{{#start.topic#}}"}'},
            ),
            code(
                "read",
                "import json\n"
                "def main(body, status):\n"
                "    told = json.loads(body)\n"
                "    words = json.loads(told['body'])['topic'].split()\n"
                "    return {'told': told, 'words': words, 'status': status}\n",
                {
                    "told": {"type": "object", "children": {"path": {"type": "string"}}},
                    "words": {"type": "array[string]"},
                    "status": {"type": "number"},
                },
                variables=given(body=["ask", "body"], status=["ask", "status_code"]),
            ),
            code(
                "turn",
                "function main({words}) { return {turned: words.reverse()} }",
                {"turned": {"type": "array[string]"}},
                language="javascript",
                variables=given(words=["read", "words"]),
            ),
            node(
                "write",
                "template-transform",
                template="{% for w in words %}{{ loop.index }}:{{ w }} {% endfor %}",
                variables=given(words=["turn", "turned"]),
            ),
            end(text=["write", "output"], told=["read", "told"], status=["read", "status"]),
        ],
        "edges": chain("start", "ask", "read", "turn", "write", "end"),
    }


def picture_there_and_back(server: str) -> Json:
    return {
        "nodes": [
            START,
            node("fetch", "http-request", url=f"http://{server}/pictures/cat.png"),
            code(
                "look",
                "def main(pictures):\n"
                "    path = '/tmp/copy.txt'\n"
                "    content = open(pictures[0]['path'], 'rb').read()\n"
                "    open(path, 'w').write(f'{content[1:4].decode()} of {len(content)} bytes')\n"
                "    return {'report': path}\n",
                {"report": {"type": "file"}},
                variables=given(pictures=["fetch", "files"]),
            ),
            node(
                "send",
                "http-request",
                method="post",
                url=f"http://{server}/reports",
                body={
                    "type": "form-data",
                    "data": [
                        {"key": "of", "value": "{{#start.topic#}}"},
                        {"key": "report", "type": "file", "file": ["look", "report"]},
                    ],
                },
            ),
            end(
                files=["fetch", "files"],
                empty=["fetch", "body"],
                report=["look", "report"],
                told=["send", "body"],
            ),
        ],
        "edges": chain("start", "fetch", "look", "send", "end"),
    }


@pytest.fixture(scope="module")
def flows(product: Product) -> Flows:
    return Flows(product)


def test_values_go_through_a_server_two_languages_and_a_template(flows: Flows, server: str) -> None:
    found = flows.outputs(words_through_everything(server))

    told = found["told"]
    assert found["text"] == "1:words 2:small 3:three "
    assert found["status"] == 200
    assert told["path"] == "/words?about=three+small+words"
    assert (told["token"], told["type"]) == ("Bearer hello", "application/json")
    assert told["key"]


def test_a_file_goes_from_a_server_through_code_to_a_server(flows: Flows, server: str) -> None:
    found = flows.outputs(picture_there_and_back(server))

    (picture,) = (each["$file"] for each in found["files"])
    assert found["empty"] == ""
    assert (picture["name"], picture["mime_type"], picture["size"]) == (
        "cat.png",
        "image/png",
        len(PNG),
    )
    assert found["report"]["$file"]["name"] == "copy.txt"
    told = json.loads(found["told"])
    assert told["type"] == "multipart/form-data"
    assert f"PNG of {len(PNG)} bytes" in told["body"]
    assert "three small words" in told["body"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:22/",
        "http://[::ffff:10.0.0.1]/",
        "http://localhost:6379/",
    ],
)
def test_no_request_goes_where_it_must_not(flows: Flows, url: str) -> None:
    error = flows.error(only(node("ask", "http-request", url=url)))

    assert error["code"] == "outbound_address_forbidden"
    assert error["details"]["reason"] == "not_public"


def test_code_that_never_ends_is_ended(flows: Flows) -> None:
    endless = code(
        "spin",
        "def main():\n    while True: pass\n",
        {"x": {"type": "number"}},
        limits={"seconds": 1},
    )

    error = flows.error(only(endless))

    assert (error["code"], error["details"]["limit_seconds"]) == ("sandbox_timeout", 1)


def test_what_code_returns_is_held_against_what_it_declares(flows: Flows) -> None:
    wrong = code("count", "def main():\n    return {'n': 'one'}\n", {"n": {"type": "number"}})

    error = flows.error(only(wrong))

    assert error["code"] == "code_output_invalid"
    assert {"output": "n", "expected": "number", "found": "string"}.items() <= error[
        "details"
    ].items()


def test_failing_code_shows_its_own_line(flows: Flows) -> None:
    failing = code(
        "fail", "def main():\n    n = 0\n    return {'n': 1 / n}\n", {"n": {"type": "number"}}
    )

    error = flows.error(only(failing))

    assert (error["code"], error["details"]["line"]) == ("code_failed", 3)


def test_what_code_prints_is_shown_with_its_node(flows: Flows) -> None:
    source = (
        "import sys\n"
        "def main():\n    print('one')\n    print('two', file=sys.stderr)\n    return {'n': 1}\n"
    )
    flow = flows.made(only(code("speak", source, {"n": {"type": "number"}})))
    with httpx.Client(base_url=flow.url, headers=flow.headers, timeout=30) as client:
        body = {"inputs": {"topic": "printing"}, "user": "ann"}
        run = client.post(f"/v1/apps/{flow.app_id}/runs", json=body).json()["data"]
        nodes = client.get(f"/v1/workflow-runs/{run['id']}/nodes").json()["data"]["nodes"]

    printed = {each["node_id"]: each["printed"] for each in nodes}
    assert printed["speak"] == {"stdout": "one\n", "stderr": "two\n"}
    assert printed["start"] is None


def test_code_gets_no_network_by_going_around_the_node(flows: Flows, server: str) -> None:
    host, _, port = server.partition(":")
    around = code(
        "around",
        f"import socket\ndef main():\n    socket.create_connection(('{host}', {port}))\n"
        "    return {'n': 1}\n",
        {"n": {"type": "number"}},
    )

    assert flows.error(only(around))["code"] == "code_failed"


def test_a_hostile_template_finds_nothing(flows: Flows) -> None:
    hostile = node(
        "write",
        "template-transform",
        template="{% for c in ''.__class__.__mro__[1].__subclasses__() %}{{ c }}{% endfor %}",
    )

    assert flows.error(only(hostile))["code"] == "code_failed"


def slow(**policy: Any) -> Json:
    """Code that is still running when somebody kills the sandbox, unless it began again."""
    source = "import time\ndef main():\n    time.sleep(2)\n    return {'n': 1}\n"
    return code("wait", source, {"n": {"type": "number"}}) | {"policy": policy}


@contextmanager
def killing_the_sandbox(product: Product) -> Iterator[None]:
    """A second after the beginning, without a word."""

    def kill() -> None:
        for process in product.children("bootstrap.cli sandbox"):
            process.kill()

    timer = threading.Timer(1.0, kill)
    timer.start()
    yield
    timer.join()


@pytest.mark.kill
def test_a_node_outlives_the_sandbox_if_its_policy_says_so(flows: Flows, product: Product) -> None:
    with killing_the_sandbox(product):
        found = flows.outputs(only(slow(retry={"max_retries": 5, "interval_seconds": 1})))

    assert found == {"topic": "three small words"}


@pytest.mark.kill
def test_it_fails_with_a_clear_word_if_not(flows: Flows, product: Product) -> None:
    with killing_the_sandbox(product):
        error = flows.error(only(slow()))

    assert error["code"] == "sandbox_unavailable"
