"""The least that streams: FastAPI with sse-starlette in front of the same model, and no product.

python -m benchmarks.peer --port 0 --model-port 1234      prints `READY <port>`
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import socket
from subprocess import PIPE, Popen

import httpx
import orjson
import uvicorn
from fastapi import FastAPI, Request
from sse_starlette import EventSourceResponse

from benchmarks.wire import Address


def make_peer(model: Address) -> FastAPI:
    """Passes a model's tokens on, or counts by itself; nothing is known, checked or kept."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = f"http://{model.host}:{model.port}/v1"
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=500)
        async with httpx.AsyncClient(base_url=url, limits=limits, trust_env=False) as client:
            app.state.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/chat")
    async def chat(request: Request) -> EventSourceResponse:
        return EventSourceResponse(_tokens(app.state.client, await request.body()))

    @app.get("/ticks")
    async def ticks() -> EventSourceResponse:
        return EventSourceResponse(_ticks())

    return app


async def _tokens(client: httpx.AsyncClient, body: bytes) -> AsyncIterator[dict[str, str]]:
    number = 0
    async with client.stream("POST", "/chat/completions", content=body) as answer:
        async for line in answer.aiter_lines():
            if not line.startswith("data: {"):
                continue
            choices = orjson.loads(line[6:]).get("choices")
            if choices and (text := choices[0]["delta"].get("content")):
                number += 1
                data = orjson.dumps({"text": text}).decode()
                yield {"id": f"1.{number}", "event": "message.delta", "data": data}
    yield {"id": f"1.{number}", "event": "done", "data": "{}"}


async def _ticks() -> AsyncIterator[dict[str, str]]:
    number = 0
    while True:
        number += 1
        yield {"id": f"1.{number}", "event": "message.delta", "data": '{"text":"tick "}'}
        await asyncio.sleep(1)


@contextmanager
def running_peer(model: Address) -> Iterator[tuple[Address, int]]:
    """The peer as a process of its own: its address and pid."""
    command = [sys.executable, "-m", "benchmarks.peer", "--model-port", str(model.port)]
    process = Popen(command, stdout=PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().removeprefix("READY "))
        yield Address("127.0.0.1", port), process.pid
    finally:
        process.kill()
        process.wait()


class _Announced(uvicorn.Server):
    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"READY {self.servers[0].sockets[0].getsockname()[1]}", flush=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--model-port", type=int, required=True)
    given = arguments.parse_args()
    _Announced(
        uvicorn.Config(
            make_peer(Address("127.0.0.1", given.model_port)),
            port=given.port,
            log_config=None,
            access_log=False,
            loop="uvloop",
            http="httptools",
            backlog=4096,
        )
    ).run()
