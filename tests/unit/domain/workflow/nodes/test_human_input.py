"""A form's settings: what it asks for, what it puts out, and what keeps it from being filled."""

from datetime import timedelta

import pytest

from dify_hex.domain.shared.values.file_rule import MAX_FILES
from dify_hex.domain.workflow.nodes.human_input import (
    LONGEST_WAIT_DAYS,
    MAX_ACTIONS,
    MAX_FIELDS,
    DeliveryMethod,
    FieldDefault,
    FieldType,
    FormField,
    HumanInputConfig,
    OptionSource,
    TimeoutUnit,
    UserAction,
    ValueSource,
)
from dify_hex.domain.workflow.start_variables import FILES_UNLESS_SAID
from dify_hex.domain.workflow.variables.value_type import ARRAYS, ValueType
from tests.builders.variables import at

SEND = UserAction(id="send", title="Send")


def text(name: str = "words", default: FieldDefault | None = None) -> FormField:
    return FormField(type=FieldType.PARAGRAPH, output_variable_name=name, default=default)


def choice(source: OptionSource | None) -> FormField:
    return FormField(type=FieldType.SELECT, output_variable_name="colour", option_source=source)


def form(
    *fields: FormField,
    content: str = "Well?",
    actions: tuple[UserAction, ...] = (SEND,),
    timeout: int = 3,
    unit: TimeoutUnit = TimeoutUnit.DAY,
    methods: tuple[DeliveryMethod, ...] = (),
) -> HumanInputConfig:
    return HumanInputConfig(
        form_content=content,
        inputs=fields,
        user_actions=actions,
        timeout=timeout,
        timeout_unit=unit,
        delivery_methods=methods,
    )


def faults(config: HumanInputConfig) -> list[tuple[str, str]]:
    return [(fault.code, fault.field) for fault in config.faults()]


class TestMeaning:
    @pytest.mark.parametrize(
        ("unit", "waits"),
        [(TimeoutUnit.HOUR, timedelta(hours=2)), (TimeoutUnit.DAY, timedelta(days=2))],
    )
    def test_it_waits_for_hours_or_days(self, unit: TimeoutUnit, waits: timedelta) -> None:
        assert form(timeout=2, unit=unit).waits == waits

    def test_each_action_is_a_way_out_and_so_is_the_time_running_out(self) -> None:
        config = form(actions=(SEND, UserAction(id="drop", title="Drop")))

        assert config.handles() == ("send", "drop", "__timeout")

    def test_it_puts_out_what_was_filled_in_and_how_it_was_sent(self) -> None:
        upload = FormField(type=FieldType.FILES, output_variable_name="papers")

        assert form(text(), upload).outputs() == {
            "words": ValueType.STRING,
            "papers": ValueType.FILES,
            "__action_id": ValueType.STRING,
            "__action_value": ValueType.STRING,
            "__rendered_content": ValueType.STRING,
        }

    def test_it_needs_what_content_defaults_and_options_show_of_the_run(self) -> None:
        preset = FieldDefault(type=ValueSource.VARIABLE, selector=at("llm.text"))
        options = OptionSource(type=ValueSource.VARIABLE, selector=at("start.colours"))
        config = form(
            text(default=preset),
            choice(options),
            content="{{#start.name#}}, say {{#$output.words#}}!",
        )

        found = [(str(each.selector), each.field) for each in config.references()]

        assert found == [
            ("start.name", "form_content"),
            ("llm.text", "inputs.0.default.selector"),
            ("start.colours", "inputs.1.option_source.selector"),
        ]
        assert list(config.references())[2].accepts == ARRAYS


