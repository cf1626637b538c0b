"""The coverage gates add up what they should, and refuse what is below."""

import json
from pathlib import Path

import pytest

from scripts.coverage_gates import GATES, main, measure

DOMAIN_GATE = GATES[0]


def summary(*, lines: tuple[int, int], branches: tuple[int, int]) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "covered_lines": lines[0],
            "num_statements": lines[1],
            "missing_lines": lines[1] - lines[0],
            "covered_branches": branches[0],
            "num_branches": branches[1],
            "missing_branches": branches[1] - branches[0],
        }
    }


def test_lines_and_branches_are_added_up_over_the_files_of_the_gate() -> None:
    measured = measure(
        DOMAIN_GATE,
        {
            "src/dify_hex/domain/app/app.py": summary(lines=(90, 100), branches=(10, 10)),
            "src/dify_hex/application/app/a.py": summary(lines=(100, 100), branches=(9, 10)),
            "src/dify_hex/adapters/redis/a.py": summary(lines=(0, 100), branches=(0, 10)),
        },
    )

    assert (measured.lines, measured.branches) == (95.0, 95.0)
    assert measured.is_met
    assert measured.gaps == [
        "src/dify_hex/application/app/a.py: 0 lines and 1 branches",
        "src/dify_hex/domain/app/app.py: 10 lines and 0 branches",
    ]


def test_good_lines_do_not_make_up_for_missing_branches() -> None:
    report = {"src/dify_hex/domain/a.py": summary(lines=(100, 100), branches=(9, 10))}

    assert not measure(DOMAIN_GATE, report).is_met


def test_a_file_without_branches_is_covered() -> None:
    report = {"src/dify_hex/domain/a.py": summary(lines=(10, 10), branches=(0, 0))}

    assert measure(DOMAIN_GATE, report).branches == 100


@pytest.mark.parametrize(("covered", "code"), [(100, 0), (99, 1)])
def test_the_command_ends_with_failure_when_a_gate_is_not_met(
    covered: int, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"src/dify_hex/domain/workflow/a.py": summary(lines=(covered, 100), branches=(1, 1))}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}), "utf-8")

    assert main([str(report)]) == code
    assert f"lines {covered:.2f} % (≥ 100 %)" in capsys.readouterr().out
