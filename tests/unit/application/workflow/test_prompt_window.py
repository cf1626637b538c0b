"""Memory takes the room that prompt and answer leave, in whole turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.application.workflow.prompt_window import (
    PromptTooLong,
    WindowBudget,
    fit,
)


def budget(
    window: int = 1000, answer: int | None = None, memory: int | None = None
) -> WindowBudget:
    return WindowBudget(context_window=window, max_answer=answer, max_memory=memory)


def test_an_unlimited_answer_gets_a_quarter_of_a_small_window() -> None:
    assert budget().room_beside(100) == 650


def test_a_limited_answer_gets_what_it_may_need() -> None:
    assert budget(answer=800).room_beside(100) == 100
    assert budget(answer=5000).room_beside(100) == 0


def test_a_prompt_as_long_as_the_window_is_refused() -> None:
    with pytest.raises(PromptTooLong) as caught:
        budget().room_beside(1000)

    assert caught.value.details == {"prompt_tokens": 1000, "context_window": 1000}


COSTS = st.lists(st.integers(1, 50), max_size=12)


@given(COSTS, st.integers(0, 300), st.none() | st.integers(0, 300))
def test_the_kept_turns_fit_are_the_newest_and_as_many_as_possible(
    costs: list[int], room: int, limit: int | None
) -> None:
    kept = fit(costs, [], room=room, max_memory=limit).turns

    room = room if limit is None else min(room, limit)
    used = sum(costs[len(costs) - kept :])
    assert used <= room
    if kept < len(costs):
        assert used + costs[len(costs) - kept - 1] > room


@pytest.mark.parametrize(
    ("room", "kept"),
    [
        (60, (3, 3)),
        (59, (2, 3)),
        (41, (1, 3)),
        (40, (1, 3)),
        (39, (1, 2)),
        (29, (1, 1)),
        (19, (0, 1)),
        (10, (0, 1)),
        (9, (0, 0)),
    ],
)
def test_old_turns_go_first_then_the_worst_passages(room: int, kept: tuple[int, int]) -> None:
    found = fit([10, 10, 10], [10, 10, 10], room=room)
    assert (found.turns, found.passages) == kept


def test_a_limit_for_memory_leaves_room_to_passages() -> None:
    found = fit([10, 10, 10], [10, 10], room=100, max_memory=15)
    assert (found.turns, found.passages) == (1, 2)


@given(COSTS, COSTS, st.integers(0, 400))
def test_what_is_kept_always_fits_and_everything_does_where_there_is_room(
    turns: list[int], passages: list[int], room: int
) -> None:
    kept = fit(turns, passages, room=room)

    used = sum(turns[len(turns) - kept.turns :]) + sum(passages[: kept.passages])
    assert used <= room
    if sum(turns) + sum(passages) <= room:
        assert (kept.turns, kept.passages) == (len(turns), len(passages))
    if kept.turns > 1:
        assert kept.passages == len(passages)


@given(COSTS, COSTS, st.integers(0, 400), st.integers(0, 50))
def test_more_room_never_keeps_fewer_passages(
    turns: list[int], passages: list[int], room: int, more: int
) -> None:
    best_fits = fit(turns, passages, room=room)
    assert fit(turns, passages, room=room + more).passages >= min(best_fits.passages, 1)
