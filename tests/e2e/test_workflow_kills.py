"""Runs of workflows end, whole and once, whatever is killed under them."""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.e2e.flows import FLOWS, ONE_BY_ONE, OUTPUTS, SAID, Json, make_flow, make_key
from tests.e2e.persistent_reader import PASSING, PATIENCE, Reading, run
from tests.e2e.product import Chat, Product, make_owner, running_product
from tests.e2e.test_kills import VICTIMS, killing
from tests.fakes.running_model_server import RunningModelServer, run_model_server

DATA = {"items": ["a", "b", "c", "d"]}


@pytest.fixture(scope="module")
def models() -> Iterator[RunningModelServer]:
    with run_model_server() as running:
        yield running


@pytest.fixture(scope="module")
def product(models: RunningModelServer) -> Iterator[Product]:
    with running_product(variables={"DIFY_HEX_MODEL_URL": models.url}) as running:
        yield running


@pytest.fixture(scope="module")
def owner(product: Product) -> dict[str, str]:
    return make_owner(product)


@pytest.fixture(scope="module")
def key(product: Product, owner: dict[str, str]) -> str:
    return make_key(product, owner)


@pytest.fixture(scope="module")
def flows(product: Product, owner: dict[str, str], key: str) -> dict[str, Chat]:
    return {name: make_flow(product, owner, graph, key) for name, graph in FLOWS.items()}


