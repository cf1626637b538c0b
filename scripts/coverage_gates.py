"""Refuses a test run whose branch coverage of the inner layers is below what we promise."""

import json
import sys
from collections.abc import Mapping, Sequence
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
    """What one gate found: covered and coverable lines and branches, and files with gaps."""

    gate: Gate
    covered: int
    coverable: int
    gaps: Sequence[str]

    @property
    def percent(self) -> float:
        """Of lines and branches together; nothing to cover counts as covered."""
        return 100 * self.covered / self.coverable if self.coverable else 100.0

    @property
    def is_met(self) -> bool:
        return self.percent >= self.gate.percent


GATES = (
    Gate(name="domain and application", folders=("domain/", "application/"), percent=95),
    Gate(name="domain/workflow", folders=("domain/workflow/",), percent=100),
    Gate(name="domain/account", folders=("domain/account/",), percent=100),
)


def measure(gate: Gate, report: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Measured:
    """Adds up the files of a gate from the `files` of a JSON report with branches."""
    covered = coverable = 0
    gaps: list[str] = []
    for path, file in sorted(report.items()):
        if not path.removeprefix(PACKAGE).startswith(gate.folders):
            continue
        summary = file["summary"]
        hit = summary["covered_lines"] + summary["covered_branches"]
        whole = summary["num_statements"] + summary["num_branches"]
        covered, coverable = covered + hit, coverable + whole
        if hit < whole:
            gaps.append(f"{path}: {whole - hit} of {whole} lines and branches not covered")
    return Measured(gate=gate, covered=covered, coverable=coverable, gaps=gaps)


def main(arguments: Sequence[str]) -> int:
    """Reads the report named in the arguments, prints a line for each gate; 1 when one is not met."""
    report = json.loads(Path(arguments[0]).read_text("utf-8"))["files"]
    results = [measure(gate, report) for gate in GATES]
    for result in results:
        sign = "ok " if result.is_met else "LOW"
        print(f"{sign} {result.gate.name}: {result.percent:.2f} % (≥ {result.gate.percent:g} %)")
        if not result.is_met:
            print(*(f"      {gap}" for gap in result.gaps), sep="\n")
    return 0 if all(result.is_met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
