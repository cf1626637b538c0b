"""The human-input node: the run waits until somebody has filled a form, or its time is up."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.file_reference import FileKind, TransferMethod
from dify_hex.domain.shared.values.file_rule import MAX_FILES
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE, NodeConfig
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH
from dify_hex.domain.workflow.start_variables import FILES_UNLESS_SAID
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector, is_name
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ARRAYS, ValueType

#: The run leaves by this handle when nobody has answered in time.
TIMEOUT = "__timeout"
ACTION_ID = "__action_id"
ACTION_VALUE = "__action_value"
RENDERED_CONTENT = "__rendered_content"

#: Under these names the content shows what somebody will fill in: `{{#$output.name#}}`.
SLOTS = frozenset({NodeId("$output"), NodeId("$outputs")})

MAX_FIELDS = 50
MAX_ACTIONS = 20
LONGEST_WAIT_DAYS = 90
_ACTION_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,19}")
_RESERVED = frozenset({TIMEOUT, DEFAULT_HANDLE, FAIL_BRANCH})


class FieldType(StrEnum):
    """What a field of a form takes."""

    PARAGRAPH = "paragraph"
    SELECT = "select"
    FILE = "file"
    FILES = "file-list"


class ValueSource(StrEnum):
    """Whether something stands in the graph, or in a variable."""

    CONSTANT = "constant"
    VARIABLE = "variable"


class TimeoutUnit(StrEnum):
    """How the waiting time is counted."""

    HOUR = "hour"
    DAY = "day"


class ButtonStyle(StrEnum):
    """How an action's button looks."""

    PRIMARY = "primary"
    DEFAULT = "default"
    ACCENT = "accent"
    GHOST = "ghost"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefault:
    """What a field holds before somebody has changed it."""

    type: ValueSource = ValueSource.CONSTANT
    selector: Selector | None = None
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSource:
    """What can be chosen in a select."""

    type: ValueSource = ValueSource.CONSTANT
    selector: Selector | None = None
    value: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One thing to fill in; it becomes an output of this name."""

    type: FieldType
    output_variable_name: str
    default: FieldDefault | None = None
    option_source: OptionSource | None = None
    allowed_file_types: tuple[FileKind, ...] = ()
    allowed_file_extensions: tuple[str, ...] = ()
    allowed_file_upload_methods: tuple[TransferMethod, ...] = ()
    #: How many files a list takes.
    number_limits: int | None = None

    @property
    def takes_files(self) -> bool:
        """Whether files are filled in, and no text."""
        return self.type in {FieldType.FILE, FieldType.FILES}

    @property
    def most_files(self) -> int:
        """How many files it takes."""
        if self.type is not FieldType.FILES:
            return 1
        return FILES_UNLESS_SAID if self.number_limits is None else self.number_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAction:
    """A button; its `id` is the handle by which the run goes on."""

    id: str
    title: str
    button_style: ButtonStyle = ButtonStyle.DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMethod:
    """A way by which those who shall answer learn of the form."""

    type: str
    id: str = ""
    enabled: bool = True
    config: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanInputConfig(NodeConfig):
    """What the form says, what it asks for, what can be done with it, and how long it waits."""

    type: ClassVar[str] = "human-input"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    form_content: str
    inputs: tuple[FormField, ...] = ()
    user_actions: tuple[UserAction, ...] = ()
    timeout: int = 3
    timeout_unit: TimeoutUnit = TimeoutUnit.DAY
    delivery_methods: tuple[DeliveryMethod, ...] = ()

    @property
    def hours(self) -> int:
        """For how many hours the form stays open."""
        return self.timeout if self.timeout_unit is TimeoutUnit.HOUR else self.timeout * 24

    @property
    def waits(self) -> timedelta:
        """How long the form stays open."""
        return timedelta(hours=self.hours)

    def outputs(self) -> Mapping[str, ValueType]:
        """Every field, the action that was chosen, and the form as it was filled."""
        fields = {each.output_variable_name: _TYPES[each.type] for each in self.inputs}
        told = dict.fromkeys((ACTION_ID, ACTION_VALUE, RENDERED_CONTENT), ValueType.STRING)
        return {**fields, **told}

    def references(self) -> Iterable[Reference]:
        """What the content shows of the run, defaults, and options."""
        for selector in Template.parse(self.form_content).selectors:
            if selector.node_id not in SLOTS:
                yield Reference(selector, "form_content")
        for index, each in enumerate(self.inputs):
            if each.default is not None and each.default.selector is not None:
                yield Reference(each.default.selector, f"inputs.{index}.default.selector")
            if each.option_source is not None and each.option_source.selector is not None:
                place = f"inputs.{index}.option_source.selector"
                yield Reference(each.option_source.selector, place, accepts=ARRAYS)

    def handles(self) -> tuple[str, ...]:
        """One per action, and that of the time running out."""
        return (*(action.id for action in self.user_actions), TIMEOUT)

    def faults(self) -> Iterable[ConfigFault]:
        """What keeps the form from being filled, sent, or understood."""
        yield from _size_faults(self)
        yield from _slot_faults(self)
        yield from _field_faults(self)
        yield from _action_faults(self)
        yield from _delivery_faults(self)


_TYPES = {
    FieldType.PARAGRAPH: ValueType.STRING,
    FieldType.SELECT: ValueType.STRING,
    FieldType.FILE: ValueType.FILE,
    FieldType.FILES: ValueType.FILES,
}


def _size_faults(config: HumanInputConfig) -> Iterable[ConfigFault]:
    if not 1 <= len(config.user_actions) <= MAX_ACTIONS:
        yield ConfigFault(
            code="action_count",
            field="user_actions",
            message=f"Give the form from 1 to {MAX_ACTIONS} actions to end it with.",
        )
    if len(config.inputs) > MAX_FIELDS:
        yield ConfigFault(
            code="field_count",
            field="inputs",
            message=f"A form has at most {MAX_FIELDS} fields; leave some out.",
        )
    if not 1 <= config.hours <= LONGEST_WAIT_DAYS * 24:
        yield ConfigFault(
            code="timeout_range",
            field="timeout",
            message=f"A form waits from one hour to {LONGEST_WAIT_DAYS} days; change the timeout.",
        )


def _slot_faults(config: HumanInputConfig) -> Iterable[ConfigFault]:
    names = {each.output_variable_name for each in config.inputs}
    for selector in Template.parse(config.form_content).selectors:
        if selector.node_id in SLOTS and selector.name not in names:
            yield ConfigFault(
                code="slot_unknown",
                field="form_content",
                message=f"The content has a place for {selector.name}, which is no field of the "
                "form; add the field, or remove the place.",
            )


def _field_faults(config: HumanInputConfig) -> Iterable[ConfigFault]:
    counts = Counter(each.output_variable_name for each in config.inputs)
    for index, each in enumerate(config.inputs):
        place, name = f"inputs.{index}", each.output_variable_name
        if not is_name(name) or name.startswith("__") or counts[name] > 1:
            yield ConfigFault(
                code="field_name_invalid",
                field=f"{place}.output_variable_name",
                message=f"Each field needs a name of its own, of letters, digits and underscores, "
                f"that does not begin with two of these; change {name!r}.",
            )
        yield from _file_faults(each, place) if each.takes_files else _source_faults(each, place)


def _file_faults(each: FormField, place: str) -> Iterable[ConfigFault]:
    if not 1 <= each.most_files <= MAX_FILES:
        yield ConfigFault(
            code="number_limits_range",
            field=f"{place}.number_limits",
            message=f"Take from 1 to {MAX_FILES} files.",
        )
    if each.default is not None:
        yield ConfigFault(
            code="default_unexpected",
            field=f"{place}.default",
            message="What takes files has no default; leave it out.",
        )


def _source_faults(each: FormField, place: str) -> Iterable[ConfigFault]:
    default, options = each.default, each.option_source
    if default is not None and default.type is ValueSource.VARIABLE and default.selector is None:
        yield ConfigFault(
            code="default_unselected",
            field=f"{place}.default.selector",
            message="The default comes from a variable, but none is selected; select one.",
        )
    if each.type is not FieldType.SELECT:
        return
    if options is None or (
        not options.value if options.type is ValueSource.CONSTANT else options.selector is None
    ):
        yield ConfigFault(
            code="options_missing",
            field=f"{place}.option_source",
            message="There is nothing to choose from; list the options, or select a variable.",
        )


def _action_faults(config: HumanInputConfig) -> Iterable[ConfigFault]:
    counts = Counter(action.id for action in config.user_actions)
    for index, action in enumerate(config.user_actions):
        well_formed = _ACTION_ID.fullmatch(action.id) and action.id not in _RESERVED
        if not well_formed or counts[action.id] > 1:
            yield ConfigFault(
                code="action_id_invalid",
                field=f"user_actions.{index}.id",
                message="Each action needs an id of its own, of at most 20 letters, digits and "
                f"underscores, that is not reserved; change {action.id!r}.",
            )
        if not 1 <= len(action.title) <= 100:
            yield ConfigFault(
                code="action_title_invalid",
                field=f"user_actions.{index}.title",
                message="Give the action a title of 1 to 100 characters.",
            )


def _delivery_faults(config: HumanInputConfig) -> Iterable[ConfigFault]:
    for index, method in enumerate(config.delivery_methods):
        if method.enabled and method.type != "webapp":
            yield ConfigFault(
                code="delivery_unavailable",
                field=f"delivery_methods.{index}.type",
                message=f"This release cannot send forms by {method.type}; disable it, and hand "
                "out the form's address yourself.",
            )
