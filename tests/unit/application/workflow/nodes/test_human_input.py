"""The human-input node opens its form with the run's values."""

from dataclasses import replace

import pytest

from dify_hex.application.workflow.form_ports import UnkeptForms
from dify_hex.application.workflow.nodes.human_input import HumanInputExecutor
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import ListRefused
from dify_hex.domain.workflow.node_run import RequestedInput
from dify_hex.domain.workflow.nodes.human_input import (
    FieldDefault,
    FieldType,
    FormField,
    HumanInputConfig,
    OptionSource,
    UserAction,
    ValueSource,
)
from dify_hex.domain.workflow.variables.pool import VariablePool
from tests.builders.graphs import selector
from tests.builders.node_context import context_of
from tests.builders.node_services import services

SEND = UserAction(id="send", title="Send")
FROM_LIST = OptionSource(type=ValueSource.VARIABLE, selector=selector("a.list"))
CONFIG = HumanInputConfig(
    form_content="Dear {{#a.name#}}: {{#$output.words#}}",
    inputs=(
        FormField(
            type=FieldType.PARAGRAPH,
            output_variable_name="words",
            default=FieldDefault(type=ValueSource.VARIABLE, selector=selector("a.name")),
        ),
        FormField(
            type=FieldType.PARAGRAPH,
            output_variable_name="more",
            default=FieldDefault(value="nothing"),
        ),
        FormField(type=FieldType.SELECT, output_variable_name="grade", option_source=FROM_LIST),
    ),
    user_actions=(SEND,),
)


def values(found: JsonValue = ("good", 2)) -> VariablePool:
    pool = VariablePool()
    pool.put(NodeId("a"), {"name": "Ann", "list": found})
    return pool


async def asked(config: HumanInputConfig, pool: VariablePool) -> RequestedInput:
    executor = HumanInputExecutor(services())
    (output,) = [each async for each in executor.execute(config, context_of(pool))]
    assert isinstance(output, RequestedInput)
    return output


async def test_values_are_shown_and_places_stay() -> None:
    request = await asked(CONFIG, values())

    assert request.content == "Dear Ann: {{#$output.words#}}"
    assert [each["default"] for each in request.inputs] == ["Ann", "nothing", None]
    assert request.inputs[2]["options"] == ["good", "2"]
    assert request.actions == ({"id": "send", "title": "Send", "button_style": "default"},)


async def test_the_same_effect_has_the_same_form() -> None:
    first, second = await asked(CONFIG, values()), await asked(CONFIG, values())

    assert first.form_id == second.form_id


async def test_fixed_options_are_taken_as_they_are() -> None:
    fixed = replace(CONFIG.inputs[2], option_source=OptionSource(value=("yes", "no")))

    request = await asked(replace(CONFIG, inputs=(fixed,)), values())

    assert request.inputs[0]["options"] == ["yes", "no"]


async def test_options_must_be_a_list() -> None:
    with pytest.raises(ListRefused):
        await asked(CONFIG, values("good"))


async def test_what_is_not_kept_is_never_settled() -> None:
    context = context_of()

    assert await UnkeptForms().settled(context.tenant_id, context.facts.run_id) == ()
