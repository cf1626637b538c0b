"""What the doctor asks the sandbox: which walls stand, and what runs behind them."""

from dify_hex.adapters.sandbox.client import SandboxClient
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.bootstrap.containers.sandbox import address_of
from dify_hex.bootstrap.endpoints import Endpoints
from dify_hex.bootstrap.finding import Finding, doubtful, failed, well


async def examine_sandbox(endpoints: Endpoints) -> list[Finding]:
    """Whether code can be run here, and behind what."""
    if endpoints.sandbox_url is None:
        advice = "start `dify-hex up`, or `dify-hex sandbox` and set DIFY_HEX_SANDBOX_URL"
        return [doubtful("sandbox", "none runs: code and large templates fail", advice)]
    standing = await SandboxClient(address_of(endpoints), SilentTelemetry()).standing()
    walls = standing["walls"]
    found = [_walls(walls["up"], walls["down"], walls["lacking"])]
    for name, profile in standing["profiles"].items():
        if profile["missing"]:
            found.append(doubtful(f"sandbox {name}", "not installed", profile["missing"]))
    return found


def _walls(up: list[str], down: dict[str, str], lacking: list[str]) -> Finding:
    reasons = "; ".join(f"no {name} ({reason})" for name, reason in down.items())
    if lacking:
        advice = "allow what is missing, or see “Fewer walls” in docs/guides/sandbox.md"
        return failed(
            "sandbox", f"runs no code, for want of {', '.join(lacking)}; {reasons}", advice
        )
    if down:
        advice = "code runs behind fewer walls: see docs/guides/sandbox.md"
        return doubtful("sandbox", f"{len(up)} walls stand; {reasons}", advice)
    return well("sandbox", f"all {len(up)} walls stand")
