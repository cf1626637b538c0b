"""The guarded client on a resolver of the test's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dify_hex.adapters.outbound_http.client import GuardedOutboundHttp
from dify_hex.adapters.outbound_http.fair_shares import FairShares
from dify_hex.adapters.outbound_http.pool import make_pool
from dify_hex.adapters.outbound_http.resolver import Addresses, NameResolver
from dify_hex.adapters.outbound_http.sending import Sender
from dify_hex.application.shared.outbound_http import OutboundLimits
from dify_hex.application.shared.telemetry import SilentTelemetry, Telemetry
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.network_address import parse_address
from dify_hex.domain.shared.values.outbound_rules import OutboundRules


@dataclass(slots=True)
class ScriptedResolver(NameResolver):
    """Answers each lookup of a name with the next of its answers, the last one for ever.

    The name `*` stands for all that are not known.
    """

    names: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def lead(self, name: str, *answers: tuple[str, ...]) -> None:
        """Let a name lead somewhere, and elsewhere the next time."""
        self.names[name] = list(answers)

    async def addresses(self, name: str, *, tenant: str) -> Addresses:
        """The next answer."""
        self.asked.append(name)
        answers = self.names.get(name) or self.names.get("*", [()])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return tuple(map(parse_address, answer))


@asynccontextmanager
async def guarded_client(
    *,
    opened: tuple[str, ...] = ("127.0.0.1",),
    denied: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    tenants_rules: Mapping[TenantId, OutboundRules] | None = None,
    resolver: NameResolver | None = None,
    ceiling: OutboundLimits | None = None,
    ca_file: Path | None = None,
    connections: int = 16,
    per_tenant: int = 8,
    telemetry: Telemetry | None = None,
) -> AsyncIterator[GuardedOutboundHttp]:
    """A client whose deployment opens this machine and nothing else that is not public."""
    client = GuardedOutboundHttp(
        sender=Sender(
            pool=make_pool(connections=connections, ca_file=ca_file),
            resolver=resolver or ScriptedResolver(),
            rules=OutboundRules.parse(opened=opened, only=only, denied=denied),
            tenants_rules=tenants_rules,
        ),
        shares=FairShares(per_tenant),
        ceiling=ceiling or OutboundLimits(total_seconds=30, max_body_bytes=64 << 20),
        telemetry=telemetry or SilentTelemetry(),
    )
    try:
        yield client
    finally:
        await client.aclose()
