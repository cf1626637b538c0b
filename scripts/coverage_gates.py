"""Refuses a test run whose branch coverage of the inner layers is below what we promise."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "src/dify_hex/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The least coverage, in percent, of the files under some folders of the package."""

    name: str
    folders: tuple[str, ...]
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one gate found: shares in percent, and the files with gaps."""

    gate: Gate
    lines: float
    branches: float
    gaps: Sequence[str]

    @property
    def is_met(self) -> bool:
        return min(self.lines, self.branches) >= self.gate.percent


GATES = (
    Gate(name="domain and application", folders=("domain/", "application/"), percent=95),
    Gate(name="domain/workflow", folders=("domain/workflow/",), percent=100),
    Gate(name="domain/account", folders=("domain/account/",), percent=100),
)


def measure(gate: Gate, report: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Measured:
    """Adds up the files of a gate from the `files` of a JSON report with branches."""
    files = {
        path: file["summary"]
        for path, file in sorted(report.items())
        if path.removeprefix(PACKAGE).startswith(gate.folders)
    }
    return Measured(
        gate=gate,
        lines=_share(files.values(), "covered_lines", "num_statements"),
        branches=_share(files.values(), "covered_branches", "num_branches"),
        gaps=[
            f"{path}: {summary['missing_lines']} lines and {summary['missing_branches']} branches"
            for path, summary in files.items()
            if summary["missing_lines"] or summary["missing_branches"]
        ],
    )


def _share(summaries: Iterable[Mapping[str, int]], covered: str, whole: str) -> float:
    total = sum(summary[whole] for summary in summaries)
    return 100 * sum(summary[covered] for summary in summaries) / total if total else 100.0


def main(arguments: Sequence[str]) -> int:
    """Reads the report named in the arguments and prints each gate; 1 when one is not met."""
    report = json.loads(Path(arguments[0]).read_text("utf-8"))["files"]
    results = [measure(gate, report) for gate in GATES]
    for result in results:
        sign = "ok " if result.is_met else "LOW"
        shares = f"branches {result.branches:.2f} %, lines {result.lines:.2f} %"
        print(f"{sign} {result.gate.name}: {shares} (≥ {result.gate.percent:g} %)")
        if not result.is_met:
            print(*(f"    not covered in {gap}" for gap in result.gaps), sep="\n")
    return 0 if all(result.is_met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
