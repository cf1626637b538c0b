"""The question-classifier node: a model chooses the branch by which the run goes on."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH
from dify_hex.domain.workflow.prompting.json_answer import object_in
from dify_hex.domain.workflow.prompting.model_settings import (
    MemoryWindow,
    Vision,
    memory_and_vision_faults,
    vision_references,
)
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ValueType

#: Under these names a model may tell the class, whatever it was asked to call it.
_ID_KEYS = ("class_id", "category_id", "id")
_NAME_KEYS = ("class_name", "category_name", "name", "class", "category", "label")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionClass:
    """One answer to the question what the text is about; its `id` is the exit it leads to."""

    id: str
    name: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionClassifierConfig(NodeConfig):
    """Which text, which model, and between which classes it decides."""

    type: ClassVar[str] = "question-classifier"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    query_variable_selector: Selector
    model: ModelConfig
    classes: tuple[QuestionClass, ...]
    instruction: str = ""
    memory: MemoryWindow | None = None
    vision: Vision = field(default_factory=Vision)
    first_token_timeout_seconds: float = 60.0
    token_timeout_seconds: float = 30.0

    def outputs(self) -> Mapping[str, ValueType]:
        """The class, and what finding it cost."""
        return {
            "class_name": ValueType.STRING,
            "class_label": ValueType.STRING,
            "class_id": ValueType.STRING,
            "usage": ValueType.OBJECT,
        }

    def references(self) -> Iterable[Reference]:
        """The text, and whatever instruction, class names and images show."""
        yield Reference(self.query_variable_selector, "query_variable_selector")
        for selector in Template.parse(self.instruction).selectors:
            yield Reference(selector, "instruction")
        for index, kind in enumerate(self.classes):
            for selector in Template.parse(kind.name).selectors:
                yield Reference(selector, f"classes.{index}.name")
        yield from vision_references(self.vision)

    def handles(self) -> tuple[str, ...]:
        """The ids of the classes."""
        return tuple(kind.id for kind in self.classes)

    def faults(self) -> Iterable[ConfigFault]:
        """What keeps the classes from being told apart."""
        if not self.classes:
            yield ConfigFault(
                code="classes_missing",
                field="classes",
                message="There is no class to choose; add at least one.",
            )
        counts = Counter(kind.id for kind in self.classes)
        for index, kind in enumerate(self.classes):
            if not kind.id or kind.id == FAIL_BRANCH or counts[kind.id] > 1:
                yield ConfigFault(
                    code="class_id_invalid",
                    field=f"classes.{index}.id",
                    message=f"Each class needs an id of its own, other than {FAIL_BRANCH}; "
                    f"change {kind.id!r}.",
                )
            if not kind.name.strip():
                yield ConfigFault(
                    code="class_name_missing",
                    field=f"classes.{index}.name",
                    message="A model cannot choose a class without a name; give it one.",
                )
        yield from memory_and_vision_faults(self)


def class_named_in(answer: str, classes: Sequence[QuestionClass]) -> QuestionClass | None:
    """The class that an answer names; None when it names none, or several.

    Looked at in this order: an id or a name in a JSON object; an answer that is an id or a name
    and nothing else; the only name that occurs in what the model says.
    """
    named = object_in(answer)
    if named is not None:
        for keys in (_ID_KEYS, _NAME_KEYS):
            for key in keys:
                if found := _exactly(named.get(key), classes):
                    return found
    if found := _exactly(answer, classes):
        return found
    occurring = [kind for kind in classes if _occurs(kind.name, answer)]
    return occurring[0] if len(occurring) == 1 else None


def _exactly(told: object, classes: Sequence[QuestionClass]) -> QuestionClass | None:
    if not isinstance(told, str | int) or isinstance(told, bool):
        return None
    wanted = _plain(str(told))
    for read in (_id, _name):
        for kind in classes:
            if wanted and _plain(read(kind)) == wanted:
                return kind
    return None


def _id(kind: QuestionClass) -> str:
    return kind.id


def _name(kind: QuestionClass) -> str:
    return kind.name


def _plain(text: str) -> str:
    return text.strip(" \t\r\n\"'`*.").casefold()


def _occurs(name: str, answer: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(_plain(name))}(?!\w)", answer.casefold()))
