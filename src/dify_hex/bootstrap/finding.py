"""What the doctor says about one thing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How well it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about one thing, and what to do when it is not well."""

    subject: str
    verdict: Verdict
    text: str
    advice: str = ""


def well(subject: str, text: str) -> Finding:
    """It is as it should be."""
    return Finding(subject=subject, verdict=Verdict.OK, text=text)


def doubtful(subject: str, text: str, advice: str) -> Finding:
    """It works, and will not always."""
    return Finding(subject=subject, verdict=Verdict.WARNING, text=text, advice=advice)


def failed(subject: str, text: str, advice: str) -> Finding:
    """The service must not or cannot run like this."""
    return Finding(subject=subject, verdict=Verdict.FAILED, text=text, advice=advice)


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Whether nothing has failed; doubts are allowed."""
    return all(finding.verdict is not Verdict.FAILED for finding in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, object]:
    """The findings for a program."""
    return {"healthy": is_healthy(findings), "findings": [asdict(found) for found in findings]}
