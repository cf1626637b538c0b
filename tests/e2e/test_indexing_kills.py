"""Documents are indexed, whole and once, whatever is killed while that is done."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.product import Product, make_owner, running_product
from tests.e2e.test_kills import VICTIMS, killing
from tests.fakes.running_model_server import RunningModelServer, run_model_server

Json = dict[str, Any]

#: Segments of a document, and how many of them are sent to the model at once.
SEGMENTS = 100
BATCH = 64
#: Jobs of one queue that a worker does at the same time.
PLACES = 4
#: Seconds that a caller goes on asking, and that all jobs may take.
PATIENCE = 60.0
COMPLETE_WITHIN = 420.0
MODEL = "scripted-embedding"
_SMALL = {"mode": "general", "max_tokens": 40, "overlap_tokens": 0}
_OVER = ("completed", "failed", "cancelled")


@dataclass(slots=True)
class Library:
    """Two Knowledge: one whose documents stay, and one whose documents are deleted at once."""

    client: httpx.AsyncClient
    lasting: str = ""
    passing: str = ""
    #: By id, what each lasting document has to hold.
    contents: dict[str, set[str]] = field(default_factory=dict)

    async def open(self) -> None:
        """Make both."""
        for place in ("lasting", "passing"):
            body = {"name": f"{place} {uuid4().hex[:8]}", "segmentation": _SMALL}
            setattr(self, place, (await self.ask("POST", "/v1/knowledge", json=body))["id"])

    async def ask(self, method: str, path: str, **options: Any) -> Json:
        """What a request that has to succeed answers, asked again for as long as nobody does."""
        deadline = time.monotonic() + PATIENCE
        while (answer := await self._try(method, path, options)) is None:
            assert time.monotonic() < deadline, f"nobody answers {method} {path}"
            await asyncio.sleep(0.2)
        if method == "DELETE":
            # Whoever asks again may hear that it is gone by their own request.
            assert answer.status_code in (204, 404), answer.text
            return {}
        found: Json = answer.json()
        if found["code"] == "document_exists":
            details: Json = found["details"]
            return details
        assert answer.is_success, answer.text
        return found if "pagination" in found else found["data"]

    async def _try(self, method: str, path: str, options: Json) -> httpx.Response | None:
        try:
            answer = await self.client.request(method, path, **options)
        except httpx.HTTPError:
            return None
        return None if answer.status_code >= 500 else answer

    async def _added(self, place: str, name: str, text: str) -> str:
        """The id of a new document; content that is there already is that of a lost answer."""
        path = f"/v1/knowledge/{place}/documents"
        answer = await self.ask("POST", path, json={"name": name, "text": text})
        if "document_id" in answer:
            return str(answer["document_id"])
        return str(answer["documents"][0]["id"])

    async def add(self, number: int) -> None:
        """A document that stays."""
        paragraphs = [
            f"Document {number} says in paragraph {each}: lamp {number * SEGMENTS + each} is lit "
            f"at dusk by keeper {number} and put out at dawn by keeper {each} of the harbour."
            for each in range(SEGMENTS)
        ]
        name, text = f"Document {number}", "\n\n".join(paragraphs)
        self.contents[await self._added(self.lasting, name, text)] = set(paragraphs)

    async def add_and_delete(self, number: int) -> None:
        """A document that is deleted at once: two jobs, of which either may come first."""
        text = f"Ship {number} passes by."
        document_id = await self._added(self.passing, f"Passing {number}", text)
        await self.ask("DELETE", f"/v1/documents/{document_id}")

    async def all_over(self) -> list[Json]:
        """The lasting documents, once each has come to its end."""
        deadline = time.monotonic() + COMPLETE_WITHIN
        while True:
            documents = [await self.ask("GET", f"/v1/documents/{each}") for each in self.contents]
            if all(document["status"] in _OVER for document in documents):
                return documents
            waiting = Counter(document["status"] for document in documents)
            assert time.monotonic() < deadline, f"documents are left: {waiting}"
            await asyncio.sleep(1)

    async def tasks_over(self) -> list[Json]:
        """Every task, once none waits any more."""
        deadline = time.monotonic() + COMPLETE_WITHIN
        while True:
            tasks = [task async for task in self._tasks()]
            if all(task["status"] in ("success", "failure") for task in tasks):
                return tasks
            waiting = Counter((task["kind"], task["status"]) for task in tasks)
            assert time.monotonic() < deadline, f"jobs are left: {waiting}"
            await asyncio.sleep(1)

    async def segments(self, document_id: str) -> list[Json]:
        """All segments of a document."""
        found: list[Json] = []
        path, after = f"/v1/documents/{document_id}/segments?limit=100", ""
        while True:
            page = await self.ask("GET", f"{path}{after}")
            found += page["data"]
            pagination = page["pagination"]
            if "total" in pagination and pagination["has_next"]:
                after = f"&page={pagination['page'] + 1}"
            elif pagination.get("next_cursor"):
                after = f"&after={pagination['next_cursor']}"
            else:
                return found

    async def _tasks(self) -> Any:
        after = ""
        while True:
            page = await self.ask("GET", f"/v1/tasks?limit=100{after}")
            for task in page["data"]:
                yield task
            if not page["pagination"]["has_more"]:
                return
            after = f"&after={page['pagination']['next_cursor']}"


@pytest.fixture(scope="module")
def models() -> Iterator[RunningModelServer]:
    with run_model_server() as running:
        yield running


@pytest.fixture(scope="module")
def product(models: RunningModelServer) -> Iterator[Product]:
    variables = {
        "DIFY_HEX_MODEL_URL": models.url,
        "DIFY_HEX_EMBEDDING_URL": models.url,
        "DIFY_HEX_EMBEDDING_NAME": MODEL,
    }
    with running_product(variables=variables) as running:
        yield running


@pytest.fixture(scope="module")
def key(product: Product) -> str:
    scopes = [f"knowledge:{what}" for what in ("read", "write", "delete")]
    made = httpx.post(
        f"{product.url}/v1/api-keys",
        json={"name": "library", "scopes": [*scopes, "task:read"]},
        headers=make_owner(product),
        timeout=30,
    )
    assert made.status_code == 201, made.text
    secret: str = made.json()["data"]["secret"]
    return secret


async def check(
    product: Product, library: Library, models: RunningModelServer, kills: int
) -> Counter[str]:
    """Everything is there, once; how often each text was sent to the model."""
    for document in await library.all_over():
        assert document["status"] == "completed", (document["error"], product.last_words())
        segments = await library.segments(document["id"])
        contents = [segment["content"] for segment in segments]
        assert len(contents) == len(set(contents)), "no segment is doubled"
        assert set(contents) == library.contents[document["id"]], "no segment is missing"
        assert (document["segments"], document["indexed_segments"]) == (SEGMENTS, SEGMENTS)
    for task in await library.tasks_over():
        assert task["status"] == "success" or _was_given_up(task), task
    left = await library.ask("GET", f"/v1/knowledge/{library.passing}/documents")
    assert left["data"] == []
    sent = Counter(
        text
        for request in models.requests
        if request.path.endswith("/embeddings")
        for text in request.body["input"]
    )
    lasting = {text: times for text, times in sent.items() if text.startswith("Document ")}
    assert lasting.keys() == set().union(*library.contents.values())
    # What was on its way to the model when somebody died is sent again, and nothing else is.
    repeated = [text for text, times in lasting.items() if times > 1]
    assert max(lasting.values()) <= 1 + kills
    assert len(repeated) <= kills * PLACES * BATCH
    return Counter(lasting)


def _was_given_up(task: Json) -> bool:
    """A dead letter has its reason; so has what its owner took back by deleting the document."""
    return task["error"] is not None and (task["dead"] or task["error"]["code"] == "task_cancelled")


async def index(
    product: Product,
    key: str,
    *,
    documents: int,
    others: int,
    plan: Sequence[tuple[float, str]],
    models: RunningModelServer,
) -> Counter[str]:
    """Index documents while other jobs run and parts of the product are killed."""
    models.reset()
    headers = {"Authorization": f"Bearer {key}"}
    timeout = httpx.Timeout(15, connect=3)
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(
        base_url=product.url, headers=headers, timeout=timeout, limits=limits
    ) as client:
        library = Library(client)
        await library.open()
        disturbance = asyncio.create_task(killing(product, list(plan)))
        busy = asyncio.Semaphore(8)

        async def one(work: Any, number: int) -> None:
            async with busy:
                await work(number)

        work = [one(library.add, number) for number in range(documents)]
        work += [one(library.add_and_delete, number) for number in range(others)]
        await asyncio.gather(*work)
        await disturbance
        return await check(product, library, models, len(plan))


@pytest.mark.kill
async def test_documents_survive_the_death_of_each_part(
    product: Product, key: str, models: RunningModelServer
) -> None:
    product.await_ready()
    plan = [(1.5, victim) for victim in VICTIMS]
    await index(product, key, documents=12, others=20, plan=plan, models=models)


@pytest.mark.kill
@pytest.mark.soak
async def test_a_hundred_documents_survive_anything(
    product: Product, key: str, models: RunningModelServer
) -> None:
    chance = random.Random(20261121)
    deaths = [victim for victim in VICTIMS for _ in range(4)]
    chance.shuffle(deaths)
    plan = [(chance.uniform(2.0, 5.0), victim) for victim in deaths]
    product.await_ready()
    began = time.monotonic()

    sent = await index(product, key, documents=100, others=200, plan=plan, models=models)

    # The figure for `make soak`'s record.
    sys.stderr.write(
        f"\n100 documents of {SEGMENTS} segments, 400 other jobs, {len(plan)} kills: "
        f"{sum(times - 1 for times in sent.values())} texts were sent again, "
        f"{time.monotonic() - began:.0f} s in all\n"
    )
