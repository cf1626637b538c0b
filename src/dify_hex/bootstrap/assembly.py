"""Puts one process together: its object graph, under a name that no other process has."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dify_hex.application.shared.identity import new_id
from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.endpoints import endpoints_of
from dify_hex.bootstrap.settings import Settings

_GRAPH_DEPTH = 5_000


def make_container(settings: Settings, role: str) -> Container:
    """The object graph of one process; `role` is `api`, `worker` or a command's name.

    Raises:
        NotConfigured: a server is neither given by URL nor embedded and running.
    """
    runs = settings.run
    endpoints = endpoints_of(settings)
    with _room_for_the_graph():
        return Container(
            settings=settings,
            endpoints=endpoints,
            process_name=process_name(role),
            run_capacity=runs.background_limit if role == "worker" else runs.foreground_limit,
        )


async def stop_runs(container: Container) -> None:
    """Let runs finish within the grace, and release the others for another process."""
    grace = container.shared().settings().server.shutdown_grace
    # What is left of the grace is for streams and connections.
    await container.workflow().host().drain(seconds=grace / 2)


async def stop_jobs(container: Container) -> None:
    """Let background jobs finish within the grace; those that do not go back to their queues."""
    grace = container.shared().settings().server.shutdown_grace
    await container.jobs().workers().drain(grace / 2)


@contextmanager
def _room_for_the_graph() -> Iterator[None]:
    """The library copies the graph by following it to its end, several calls for each provider."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, _GRAPH_DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def process_name(role: str) -> str:
    """What the process is called in leases: unique, and telling where to look for it."""
    return f"dify-hex {role} {socket.gethostname()}:{os.getpid()}:{new_id().hex[-8:]}"
