"""Runs every benchmark, each in a process of its own, and prints or keeps the table.

python -m benchmarks [--quick] [--json] [--write] [name …]
"""

import argparse
import json
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.figures import Report, print_report, report_of, shown, target_of

NAMES = (
    "startup",
    "list_apps",
    "blocking_chat",
    "token_streams",
    "stream_readers",
    "concurrent_runs",
    "journal",
    "engine",
    "runs",
    "run_memory",
    "sandbox",
    "jobs",
    "search",
    "retrieval",
    "extraction",
    "indexing",
)
_TABLE = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- figures -->", "<!-- /figures -->"


def main() -> int:
    """Run those that are named, or all; 1 when one missed a target or did not come to its end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="under a minute each, rougher")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write", action="store_true", help="keep the table in README.md")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    names = options.names or NAMES
    found = {name: _run(name, quick=options.quick, aloud=not options.json) for name in names}
    reports = {name: report for name, report in found.items() if report is not None}
    if options.json:
        told = {name: report.as_json() for name, report in reports.items()}
        print(json.dumps({"machine": machine(), "benchmarks": told}, ensure_ascii=False))
    if options.write:
        write_table(_TABLE, reports, quick=options.quick)
    is_well = len(reports) == len(found) and all(report.is_met for report in reports.values())
    return 0 if is_well else 1


def machine() -> str:
    """What it ran on."""
    memory = psutil.virtual_memory().total / (1 << 30)
    cores = psutil.cpu_count()
    return f"{cores} cores, {memory:.0f} GiB, {_processor()}, Python {platform.python_version()}"


def table(reports: Sequence[Report]) -> str:
    """The figures as Markdown."""
    rows = ["| | figure | target | |", "|---|---|---|---|"]
    for report in reports:
        rows.append(f"| **{report.title}** | | | |")
        for figure in report.figures:
            value = f"{shown(figure.value)} {figure.unit}".strip()
            verdict = value if figure.is_met else f"**{value}**, missed"
            rows.append(f"| {figure.name} | {verdict} | {target_of(figure)} | {figure.note} |")
    return "\n".join(rows)


def write_table(path: Path, reports: dict[str, Report], *, quick: bool) -> None:
    """Put the table where the last one was."""
    command = " ".join(["python -m benchmarks", *(["--quick"] if quick else [])])
    if set(reports) != set(NAMES):
        command += f" {' '.join(reports)}"
    day = datetime.now(UTC).date().isoformat()
    heading = f"{day}, `{command}`, {machine()}, client and servers all on it:"
    block = f"{_BEGIN}\n\n{heading}\n\n{table(list(reports.values()))}\n\n{_END}"
    text = path.read_text("utf-8")
    pattern = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    path.write_text(pattern.sub(lambda _: block, text), "utf-8")


def _run(name: str, *, quick: bool, aloud: bool) -> Report | None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", *(["--quick"] * quick)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        report = report_of(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, KeyError, TypeError):
        sys.stderr.write(f"{name} did not come to its end (status {done.returncode})\n")
        return None
    if aloud:
        print_report(report)
    return report


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
