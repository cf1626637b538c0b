"""What a benchmark finds out, and how it is told."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

#: Whether a figure has to stay at or below its target, or reach it.
Sense = Literal["most", "least"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number; without a target it is stated and holds nobody to anything."""

    name: str
    value: float
    unit: str
    target: float | None = None
    sense: Sense = "most"
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the target is kept."""
        if self.target is None:
            return True
        return self.value <= self.target if self.sense == "most" else self.value >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one benchmark, in the order in which they are read."""

    title: str
    figures: Sequence[Figure] = field(default_factory=tuple)

    @property
    def is_met(self) -> bool:
        """Whether every target is kept."""
        return all(figure.is_met for figure in self.figures)

    def as_json(self) -> dict[str, Any]:
        """For another process."""
        return {"title": self.title, "figures": [asdict(figure) for figure in self.figures]}


def report_of(told: dict[str, Any]) -> Report:
    """What `as_json` made of it."""
    figures = tuple(Figure(**figure) for figure in told["figures"])
    return Report(title=told["title"], figures=figures)


def shown(value: float) -> str:
    """A number with as many digits as it deserves."""
    if math.isnan(value):
        return "—"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def target_of(figure: Figure) -> str:
    """The target in words."""
    if figure.target is None:
        return ""
    return f"{'≤' if figure.sense == 'most' else '≥'} {shown(figure.target)} {figure.unit}"


def print_report(report: Report) -> None:
    """A table for people."""
    print(f"\n{report.title}")
    width = max((len(figure.name) for figure in report.figures), default=0)
    for figure in report.figures:
        verdict = "" if figure.target is None else (" ok " if figure.is_met else "MISS")
        value = f"{shown(figure.value)} {figure.unit}"
        print(
            f"  {verdict:4} {figure.name:<{width}}  {value:<18}{target_of(figure):<16}{figure.note}"
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies; not a number when there is none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def run_alone(description: str, measure: Callable[[argparse.Namespace], Report]) -> None:
    """The command line of one benchmark: `--quick`, `--json`; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="under a minute, with rougher figures")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    report = measure(options)
    if options.json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        print_report(report)
    sys.exit(0 if report.is_met else 1)
