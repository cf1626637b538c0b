"""The classes of faults by which comparable products were broken into, tried on this one over HTTP.

What is known of them comes from the public records of each. CVE-2026-49444 has none that could be
read; its class is taken from its neighbours of the same product: CVE-2025-68613 and CVE-2026-25049
(an expression reaches the host), CVE-2026-25115 and CVE-2026-27494 (Python leaves its sandbox).
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.effects import TOPIC, Flows, code, given, only
from tests.e2e.flows import Json, end, node
from tests.e2e.product import Product, running_product
from tests.fakes.canary_server import Canary, running_canary

NUMBER: Json = {"n": {"type": "number"}}
TEXT: Json = {"text": {"type": "string"}}


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with running_product() as running:
        yield running


@pytest.fixture(scope="module")
def flows(product: Product) -> Flows:
    return Flows(product)


@pytest.fixture
def canary() -> Iterator[Canary]:
    with running_canary() as canary:
        yield canary


@pytest.fixture
def trap(product: Product, canary: Canary) -> Iterator[str]:
    """Python that betrays itself wherever it is executed: by a file, or by a request."""
    file = product.home / "executed"
    yield (
        f"[__import__('pathlib').Path({str(file)!r}).touch(), "
        f"__import__('urllib.request').request.urlopen({canary.url!r})]"
    )
    assert not file.exists()
    assert canary.heard == []


@contextmanager
def signed_in(flows: Flows) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=flows.product.url, headers=flows.owner, timeout=30) as client:
        yield client


def draft_with(client: httpx.Client, graph: Json) -> tuple[str, httpx.Response]:
    """A new app, and the answer to its draft being written."""
    made = client.post("/v1/apps", json={"name": f"App {time.monotonic()}", "mode": "workflow"})
    path = f"/v1/apps/{made.json()['data']['id']}"
    body = {"mode": "workflow", "graph": graph}
    headers = {"If-Match": client.get(f"{path}/draft").headers["ETag"]}
    return path, client.put(f"{path}/draft", json=body, headers=headers)


# ------------------------------------------------------- CVE-2025-3248: code that is only checked
#: Where Python executes something while it does no more than define a function.
DEFINITIONS = {
    "a decorator": "@({trap})\ndef main(): return {{'n': 1}}",
    "a default": "def main(n={trap}): return {{'n': 1}}",
    "a default of a lambda": "main = lambda n={trap}: {{'n': 1}}",
    "an annotation": "def main() -> {trap}: return {{'n': 1}}",
    "the body of a class": "class Main:\n    n = {trap}\ndef main(): return {{'n': 1}}",
    "a base class": "class Main(*{trap}): pass\ndef main(): return {{'n': 1}}",
    "a text with expressions": "n = f'{{{trap}}}'\ndef main(): return {{'n': 1}}",
    "the module itself": "{trap}\ndef main(): return {{'n': 1}}",
    "an endless loop": "while True: pass\ndef main(): return {{'n': 1}}",
}


@pytest.mark.parametrize("place", DEFINITIONS)
def test_cve_2025_3248_checking_code_executes_none_of_it(
    flows: Flows, trap: str, place: str
) -> None:
    source = DEFINITIONS[place].format(trap=trap)
    graph = only(code("check", source, NUMBER))

    began = time.monotonic()
    with signed_in(flows) as client:
        path, written = draft_with(client, graph)
        assert written.status_code == 200, written.text
        assert client.post(f"{path}/publish", json={}).status_code == 201
        assert client.get(f"{path}/draft").json()["data"]["configuration"]["graph"]

    # Executed anywhere, the loop would have taken the thirty seconds that code may take.
    assert time.monotonic() - began < 25


def test_cve_2025_3248_what_is_executed_is_executed_behind_walls(flows: Flows, trap: str) -> None:
    source = DEFINITIONS["a decorator"].format(trap=trap)

    assert flows.error(only(code("check", source, NUMBER)))["code"] == "code_failed"


def test_cve_2025_3248_nobody_hands_code_in_without_credentials(
    flows: Flows, trap: str, product: Product
) -> None:
    flow = flows.made(only(code("check", "def main(): return {'n': 1}", NUMBER)))
    graph = only(code("check", DEFINITIONS["the module itself"].format(trap=trap), NUMBER))
    path = f"{product.url}/v1/apps/{flow.app_id}"
    body = {"mode": "workflow", "graph": graph}

    answers = [
        httpx.put(f"{path}/draft", json=body, headers={"If-Match": '"1"'}),
        httpx.post(f"{path}/publish", json=body),
        httpx.post(f"{path}/runs", json={"user": "ann", "graph": graph}),
        httpx.post(f"{path}/draft/nodes/check/run", json={"values": {}, "user": "ann"}),
        httpx.post(f"{product.url}/v1/apps", json={"name": "x", "mode": "workflow"}),
    ]

    assert {answer.status_code for answer in answers} == {401}


# --------------------------------------- CVE-2026-33017: a caller's own graph in place of the kept
@pytest.mark.parametrize("field", ["graph", "data", "flow", "configuration", "draft", "tweaks"])
def test_cve_2026_33017_a_run_takes_no_graph_from_its_caller(
    flows: Flows, trap: str, field: str
) -> None:
    flow = flows.made(only(code("check", "def main(): return {'n': 1}", NUMBER)))
    theirs = only(code("check", DEFINITIONS["the module itself"].format(trap=trap), NUMBER))
    body = {"inputs": {"topic": TOPIC}, "user": "ann", field: theirs}

    answer = httpx.post(
        f"{flow.url}/v1/apps/{flow.app_id}/runs", json=body, headers=flow.headers, timeout=30
    )

    assert answer.status_code == 422, answer.text


def test_cve_2026_33017_who_may_run_an_app_may_not_run_a_draft(flows: Flows, trap: str) -> None:
    flow = flows.made(only(code("check", "def main(): return {'n': 1}", NUMBER)))
    path = f"{flow.url}/v1/apps/{flow.app_id}"
    body = {"inputs": {"topic": TOPIC}, "user": "ann", "version": "draft"}
    theirs = {"mode": "workflow", "graph": only(code("check", trap, NUMBER))}
    marked = {**flow.headers, "If-Match": '"1"'}

    answers = [
        httpx.post(f"{path}/runs", json=body, headers=flow.headers),
        httpx.put(f"{path}/draft", json=theirs, headers=marked),
        httpx.post(f"{path}/publish", json={}, headers=flow.headers),
        httpx.post(f"{path}/draft/nodes/check/run", json={"user": "ann"}, headers=flow.headers),
    ]

    assert {answer.status_code for answer in answers} == {403}


def test_cve_2026_33017_routes_for_everybody_execute_nothing(
    flows: Flows, trap: str, product: Product
) -> None:
    document = httpx.get(f"{product.url}/openapi.json").json()
    theirs = only(code("check", DEFINITIONS["the module itself"].format(trap=trap), NUMBER))
    body = {"graph": theirs, "data": theirs, "code": trap, "inputs": {"topic": trap}}
    flow = flows.made(only(code("check", "def main(): return {'n': 1}", NUMBER)))
    open_to_all = [
        (method, path)
        for path, operations in document["paths"].items()
        for method, told in operations.items()
        if told.get("x-permission") == "public"
    ]

    for method, path in open_to_all:
        url = product.url + path.replace("{token}", flow.app_id)
        answer = httpx.request(method, url, json=None if method == "get" else body, timeout=30)
        assert answer.status_code in {200, 400, 401, 404, 422}, (method, path, answer.text)
    assert len(open_to_all) >= 5


# ------------------------------------ CVE-2026-49444 and its like: expressions that reach the host
EXPRESSIONS = (
    "{{ 7 * 7 }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{% for x in range(3) %}{{ x }}{% endfor %}",
    "{{= constructor.constructor('return process')().mainModule.require('os').hostname() }}",
    "${constructor.constructor('return process.env')()}",
    "{{#env.GREETING#}}",
    "%(topic)s {topic.__class__} #{7*7} <%= 7*7 %>",
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_cve_2026_49444_what_a_caller_writes_is_never_an_expression(
    flows: Flows, expression: str
) -> None:
    """Through every place in which a value is put into a text, it stays the text that it is."""
    topic = given(topic=["start", "topic"])
    graph = {
        "environment": [{"name": "GREETING", "type": "string", "value": "a-secret"}],
        **only(
            node("plain", "template-transform", template="{{ topic }}", variables=topic),
            node(
                "rich",
                "template-transform",
                template="{% for t in [topic] %}{{ t }}{% endfor %}",
                variables=topic,
            ),
            code("keep", "def main(topic): return {'text': topic}", TEXT, variables=topic),
        ),
    }
    graph["nodes"][-1] = end(
        plain=["plain", "output"], rich=["rich", "output"], kept=["keep", "text"]
    )

    found = flows.outputs(graph, expression)

    assert found == dict.fromkeys(("plain", "rich", "kept"), expression)


#: What authors of graphs have left sandboxes of Python and JavaScript by.
ESCAPES = {
    "classes": (
        "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['id'])"
    ),
    "a subprocess": "__import__('subprocess').check_output(['id']).decode()",
    "a traceback's frames": (
        "(lambda: [open(p).read() for p in ('/etc/passwd', '/proc/self/environ')])()"
    ),
    "the C library": "__import__('ctypes').CDLL(None).execv(b'/bin/sh', None) + (1 / 0)",
    "a builtin taken back": "__builtins__['open']('/etc/shadow').read()",
    "a format": "'{0.__init__.__globals__}'.format(__import__('os')._wrap_close) + open('/root')",
}


@pytest.mark.parametrize("escape", ESCAPES)
def test_cve_2026_25115_python_does_not_leave_its_sandbox(flows: Flows, escape: str) -> None:
    source = f"def main():\n    return {{'text': str({ESCAPES[escape]})}}\n"

    error = flows.error(only(code("escape", source, TEXT)))

    assert error["code"] == "code_failed"


def test_cve_2026_27494_code_sees_nothing_of_ours(flows: Flows, product: Product) -> None:
    source = (
        "import os, sys\n"
        "def main():\n"
        "    seen = [*os.environ.items(), *sys.argv, *sys.modules]\n"
        f"    for path in ({str(product.home)!r}, '/etc', '/proc', '/root', '/home'):\n"
        "        try: seen += os.listdir(path)\n"
        "        except OSError: pass\n"
        "    return {'text': ' '.join(map(str, seen))}\n"
    )
    graph = only(code("look", source, TEXT))
    graph["nodes"][-1] = end(text=["look", "text"])

    seen = flows.outputs(graph)["text"]

    for ours in ("DATABASE", "REDIS", "DIFY_HEX", "postgres", "passwd", "parts.json"):
        assert ours not in seen
    assert str(Path(product.home).name) not in seen


@pytest.mark.parametrize(
    "escape",
    [
        "this.constructor.constructor('return process')().env",
        "(() => {}).constructor('return globalThis.process.mainModule')()",
        "new Error((Error.prepareStackTrace = (_, f) => f[0].getThis().process.env)()).stack",
        "require('child_process').execSync('id')",
        "import('os')",
    ],
)
def test_cve_2026_25049_javascript_does_not_leave_its_sandbox(flows: Flows, escape: str) -> None:
    source = f"async function main() {{ return {{text: (await ({escape})).toString()}} }}"
    graph = only(code("escape", source, TEXT, language="javascript"))

    error = flows.error(graph)

    assert error["code"] == "code_failed"
    assert "uid=" not in json.dumps(error)


def test_cve_2025_3466_functions_replaced_by_code_serve_nobody_but_it(flows: Flows) -> None:
    """The code runs behind walls that stand before it is read, whatever it puts in their place."""
    source = (
        "globalThis.parseInt = JSON.parse = JSON.stringify = Array.prototype.map = () => 'taken';\n"
        "Object.prototype.toJSON = () => ({text: 'taken'});\n"
        "function main() { return {text: typeof process + typeof require + typeof std} }"
    )
    after = "function main() { return {text: JSON.stringify([1].map(n => n))} }"
    flow = flows.made(only(code("replace", source, TEXT, language="javascript")))
    graph = only(code("after", after, TEXT, language="javascript"))
    graph["nodes"][-1] = end(text=["after", "text"])

    answer = httpx.post(
        f"{flow.url}/v1/apps/{flow.app_id}/runs",
        json={"inputs": {"topic": TOPIC}, "user": "ann"},
        headers=flow.headers,
        timeout=30,
    )

    assert answer.status_code == 200, answer.text
    assert flows.outputs(graph) == {"text": "[1]"}
