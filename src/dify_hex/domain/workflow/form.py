"""A form that a run waits for: what may be answered, and what comes of the answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dify_hex.domain.shared.ids import FileId, FormId, NodeId, WorkflowRunId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.file_rule import FileRule
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import FormAnswerInvalid, FormClosed, FormFieldUnknown
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_run import NodeOutcome, RequestedInput
from dify_hex.domain.workflow.nodes.human_input import (
    ACTION_ID,
    ACTION_VALUE,
    RENDERED_CONTENT,
    SLOTS,
    TIMEOUT,
    FieldType,
)
from dify_hex.domain.workflow.start_variables import StartInputType, StartVariable
from dify_hex.domain.workflow.variables.files import files_in
from dify_hex.domain.workflow.variables.pool import as_text
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template

#: Characters that one field takes.
MAX_FIELD_LENGTH = 100_000
#: How often somebody may hand in another file for each that the fields take, and besides.
UPLOADS_PER_FILE, UPLOADS_BESIDES = 2, 20


_MISSING = ("form_field_missing", "This field has to be filled in.")


class FormStatus(StrEnum):
    """Whether a form can still be answered, and how it came to its end."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswer:
    """The action somebody chose, and what they filled in: texts, files, and lists of files."""

    action: str
    values: JsonObject

    @property
    def files(self) -> Sequence[FileId]:
        """The files of ours among the values."""
        known = map(FileReference.from_json, files_in(self.values.values()))
        return [file.id for file in known if file is not None and file.id is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFiles:
    """What was found of the files that an answer names, by field, and what is wrong with them."""

    found: JsonObject
    faults: Sequence[Fault] = ()


NO_FILES = GivenFiles(found={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it is kept; `content` still has the places of what is filled in."""

    id: FormId
    run_id: WorkflowRunId
    address: NodeAddress
    content: str
    inputs: tuple[JsonObject, ...]
    actions: tuple[JsonObject, ...]
    status: FormStatus
    created_at: datetime
    due_at: datetime
    answer: FormAnswer | None = None
    answered_at: datetime | None = None

    def request(self) -> RequestedInput:
        """The form as the run asks for it."""
        return RequestedInput(
            form_id=self.id,
            content=self.content,
            inputs=self.inputs,
            actions=self.actions,
            expires_at=self.due_at,
        )

    def require_open(self, *, now: datetime) -> None:
        """Refuse to go on with a form that is answered, closed, or over.

        Raises:
            FormClosed: it cannot be answered any more.
        """
        if self.status is not FormStatus.OPEN or self.due_at <= now:
            raise FormClosed

    @property
    def most_uploads(self) -> int:
        """How many files may be handed in for the form, those that are not used included."""
        rules = [_file_input(each).file_rule for each in self.inputs if _is_of_files(each)]
        taken = sum(rule.max_count for rule in rules if rule is not None)
        return UPLOADS_PER_FILE * taken + UPLOADS_BESIDES

    def file_rule(self, name: str) -> FileRule:
        """Which files a field takes.

        Raises:
            FormFieldUnknown: there is no such field, or it takes no files.
        """
        each = self._fields().get(name)
        rule = None if each is None or not _is_of_files(each) else _file_input(each).file_rule
        if rule is None:
            raise FormFieldUnknown(field=name[:100])
        return rule

    def takes_list(self, name: str) -> bool:
        """Whether a field takes a list of files."""
        return self._fields()[name]["type"] == FieldType.FILES

    def file_rules(self, given: JsonObject) -> Mapping[str, FileRule]:
        """Which files the fields take for which files were named; others are passed over."""
        named = [
            name
            for name, each in self._fields().items()
            if _is_of_files(each) and _fault_of_files(each, given.get(name)) is None
        ]
        return {name: self.file_rule(name) for name in named}

    def read(self, action: str, given: JsonObject, files: GivenFiles = NO_FILES) -> FormAnswer:
        """What was sent, as an answer to this form, with the files that it names.

        Raises:
            FormAnswerInvalid: with a fault for each field that does not fit.
        """
        faults = [*self._faults(action, given), *files.faults]
        if faults:
            raise FormAnswerInvalid(faults)
        values = {
            name: files.found[name]
            if _is_of_files(each)
            else str(given.get(name, each.get("default") or ""))
            for name, each in self._fields().items()
        }
        return FormAnswer(action=action, values=values)

    def outcome(self) -> NodeOutcome | None:
        """What the form's node puts out; None as long as somebody may answer."""
        if self.status is FormStatus.EXPIRED:
            return NodeOutcome(outputs={RENDERED_CONTENT: self.content}, handle=TIMEOUT)
        if self.answer is None:
            return None
        outputs: dict[str, JsonValue] = dict(self.answer.values)
        outputs[ACTION_ID] = self.answer.action
        outputs[ACTION_VALUE] = self._title_of(self.answer.action)
        outputs[RENDERED_CONTENT] = _filled(self.content, self.answer.values)
        return NodeOutcome(outputs=outputs, handle=self.answer.action)

    def _fields(self) -> Mapping[str, JsonObject]:
        return {str(each["name"]): each for each in self.inputs}

    def _title_of(self, action: str) -> str:
        return next(str(each["title"]) for each in self.actions if each["id"] == action)

    def _faults(self, action: str, given: Mapping[str, JsonValue]) -> Iterator[Fault]:
        actions = [str(each["id"]) for each in self.actions]
        if action not in actions:
            message = f"There is no such action; choose one of {', '.join(actions)}."
            yield Fault(code="form_action_unknown", path="action", message=message)
        fields = self._fields()
        for name in given:
            if name not in fields:
                yield Fault(
                    code="form_field_unknown",
                    path=f"inputs.{name}",
                    message="The form has no such field; leave it out.",
                )
        for name, each in fields.items():
            fault = _field_fault(each, given.get(name, each.get("default")))
            if fault is not None:
                code, message = fault
                yield Fault(code=code, path=f"inputs.{name}", message=message)


def _field_fault(each: JsonObject, value: JsonValue) -> tuple[str, str] | None:
    if _is_of_files(each):
        return _fault_of_files(each, value)
    if value is None:
        return _MISSING
    if not isinstance(value, str):
        return "form_field_type", "This field takes a text."
    if len(value) > MAX_FIELD_LENGTH:
        return "form_field_too_long", f"At most {MAX_FIELD_LENGTH} characters fit in here."
    if each["type"] == FieldType.SELECT and value not in (options := _words(each, "options")):
        return "form_field_option", f"This can be one of: {', '.join(options)[:500]}."
    return None


def _words(each: JsonObject, name: str) -> Sequence[str]:
    words = each.get(name)
    return [str(one) for one in words] if isinstance(words, list | tuple) else []


def _is_of_files(each: JsonObject) -> bool:
    return each["type"] in {FieldType.FILE, FieldType.FILES}


def _fault_of_files(each: JsonObject, value: JsonValue) -> tuple[str, str] | None:
    """What can be told before the files are looked for."""
    if value is None:
        return _MISSING
    fault = _file_input(each).problem_with(value)
    return None if fault is None else (fault.code, fault.message)


def _file_input(each: JsonObject) -> StartVariable:
    """The input of a start that takes the same files as the field."""
    most = each.get("number_limits")
    return StartVariable(
        variable=str(each["name"]),
        type=StartInputType(str(each["type"])),
        max_length=most if isinstance(most, int) else None,
        allowed_file_types=tuple(map(FileKind, _words(each, "allowed_file_types"))),
        allowed_file_extensions=tuple(_words(each, "allowed_file_extensions")),
        allowed_file_upload_methods=tuple(
            map(TransferMethod, _words(each, "allowed_file_upload_methods"))
        ),
    )


def _filled(content: str, values: JsonObject) -> str:
    def text(segment: str | Selector) -> str:
        if isinstance(segment, str):
            return segment
        if segment.node_id not in SLOTS:
            return slot(segment)
        return _shown(values.get(segment.name))

    return "".join(map(text, Template.parse(content).segments))


def _shown(value: JsonValue) -> str:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return as_text(value)
    return ", ".join(map(as_text, value))


def slot(selector: Selector) -> str:
    """The place of a field's value, as it stays in the content until the form is filled."""
    return f"{{{{#{selector}#}}}}"


def address_of(frame: str, node_id: str) -> NodeAddress:
    """The node that a form belongs to, as it is kept."""
    return NodeAddress(frame, NodeId(node_id))
