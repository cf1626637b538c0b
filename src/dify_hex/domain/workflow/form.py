"""A form that a run waits for: what may be answered, and what comes of the answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dify_hex.domain.shared.ids import FormId, NodeId, WorkflowRunId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import FormAnswerInvalid, FormClosed
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
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template

#: Characters that one field takes.
MAX_FIELD_LENGTH = 100_000


class FormStatus(StrEnum):
    """Whether a form can still be answered, and how it came to its end."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswer:
    """The action somebody chose, and what they filled in."""

    action: str
    values: Mapping[str, str]


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

    def read(self, action: str, given: Mapping[str, JsonValue]) -> FormAnswer:
        """What was sent, as an answer to this form.

        Raises:
            FormAnswerInvalid: with a fault for each field that does not fit.
        """
        faults = list(self._faults(action, given))
        if faults:
            raise FormAnswerInvalid(faults)
        values = {
            name: str(given.get(name, each.get("default") or ""))
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
    if value is None:
        return "form_field_missing", "This field has to be filled in."
    if not isinstance(value, str):
        return "form_field_type", "This field takes a text."
    if len(value) > MAX_FIELD_LENGTH:
        return "form_field_too_long", f"At most {MAX_FIELD_LENGTH} characters fit in here."
    if each["type"] == FieldType.SELECT and value not in (options := _options(each)):
        return "form_field_option", f"This can be one of: {', '.join(options)[:500]}."
    return None


def _options(each: JsonObject) -> Sequence[str]:
    options = each.get("options")
    return [str(one) for one in options] if isinstance(options, list | tuple) else []


def _filled(content: str, values: Mapping[str, str]) -> str:
    def text(segment: str | Selector) -> str:
        if isinstance(segment, str):
            return segment
        return values.get(segment.name, "") if segment.node_id in SLOTS else slot(segment)

    return "".join(map(text, Template.parse(content).segments))


def slot(selector: Selector) -> str:
    """The place of a field's value, as it stays in the content until the form is filled."""
    return f"{{{{#{selector}#}}}}"


def address_of(frame: str, node_id: str) -> NodeAddress:
    """The node that a form belongs to, as it is kept."""
    return NodeAddress(frame, NodeId(node_id))
