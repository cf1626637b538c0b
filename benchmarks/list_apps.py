"""Twenty rows of `GET /v1/apps`, asked for by 32 callers at once, from one API process."""

import argparse

import uvloop

from benchmarks.figures import Figure, Report, run_alone
from benchmarks.load import closed_loop
from benchmarks.processes import cpu_seconds
from benchmarks.stage import made, stage

_CALLERS = 32
_ROWS = 20
_AT_LEAST = 450


def measure(options: argparse.Namespace) -> Report:
    """Ask for a while, and count."""
    seconds = 8.0 if options.quick else 30.0
    with stage() as product:
        for number in range(_ROWS + 5):
            made(product.owner, "/v1/apps", {"name": f"App {number}"})
        request = product.request("GET", f"/v1/apps?limit={_ROWS}")
        before = cpu_seconds(product.api_pid)
        load = uvloop.run(
            closed_loop(product.address, lambda: request, callers=_CALLERS, seconds=seconds)
        )
        cpu = cpu_seconds(product.api_pid) - before
    assert not load.refused, (load.refused, load.sample)
    served = len(load.latencies)
    # The second of warming up is in the CPU time, and not among the answers.
    share = seconds / (seconds + 1)
    return Report(
        title=f"GET /v1/apps, {_ROWS} rows, {_CALLERS} callers, one API process",
        figures=(
            Figure(
                name="answers", value=load.per_second, unit="/s", target=_AT_LEAST, sense="least"
            ),
            Figure(name="latency p50", value=load.milliseconds(0.5), unit="ms"),
            Figure(name="latency p99", value=load.milliseconds(0.99), unit="ms"),
            Figure(name="API CPU per answer", value=1000 * cpu * share / served, unit="ms"),
        ),
    )


if __name__ == "__main__":
    run_alone(__doc__ or "", measure)