@asynccontextmanager
async def beside(
    what: Callable[[], Coroutine[None, None, None]],
) -> AsyncIterator[httpx.AsyncClient]:
    """A client for as long as something else happens."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=15), limits=limits) as client:
        disturbance = asyncio.create_task(what())
        yield client
        await disturbance


async def answer_form(client: httpx.AsyncClient, flow: Chat, reading: Reading, word: str) -> None:
    """Answer the form of a run with a word, as soon as it is there; who hears nothing asks again.

    What came of it is kept with the reading.
    """
    async with asyncio.timeout(PATIENCE):
        while word not in reading.answers:
            await asyncio.sleep(0.1)
            if reading.run_id is None or "input.requested" not in reading.types:
                continue
            try:
                told = await _answer(client, flow, reading.run_id, word)
            except httpx.HTTPError:
                continue
            if told.status_code in (200, 410):
                reading.answers[word] = told.status_code
            else:
                assert told.status_code == 503, told.text


async def _answer(client: httpx.AsyncClient, flow: Chat, run_id: str, word: str) -> httpx.Response:
    url = f"{flow.url}/v1/workflow-runs/{run_id}/forms"
    forms = await client.get(url, headers=flow.headers)
    if forms.status_code != 200:
        return forms
    token = forms.json()["data"][0]["token"]
    body = {"action": word, "inputs": {"word": word}}
    return await client.post(f"{flow.url}/v1/forms/{token}", json=body)


async def runs(
    client: httpx.AsyncClient, flows: dict[str, Chat], count: int, *, every: float
) -> list[tuple[str, Reading]]:
    """Begin a run every so often, of each flow in turn; the forms that they ask are answered."""
    names = list(flows)
    readers = []
    for number in range(count):
        name = names[number % len(names)]
        inputs: dict[str, object] = {"topic": f"even {number}", "data": DATA}
        readers.append(asyncio.create_task(followed(client, flows[name], name, inputs)))
        await asyncio.sleep(every)
    readings = await asyncio.gather(*readers)
    return [(names[number % len(names)], reading) for number, reading in enumerate(readings)]


async def followed(
    client: httpx.AsyncClient, flow: Chat, name: str, inputs: dict[str, object]
) -> Reading:
    """A run to its end; where it asks somebody, two answer at once."""
    reading = Reading()
    words = ("left", "right") if name == "asking" else ()
    await asyncio.gather(
        run(client, flow, inputs, reading),
        *(answer_form(client, flow, reading, word) for word in words),
    )
    return reading


async def journal(client: httpx.AsyncClient, flow: Chat, run_id: str) -> list[Json]:
    """Everything that is journalled of a run that has ended."""
    url = f"{flow.url}/v1/workflow-runs/{run_id}/events"
    answer = await client.get(url, headers=flow.headers, timeout=30)
    assert answer.status_code == 200, answer.text
    blocks = [
        dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        for block in answer.text.replace("\r\n", "\n").split("\n\n")
    ]
    return [
        {"id": each["id"], "type": each["event"], **json.loads(each["data"])}
        for each in blocks
        if "event" in each and each["event"] not in (*PASSING, "done")
    ]


def check_effects(events: list[Json], asked: Counter[str | None]) -> None:
    """An effect was sent once, and again under its key for each time its owner died."""
    keys = {
        (each["frame"], each["node_id"], each["attempt"]): str(each["effect_key"])
        for each in events
        if each["type"] == "node.started" and each["node_type"] == "llm"
    }
    deaths = Counter(
        keys.get((each["frame"], each["node_id"], each["attempt"]))
        for each in events
        if each["type"] == "node.retrying" and each["interrupted"]
    )
    for key in set(keys.values()):
        assert asked[key] <= 1 + deaths[key], key


def check_answers(events: list[Json], reading: Reading) -> None:
    """The form took one answer, once: that of whoever was told so.

    Who was told nothing and asked again may find the form closed by their own answer.
    """
    taken = [
        each for each in events if each["type"] == "node.succeeded" and each["node_id"] == "ask"
    ]
    accepted = [word for word, status in reading.answers.items() if status == 200]
    assert len(taken) == 1
    assert len(accepted) <= 1, reading.answers
    assert events[-1]["outputs"]["word"] in (accepted or reading.answers)


async def check(
    client: httpx.AsyncClient,
    flows: dict[str, Chat],
    models: RunningModelServer,
    found: list[tuple[str, Reading]],
) -> None:
    ids = [reading.run_id for _, reading in found]
    assert None not in ids
    assert len(set(ids)) == len(ids), "no run is doubled"
    asked = Counter(each.idempotency_key for each in models.requests)
    for name, reading in found:
        assert reading.types[-2:] == ["run.succeeded", "done"], reading.types[-3:]
        ordered = [tuple(map(int, each.split("."))) for each in reading.journalled]
        assert ordered == sorted(set(ordered))
        events = await journal(client, flows[name], str(reading.run_id))
        assert [each["id"] for each in events] == reading.journalled
        assert events[-1]["outputs"].items() >= OUTPUTS[name].items()
        if name == "asking":
            check_answers(events, reading)
        check_effects(events, asked)


@pytest.mark.kill
async def test_workflows_survive_the_death_of_each_part(
    product: Product, flows: dict[str, Chat], models: RunningModelServer
) -> None:
    product.await_ready()
    plan = [(1.5, victim) for victim in VICTIMS]

    async with beside(lambda: killing(product, plan)) as client:
        found = await runs(client, flows, 24, every=0.25)
        product.await_ready()
        await check(client, flows, models, found)


@pytest.mark.kill
@pytest.mark.parametrize("durability", ["relaxed", "none"])
async def test_less_durable_runs_end_as_their_apps_have_chosen(
    product: Product,
    models: RunningModelServer,
    owner: dict[str, str],
    key: str,
    durability: str,
) -> None:
    flow = make_flow(product, owner, ONE_BY_ONE, key, durability)
    models.reset()
    product.await_ready()

    async with beside(lambda: killing(product, [(1.2, "api")])) as client:
        found = await runs(client, {durability: flow}, 6, every=0.15)
        product.await_ready()
        ends = [(await journal(client, flow, str(each.run_id)))[-1] for _, each in found]

    asked = Counter(each.idempotency_key for each in models.requests)
    if durability == "relaxed":
        # It goes on from what was committed; what came after that is done again, under its key.
        assert [each["outputs"] for each in ends] == [{"text": SAID}] * 6
        assert max(asked.values()) <= 2
    else:
        # Nobody knows how far it had come, so nothing of it is done again.
        lost = [each for each in ends if each["type"] == "run.failed"]
        assert {each["error"]["code"] for each in lost} == {"workflow_owner_lost"}
        assert all(each["outputs"] == {"text": SAID} for each in ends if each not in lost)
        assert set(asked.values()) == {1}


@pytest.mark.kill
@pytest.mark.soak
async def test_three_hundred_runs_survive_anything(
    product: Product, flows: dict[str, Chat], models: RunningModelServer
) -> None:
    models.reset()
    chance = random.Random(20261121)
    deaths = [victim for victim in VICTIMS for _ in range(5)]
    chance.shuffle(deaths)
    plan = [(chance.uniform(2.0, 6.0), victim) for victim in deaths]
    product.await_ready()
    began = time.monotonic()

    async with beside(lambda: killing(product, plan)) as client:
        found = await runs(client, flows, 300, every=0.27)
        product.await_ready()
        await check(client, flows, models, found)
    # The figure for `make soak`'s record.
    sys.stderr.write(
        f"\n300 runs, {len(plan)} kills, "
        f"{sum(reading.reconnects for _, reading in found)} reconnects, longest silence "
        f"{max(reading.longest_silence for _, reading in found):.1f} s, "
        f"{time.monotonic() - began:.0f} s in all\n"
    )
