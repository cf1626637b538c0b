"""Memory takes the room that prompt and answer leave, in whole turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.application.workflow.prompt_window import (
    PromptTooLong,
    WindowBudget,
    newest_that_fit,
)
from dify_hex.domain.shared.values.chat_turn import ChatTurn


def budget(
    window: int = 1000, answer: int | None = None, memory: int | None = None
) -> WindowBudget:
    return WindowBudget(context_window=window, max_answer=answer, max_memory=memory)


def test_an_unlimited_answer_gets_a_quarter_of_a_small_window() -> None:
    assert budget().room_for_memory(100) == 650


def test_a_limited_answer_gets_what_it_may_need() -> None:
    assert budget(answer=800).room_for_memory(100) == 100
    assert budget(answer=5000).room_for_memory(100) == 0


def test_memory_can_be_limited_further() -> None:
    assert budget(memory=50).room_for_memory(100) == 50


def test_a_prompt_as_long_as_the_window_is_refused() -> None:
    with pytest.raises(PromptTooLong) as caught:
        budget().room_for_memory(1000)

    assert caught.value.details == {"prompt_tokens": 1000, "context_window": 1000}


@given(st.lists(st.integers(1, 50), max_size=20), st.integers(0, 300))
def test_the_kept_turns_fit_are_the_newest_and_as_many_as_possible(
    costs: list[int], room: int
) -> None:
    turns = [ChatTurn(query=str(index), answer="") for index in range(len(costs))]

    kept = newest_that_fit(turns, costs, room)

    assert list(kept) == turns[len(turns) - len(kept) :]
    used = sum(costs[len(costs) - len(kept) :])
    assert used <= room
    if len(kept) < len(turns):
        assert used + costs[len(costs) - len(kept) - 1] > room