class TestFaults:
    def test_a_sound_form_has_none(self) -> None:
        config = form(
            text(default=FieldDefault(value="Hi")),
            choice(OptionSource(value=("red", "green"))),
            content="{{#$output.words#}} in {{#$outputs.colour#}}",
            methods=(
                DeliveryMethod(type="webapp"),
                DeliveryMethod(type="email", enabled=False),
            ),
        )

        assert faults(config) == []

    @pytest.mark.parametrize("count", [0, MAX_ACTIONS + 1])
    def test_it_ends_by_some_action_but_not_by_any_number_of_them(self, count: int) -> None:
        actions = tuple(UserAction(id=f"a{n}", title="Go") for n in range(count))

        assert faults(form(actions=actions)) == [("action_count", "user_actions")]

    def test_the_number_of_fields_is_limited(self) -> None:
        fields = [text(f"f{n}") for n in range(MAX_FIELDS + 1)]

        assert faults(form(*fields)) == [("field_count", "inputs")]

    @pytest.mark.parametrize(
        ("timeout", "unit"),
        [
            (0, TimeoutUnit.HOUR),
            (-1, TimeoutUnit.DAY),
            (LONGEST_WAIT_DAYS + 1, TimeoutUnit.DAY),
            (LONGEST_WAIT_DAYS * 24 + 1, TimeoutUnit.HOUR),
            (10**30, TimeoutUnit.DAY),
        ],
    )
    def test_it_waits_neither_no_time_nor_too_long(self, timeout: int, unit: TimeoutUnit) -> None:
        assert faults(form(timeout=timeout, unit=unit)) == [("timeout_range", "timeout")]

    def test_a_place_in_the_content_needs_its_field(self) -> None:
        config = form(text(), content="{{#$output.word#}}")

        assert faults(config) == [("slot_unknown", "form_content")]

    @pytest.mark.parametrize("name", ["", "two words", "__own", "1st"])
    def test_a_field_needs_a_name_that_can_be_selected(self, name: str) -> None:
        assert faults(form(text(name))) == [("field_name_invalid", "inputs.0.output_variable_name")]

    def test_and_one_of_its_own(self) -> None:
        assert faults(form(text(), text())) == [
            ("field_name_invalid", "inputs.0.output_variable_name"),
            ("field_name_invalid", "inputs.1.output_variable_name"),
        ]

    @pytest.mark.parametrize("kind", [FieldType.FILE, FieldType.FILES])
    def test_files_can_be_asked_for(self, kind: FieldType) -> None:
        field = FormField(type=kind, output_variable_name="paper")

        assert faults(form(field)) == []

    @pytest.mark.parametrize(
        ("kind", "said", "most"),
        [
            (FieldType.FILE, None, 1),
            (FieldType.FILE, 7, 1),
            (FieldType.FILES, None, FILES_UNLESS_SAID),
            (FieldType.FILES, 7, 7),
        ],
    )
    def test_a_list_says_how_many_it_takes(
        self, kind: FieldType, said: int | None, most: int
    ) -> None:
        field = FormField(type=kind, output_variable_name="paper", number_limits=said)

        assert field.most_files == most

    @pytest.mark.parametrize("most", [0, MAX_FILES + 1])
    def test_a_list_takes_some_files_and_not_any_number(self, most: int) -> None:
        field = FormField(type=FieldType.FILES, output_variable_name="papers", number_limits=most)

        assert faults(form(field)) == [("number_limits_range", "inputs.0.number_limits")]

    def test_what_takes_files_has_no_default(self) -> None:
        field = FormField(
            type=FieldType.FILE, output_variable_name="paper", default=FieldDefault(value="x")
        )

        assert faults(form(field)) == [("default_unexpected", "inputs.0.default")]

    def test_a_default_from_a_variable_has_to_name_it(self) -> None:
        config = form(text(default=FieldDefault(type=ValueSource.VARIABLE)))

        assert faults(config) == [("default_unselected", "inputs.0.default.selector")]

    @pytest.mark.parametrize(
        "source", [None, OptionSource(), OptionSource(type=ValueSource.VARIABLE)]
    )
    def test_a_choice_needs_something_to_choose_from(self, source: OptionSource | None) -> None:
        assert faults(form(choice(source))) == [("options_missing", "inputs.0.option_source")]

    @pytest.mark.parametrize("action_id", ["", "two words", "a" * 21, "__timeout", "source"])
    def test_an_action_needs_an_id_that_can_be_a_way_out(self, action_id: str) -> None:
        config = form(actions=(UserAction(id=action_id, title="Go"),))

        assert faults(config) == [("action_id_invalid", "user_actions.0.id")]

    def test_and_one_of_its_own_as_well(self) -> None:
        assert faults(form(actions=(SEND, SEND))) == [
            ("action_id_invalid", "user_actions.0.id"),
            ("action_id_invalid", "user_actions.1.id"),
        ]

    @pytest.mark.parametrize("title", ["", "x" * 101])
    def test_an_action_needs_a_title_that_fits_a_button(self, title: str) -> None:
        config = form(actions=(UserAction(id="go", title=title),))

        assert faults(config) == [("action_title_invalid", "user_actions.0.title")]

    def test_forms_are_not_sent_by_mail(self) -> None:
        config = form(methods=(DeliveryMethod(type="email"),))

        assert faults(config) == [("delivery_unavailable", "delivery_methods.0.type")]
