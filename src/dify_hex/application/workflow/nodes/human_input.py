"""Executes the human-input node: opens a form, and waits for whoever answers."""

from collections.abc import AsyncGenerator, Sequence
from uuid import NAMESPACE_URL, uuid5

from dify_hex.application.workflow.form_ports import Forms
from dify_hex.application.workflow.node_executor import NodeContext, NodeExecutor, NodeOutput
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.domain.shared.ids import FormId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import ListRefused
from dify_hex.domain.workflow.form import Form, FormStatus, slot
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.nodes.human_input import (
    SLOTS,
    FieldType,
    FormField,
    HumanInputConfig,
    OptionSource,
    ValueSource,
)
from dify_hex.domain.workflow.variables.pool import VariablePool, as_text
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template


class HumanInputExecutor(NodeExecutor[HumanInputConfig]):
    """Renders the form with the run's values and keeps it where it can be answered.

    - Its id follows from the effect's key: a repetition after a crash finds the same form.
    - What was answered meanwhile is the outcome at once.
    """

    def __init__(self, services: NodeServices) -> None:
        self._forms: Forms = services.forms

    async def execute(
        self, config: HumanInputConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield the request for input, or the outcome where there is one already."""
        kept = await self._forms.open(context.tenant_id, _form(config, context))
        yield kept.outcome() or kept.request()


def _form(config: HumanInputConfig, context: NodeContext) -> Form:
    now, variables = context.clock.now(), context.variables
    return Form(
        id=FormId(uuid5(NAMESPACE_URL, f"form:{context.effect_key}")),
        run_id=context.facts.run_id,
        address=NodeAddress(context.frame, context.node_id),
        content=_content(config.form_content, variables),
        inputs=tuple(_field(each, variables) for each in config.inputs),
        actions=tuple(
            {"id": each.id, "title": each.title, "button_style": each.button_style.value}
            for each in config.user_actions
        ),
        status=FormStatus.OPEN,
        created_at=now,
        due_at=now + config.waits,
    )


def _content(text: str, variables: VariablePool) -> str:
    def shown(segment: str | Selector) -> str:
        if isinstance(segment, str):
            return segment
        if segment.node_id in SLOTS:
            return slot(segment)
        return as_text(variables.get(segment))

    return "".join(map(shown, Template.parse(text).segments))


def _field(each: FormField, variables: VariablePool) -> JsonObject:
    described: dict[str, JsonValue] = {
        "name": each.output_variable_name,
        "type": each.type.value,
        "default": _default(each, variables),
    }
    if each.type is FieldType.SELECT and each.option_source is not None:
        described["options"] = _options(each.option_source, variables)
    if each.takes_files:
        described["allowed_file_types"] = [kind.value for kind in each.allowed_file_types]
        described["allowed_file_extensions"] = list(each.allowed_file_extensions)
        methods = [method.value for method in each.allowed_file_upload_methods]
        described["allowed_file_upload_methods"] = methods
        described["number_limits"] = each.most_files
    return described


def _default(each: FormField, variables: VariablePool) -> str | None:
    if each.default is None:
        return None
    if each.default.type is ValueSource.VARIABLE and each.default.selector is not None:
        return as_text(variables.get(each.default.selector))
    return each.default.value


def _options(source: OptionSource, variables: VariablePool) -> Sequence[str]:
    if source.type is ValueSource.CONSTANT or source.selector is None:
        return list(source.value)
    found = variables.get(source.selector)
    if not isinstance(found, list | tuple):
        raise ListRefused(selector=str(source.selector), reason="it is no list")
    return [as_text(one) for one in found]
