"""Whatever is killed, every message ends, whole and once, and every reader holds what is stored."""

import asyncio
import random
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator

import httpx
import psutil
import pytest

from tests.e2e.persistent_reader import Reading, converse
from tests.e2e.product import Chat, Product, make_chat, make_owner, running_product
from tests.fakes.running_model_server import run_model_server

#: Forty tokens, one every 50 ms: two seconds of streaming per message.
QUERY = "[[tokens=40 delay=0.05]] number {number}"
ANSWER = "".join(f"t{index} " for index in range(40)).strip()
#: Seconds within which a run goes on after a death.
RECOVERY = 10.0
VICTIMS = {
    "api": ("dify_hex.bootstrap.services", "api"),
    "worker": ("dify_hex.bootstrap.services", "worker"),
    "valkey": ("valkey-server",),
    "postgres": ("postgres", "-D"),
}


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with (
        run_model_server() as models,
        running_product(variables={"DIFY_HEX_MODEL_URL": models.url}) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def chat(product: Product) -> Chat:
    return make_chat(product, make_owner(product))


def kill(product: Product, victim: str) -> None:
    """Kill -9 the oldest process of that kind."""
    processes = product.children(*VICTIMS[victim])
    if processes:
        oldest = min(processes, key=lambda process: process.create_time())
        try:
            oldest.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            return


async def killing(product: Product, plan: list[tuple[float, str]]) -> None:
    for wait, victim in plan:
        await asyncio.sleep(wait)
        await asyncio.to_thread(kill, product, victim)


async def conversations(
    chat: Chat, count: int, *, every: float, beside: Callable[[], Coroutine[None, None, None]]
) -> list[Reading]:
    """Begin a message every so often, while something happens beside."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=httpx.Timeout(15), limits=limits) as client:
        disturbance = asyncio.create_task(beside())
        readers = []
        for number in range(count):
            readers.append(asyncio.create_task(converse(client, chat, QUERY.format(number=number))))
            await asyncio.sleep(every)
        readings = await asyncio.gather(*readers)
        await disturbance
        return readings


def stored(product: Product, chat: Chat, reading: Reading) -> dict[str, object]:
    answer = httpx.get(
        f"{chat.url}/v1/messages/{reading.message_id}", headers=chat.headers, timeout=30
    )
    assert answer.status_code == 200, answer.text + product.last_words()
    found: dict[str, object] = answer.json()["data"]
    return found


def check(product: Product, chat: Chat, readings: list[Reading]) -> None:
    ids = [reading.message_id for reading in readings]
    assert len(set(ids)) == len(ids), "no message is doubled"
    for reading in readings:
        assert reading.types[-1] == "done"
        assert len(set(reading.journalled)) == len(reading.journalled), reading.journalled
        ordered = [tuple(map(int, each.split("."))) for each in reading.journalled]
        assert ordered == sorted(ordered)
        message = stored(product, chat, reading)
        assert message["status"] == "succeeded", message["error"]
        assert message["answer"] == reading.text
        assert str(message["answer"]).split() == ANSWER.split()


@pytest.mark.kill
@pytest.mark.parametrize("victim", list(VICTIMS))
async def test_killing_one_part_loses_nothing(product: Product, chat: Chat, victim: str) -> None:
    product.await_ready()
    readings = await conversations(
        chat, 12, every=0.1, beside=lambda: killing(product, [(1.2, victim)])
    )

    check(product, chat, readings)
    assert max(each.longest_silence for each in readings) <= RECOVERY


@pytest.mark.kill
@pytest.mark.soak
async def test_two_hundred_chats_survive_anything(product: Product, chat: Chat) -> None:
    chance = random.Random(20261121)
    deaths = [victim for victim in VICTIMS for _ in range(4)]
    chance.shuffle(deaths)
    plan = [(chance.uniform(2.0, 6.0), victim) for victim in deaths]
    product.await_ready()
    began = time.monotonic()

    readings = await conversations(chat, 200, every=0.35, beside=lambda: killing(product, plan))

    check(product, chat, readings)
    # The figure for `make soak`'s record.
    sys.stderr.write(
        f"\n200 chats, {len(plan)} kills, {sum(each.reconnects for each in readings)} reconnects, "
        f"longest silence {max(each.longest_silence for each in readings):.1f} s, "
        f"{time.monotonic() - began:.0f} s in all\n"
    )
