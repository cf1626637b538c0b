"""Memory and vision as they are set."""

from dataclasses import replace

import pytest

from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.prompting.model_settings import (
    MemoryWindow,
    TurnWindow,
    Vision,
    VisionConfigs,
    memory_and_vision_faults,
    vision_references,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.workflow import llm


@pytest.mark.parametrize(
    ("window", "turns"),
    [
        (TurnWindow(), 20),
        (TurnWindow(enabled=False, size=5), 20),
        (TurnWindow(enabled=True, size=5), 5),
        (TurnWindow(enabled=True, size=30), 20),
    ],
)
def test_a_window_limits_turns_only_when_it_is_enabled(window: TurnWindow, turns: int) -> None:
    assert MemoryWindow(max_turns=20, window=window).turns == turns


def test_images_are_looked_for_among_the_files_of_the_message() -> None:
    (reference,) = vision_references(Vision(enabled=True))

    assert str(reference.selector) == "sys.files"
    assert reference.accepts == {ValueType.FILE, ValueType.FILES}
    assert reference.optional


def test_without_vision_no_images_are_needed() -> None:
    assert list(vision_references(Vision())) == []


@pytest.mark.parametrize(
    ("config", "code"),
    [
        (replace(llm(), memory=MemoryWindow(max_turns=-1)), "memory_window_invalid"),
        (
            replace(
                llm(), vision=Vision(enabled=True, configs=VisionConfigs(variable_selector=None))
            ),
            "vision_unselected",
        ),
        (replace(llm(), first_token_timeout_seconds=0), "timeout_invalid"),
        (replace(llm(), token_timeout_seconds=-1), "timeout_invalid"),
    ],
)
def test_what_cannot_work_is_told(config: LlmConfig, code: str) -> None:
    (fault,) = memory_and_vision_faults(config)

    assert fault.code == code
