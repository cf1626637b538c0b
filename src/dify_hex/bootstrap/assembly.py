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
    return Container(
        settings=settings, endpoints=endpoints_of(settings), process_name=process_name(role)
    )


async def stop_runs(container: Container) -> None:
    """Let runs finish within the grace, and release the others for another process."""


def process_name(role: str) -> str:
    """What the process is called in leases: unique, and telling where to look for it."""
    return f"dify-hex {role} {socket.gethostname()}:{os.getpid()}:{new_id().hex[-8:]}"
