"""What every node type that calls a model lets one set: memory, vision, patience."""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from dify_hex.domain.workflow.variables.value_type import ValueType

_SENT_FILES = Selector(SYSTEM, "files")


class ImageDetail(StrEnum):
    """How closely the model looks at an image."""

    HIGH = "high"
    LOW = "low"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionConfigs:
    """Where the images are: a file or a list of files, of which only images are shown."""

    detail: ImageDetail = ImageDetail.HIGH
    variable_selector: Selector | None = _SENT_FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Vision:
    """Whether the model is shown images."""

    enabled: bool = False
    configs: VisionConfigs = field(default_factory=VisionConfigs)

    @property
    def selector(self) -> Selector | None:
        """Where the images are; None when none are shown."""
        return self.configs.variable_selector if self.enabled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePrefix:
    """How the two sides are named where a conversation is written as one text."""

    user: str = "Human"
    assistant: str = "Assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnWindow:
    """A limit of past turns, if it is enabled."""

    enabled: bool = False
    size: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryWindow:
    """How much of the conversation the model is reminded of.

    `max_tokens` None leaves as much as the model's window has room for. `query_prompt_template`
    is what the end user is made to say last, in place of an llm node's query.
    """

    max_turns: int = 50
    max_tokens: int | None = None
    role_prefix: RolePrefix = field(default_factory=RolePrefix)
    window: TurnWindow = field(default_factory=TurnWindow)
    query_prompt_template: str = ""

    @property
    def turns(self) -> int:
        """Past turns at the most."""
        return min(self.max_turns, self.window.size) if self.window.enabled else self.max_turns


class CallsModel(Protocol):
    """A configuration that says how a model is called; time limits are in seconds."""

    @property
    @abstractmethod
    def model(self) -> ModelConfig:
        """Which model, with which parameters."""

    @property
    @abstractmethod
    def memory(self) -> MemoryWindow | None:
        """What it is reminded of; None for nothing."""

    @property
    @abstractmethod
    def vision(self) -> Vision:
        """What it is shown."""

    @property
    @abstractmethod
    def first_token_timeout_seconds(self) -> float:
        """How long it may think before it says anything."""

    @property
    @abstractmethod
    def token_timeout_seconds(self) -> float:
        """How long it may be silent after that."""


def vision_references(vision: Vision) -> Iterable[Reference]:
    """The images, which a run may well be without."""
    if vision.selector is not None:
        yield Reference(
            vision.selector,
            "vision.configs.variable_selector",
            accepts=frozenset({ValueType.FILE, ValueType.FILES}),
            optional=True,
        )


def memory_and_vision_faults(config: CallsModel) -> Iterable[ConfigFault]:
    """What keeps memory or vision from working."""
    if config.memory is not None and config.memory.turns < 0:
        yield ConfigFault(
            code="memory_window_invalid",
            field="memory",
            message="A model cannot be reminded of fewer than 0 turns; correct the number.",
        )
    if config.vision.enabled and config.vision.selector is None:
        yield ConfigFault(
            code="vision_unselected",
            field="vision.configs.variable_selector",
            message="Vision is enabled, but no variable says which files to show; select one.",
        )
    for name in ("first_token_timeout_seconds", "token_timeout_seconds"):
        if getattr(config, name) <= 0:
            yield ConfigFault(
                code="timeout_invalid",
                field=name,
                message="A time limit is more than 0 seconds; correct the number.",
            )
