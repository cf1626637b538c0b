"""A program for a network namespace of its own, in which every address there is has a canary.

All addresses are routed to the namespace itself, so that whatever is connected to, however it was
named, is heard. Prints what was heard from the guarded client, and from an ordinary one.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import AsyncExitStack
from ipaddress import ip_address

import httpx

from dify_hex.domain.shared.errors import DomainError
from tests.builders.outbound import a_request
from tests.fakes.hostile_urls import attempts
from tests.fakes.outbound import ScriptedResolver, guarded_client

PUBLIC = "93.184.216.34"
PORTS = (22, 25, 53, 80, 443, 587, 1900, 6379, 6667, 8000, 11211)
REBOUND = ("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fd00:ec2::254")


class Canaries:
    """Hear every connection, and send each on to where its path says."""

    def __init__(self, targets: list[str]) -> None:
        self._targets = targets
        self.heard: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        address, port, *_ = writer.get_extra_info("sockname")
        self.heard.add(f"{ip_address(address)} {port}")
        try:
            line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0]
            writer.write(self._answer(line.decode("latin-1").split(" ")[1]))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, IndexError, ValueError):
            return
        finally:
            writer.close()

    def _answer(self, path: str) -> bytes:
        kind, _, number = path.strip("/").partition("-")
        if kind == "redirect":
            location = self._targets[int(number)]
        elif kind == "again":
            location = "/again"
        else:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n"
        return head.encode() + b"Connection: close\r\n\r\n"


async def guarded(canaries: Canaries) -> dict[str, object]:
    """Each attempt asked at once, and after a redirect; and names that lead inside later."""
    resolver = ScriptedResolver()
    resolver.lead("start.example", (PUBLIC,))
    refused = asked = 0
    async with guarded_client(opened=(), resolver=resolver) as client:
        urls = [
            (url, attempt.addresses or ("10.0.0.1",))
            for number, attempt in enumerate(attempts())
            for url in (attempt.url, f"http://start.example/redirect-{number}")
        ]
        for url, addresses in urls:
            resolver.lead("*", addresses)
            asked += 1
            try:
                await client.send(a_request(url))
            except DomainError:
                refused += 1
        for address in REBOUND:
            resolver.lead("rebinding.example", (PUBLIC,), (address,))
            asked += 1
            try:
                await client.send(a_request("http://rebinding.example/again"))
            except DomainError:
                refused += 1
    return {"asked": asked, "refused": refused, "heard": sorted(canaries.heard)}


async def careless(canaries: Canaries) -> dict[str, object]:
    """The same redirects, followed by an ordinary client."""
    canaries.heard.clear()
    async with httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=1) as client:
        for number in range(len(attempts())):
            try:
                await client.get(f"http://{PUBLIC}/redirect-{number}")
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                continue
    return {"heard": sorted(canaries.heard)}


def route_everything_here() -> None:
    """Make every address one of this namespace."""
    tool = shutil.which("ip", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert tool is not None, "iproute2 is not installed"
    commands = (
        "link set lo up",
        "route add local 0.0.0.0/0 dev lo",
        "-6 route add local ::/0 dev lo",
    )
    for command in commands:
        subprocess.run([tool, *command.split()], check=True)


async def main() -> None:
    """Open the canaries, try everything, print what was heard."""
    canaries = Canaries([attempt.url for attempt in attempts()])
    async with AsyncExitStack() as stack:
        for port in PORTS:
            for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                server = await asyncio.start_server(canaries.serve, host, port, family=family)
                stack.callback(server.close)
        found = {"guarded": await guarded(canaries), "careless": await careless(canaries)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    route_everything_here()
    asyncio.run(main())
