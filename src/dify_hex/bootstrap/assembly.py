"""Puts one process together: its object graph, under a name that no other process has."""

import os
import socket

from dify_hex.application.shared.identity import new_id
from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.endpoints import endpoints_of
from dify_hex.bootstrap.settings import Settings


def make_container(settings: Settings, role: str) -> Container:
    """The object graph of one process; `role` is `api`, `worker` or a command's name.

    Raises:
        NotConfigured: a server is neither given by URL nor embedded and running.
    """
    runs = settings.run
    return Container(
        settings=settings,
        endpoints=endpoints_of(settings),
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


def process_name(role: str) -> str:
    """What the process is called in leases: unique, and telling where to look for it."""
    return f"dify-hex {role} {socket.gethostname()}:{os.getpid()}:{new_id().hex[-8:]}"
