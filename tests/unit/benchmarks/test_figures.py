"""What benchmarks find out, and how it is told."""

import json
import math
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES, table, write_table
from benchmarks.figures import Figure, Report, percentile, print_report, report_of, shown
from benchmarks.streaming import StreamReading, first_deltas

FAST = Figure(name="answers", value=512.4, unit="/s", target=450, sense="least")
SLOW = Figure(name="added", value=17.25, unit="ms", target=15, note="peer 2.0 ms")
REPORT = Report(title="Things", figures=(FAST, SLOW, Figure(name="free", value=1.5, unit="s")))


def test_a_target_is_met_from_its_own_side() -> None:
    assert [figure.is_met for figure in REPORT.figures] == [True, False, True]
    assert not REPORT.is_met


def test_a_report_travels_as_json() -> None:
    assert report_of(json.loads(json.dumps(REPORT.as_json()))) == REPORT


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.12"), (17.25, "17.2"), (512.4, "512"), (41_941.0, "41,941"), (math.nan, "—")],
)
def test_numbers_have_the_digits_they_deserve(value: float, text: str) -> None:
    assert shown(value) == text


def test_percentiles_of_nothing_are_no_numbers() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([3, 1, 2], 1.0) == 3
    assert math.isnan(percentile([], 0.5))


def test_people_see_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(REPORT)

    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[:3] == ["ok", "answers", "512"]
    assert lines[3].split()[0] == "MISS"


def test_the_table_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n")

    write_table(readme, {"list_apps": REPORT}, quick=True)

    text = readme.read_text()
    assert text.startswith("before\n<!-- figures -->\n")
    assert text.endswith("<!-- /figures -->\nafter\n")
    assert "old" not in text
    assert "`python -m benchmarks --quick list_apps`" in text
    assert table([REPORT]) in text
    assert "**17.2 ms**, missed" in text


def test_every_benchmark_has_its_file_and_is_listed() -> None:
    folder = Path(__file__).resolve().parents[3] / "benchmarks"
    runnable = {path.stem for path in folder.glob("*.py") if "run_alone(" in path.read_text()} - {
        "figures"
    }

    assert runnable == set(NAMES)


def test_a_stream_is_counted_wherever_it_is_cut() -> None:
    stream = (
        b"id: 2.0\r\nevent: message.started\r\ndata: {}\r\n\r\n"
        b'id: 4.1\r\nevent: message.delta\r\ndata: {"text":"t0 "}\r\n\r\n: ping\r\n\r\n'
        b'id: 4.2\r\nevent: message.delta\r\ndata: {"text":"t1 "}\r\n\r\n'
        b"id: 8.0\r\nevent: done\r\ndata: {}\r\n\r\n"
    )
    for size in (1, 7, 64, len(stream)):
        reading = StreamReading()
        for start in range(0, len(stream), size):
            reading.take(stream[start : start + size])

        assert (reading.events, reading.deltas) == (3, 2)
        assert reading.is_done
        assert not reading.has_failed
        assert first_deltas([reading, StreamReading()]) == [reading.seconds_to_first_delta]
