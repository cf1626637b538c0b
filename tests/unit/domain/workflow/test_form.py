"""A form takes one answer that fits, and says what its node puts out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import FileId, FormId, WorkflowRunId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.file_rule import FileRule
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import FormAnswerInvalid, FormClosed, FormFieldUnknown
from dify_hex.domain.workflow.form import (
    MAX_FIELD_LENGTH,
    UPLOADS_BESIDES,
    UPLOADS_PER_FILE,
    Form,
    FormAnswer,
    FormStatus,
    GivenFiles,
    address_of,
)
from tests.builders.workflow import NOW, at

WORDS: JsonObject = {"type": "paragraph", "name": "words", "default": None}
COLOUR: JsonObject = {
    "type": "select",
    "name": "colour",
    "default": "red",
    "options": ["red", "green"],
}
FORM = Form(
    id=FormId(new_id()),
    run_id=WorkflowRunId(new_id()),
    address=at("ask"),
    content="Say {{#$output.words#}} in {{#$outputs.colour#}}, {{#start.name#}}.",
    inputs=(WORDS, COLOUR),
    actions=({"id": "send", "title": "Send"}, {"id": "drop", "title": "Drop"}),
    status=FormStatus.OPEN,
    created_at=NOW,
    due_at=NOW + timedelta(days=3),
)
PHOTO = FileReference(
    id=FileId(new_id()),
    type=FileKind.IMAGE,
    transfer_method=TransferMethod.LOCAL_FILE,
    name="photo.png",
    extension=".png",
    mime_type="image/png",
    size=10,
)
PAPER = FileReference(
    type=FileKind.DOCUMENT,
    transfer_method=TransferMethod.REMOTE_URL,
    name="paper.pdf",
    extension=".pdf",
    mime_type="application/pdf",
    url="https://example.com/paper.pdf",
)
WITH_FILES = replace(
    FORM,
    inputs=(
        WORDS,
        {"type": "file", "name": "photo", "default": None, "number_limits": 1},
        {
            "type": "file-list",
            "name": "papers",
            "default": None,
            "allowed_file_types": ["document", "custom"],
            "allowed_file_extensions": ["odd"],
            "allowed_file_upload_methods": ["local_file"],
            "number_limits": 3,
        },
    ),
)


def faults(given: dict[str, JsonValue], action: str = "send", form: Form = FORM) -> list[str]:
    with pytest.raises(FormAnswerInvalid) as caught:
        form.read(action, given)
    return [f"{fault.code} {fault.path}" for fault in caught.value.faults]


class TestBeingOpen:
    def test_a_form_can_be_answered_until_its_time_is_up(self) -> None:
        FORM.require_open(now=FORM.due_at - timedelta(seconds=1))

        with pytest.raises(FormClosed):
            FORM.require_open(now=FORM.due_at)

    @pytest.mark.parametrize("status", [FormStatus.ANSWERED, FormStatus.EXPIRED, FormStatus.CLOSED])
    def test_and_once(self, status: FormStatus) -> None:
        with pytest.raises(FormClosed):
            replace(FORM, status=status).require_open(now=NOW)

    def test_the_run_asks_for_it_as_it_is_kept(self) -> None:
        asked = FORM.request()

        assert (asked.form_id, asked.content) == (FORM.id, FORM.content)
        assert (asked.inputs, asked.actions) == (FORM.inputs, FORM.actions)
        assert asked.expires_at == FORM.due_at


class TestReading:
    def test_what_is_left_out_takes_its_default(self) -> None:
        answer = FORM.read("send", {"words": "Hi"})

        assert answer == FormAnswer(action="send", values={"words": "Hi", "colour": "red"})

    def test_every_fault_is_told_at_once(self) -> None:
        given: dict[str, JsonValue] = {"colour": "blue", "size": "big"}

        assert faults(given, action="burn") == [
            "form_action_unknown action",
            "form_field_unknown inputs.size",
            "form_field_missing inputs.words",
            "form_field_option inputs.colour",
        ]

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (None, "form_field_missing"),
            (5, "form_field_type"),
            ("x" * (MAX_FIELD_LENGTH + 1), "form_field_too_long"),
        ],
    )
    def test_a_field_takes_a_text_of_some_length(self, value: JsonValue, code: str) -> None:
        assert faults({"words": value}) == [f"{code} inputs.words"]

    def test_the_longest_text_fits(self) -> None:
        assert FORM.read("send", {"words": "x" * MAX_FIELD_LENGTH}).values["words"]

    def test_nothing_can_be_chosen_where_there_are_no_options(self) -> None:
        form = replace(FORM, inputs=({**COLOUR, "options": None},))

        assert faults({"colour": "red"}, form=form) == ["form_field_option inputs.colour"]


class TestFiles:
    def test_a_field_says_which_files_it_takes(self) -> None:
        rule = WITH_FILES.file_rule("papers")

        assert rule == FileRule(
            kinds=frozenset({FileKind.DOCUMENT, FileKind.CUSTOM}),
            extensions=frozenset({".odd"}),
            methods=frozenset({TransferMethod.LOCAL_FILE}),
            max_count=3,
        )
        assert WITH_FILES.file_rule("photo") == FileRule()
        assert [WITH_FILES.takes_list(name) for name in ("photo", "papers")] == [False, True]

    @pytest.mark.parametrize("name", ["words", "other"])
    def test_no_other_field_takes_any(self, name: str) -> None:
        with pytest.raises(FormFieldUnknown):
            WITH_FILES.file_rule(name)

    def test_more_uploads_are_taken_than_files_but_not_any_number(self) -> None:
        assert WITH_FILES.most_uploads == 4 * UPLOADS_PER_FILE + UPLOADS_BESIDES
        assert FORM.most_uploads == UPLOADS_BESIDES

    def test_files_are_looked_for_where_some_are_named(self) -> None:
        asked = WITH_FILES.file_rules({"words": "Hi", "photo": "an id", "papers": "no list"})

        assert list(asked) == ["photo"]

    @pytest.mark.parametrize(
        ("given", "fault"),
        [
            ({"papers": []}, "form_field_missing inputs.photo"),
            ({"photo": 5, "papers": []}, "input_wrong_type inputs.photo"),
            ({"photo": "id", "papers": "id"}, "input_wrong_type inputs.papers"),
            ({"photo": "id", "papers": ["id"] * 4}, "input_too_many_files inputs.papers"),
        ],
    )
    def test_a_field_of_files_takes_files(self, given: dict[str, JsonValue], fault: str) -> None:
        assert faults({"words": "Hi", **given}, form=WITH_FILES) == [fault]

    def test_what_was_wrong_with_the_files_is_told_with_the_rest(self) -> None:
        missing = Fault(code="file_input_not_found", path="inputs.photo", message="Gone.")

        with pytest.raises(FormAnswerInvalid) as caught:
            WITH_FILES.read(
                "burn",
                {"words": "Hi", "photo": "id", "papers": []},
                GivenFiles(found={}, faults=[missing]),
            )

        assert [fault.code for fault in caught.value.faults] == [
            "form_action_unknown",
            "file_input_not_found",
        ]

    def test_the_files_that_were_found_are_the_values(self) -> None:
        found: JsonObject = {"photo": PHOTO.to_json(), "papers": [PAPER.to_json()]}
        given: JsonObject = {"words": "Hi", "photo": "an id", "papers": ["another"]}

        answer = WITH_FILES.read("send", given, GivenFiles(found=found))

        assert answer.values == {"words": "Hi", **found}
        assert answer.files == [PHOTO.id]

    def test_and_what_the_node_puts_out(self) -> None:
        values: JsonObject = {
            "words": "Hi",
            "photo": PHOTO.to_json(),
            "papers": [PAPER.to_json(), PHOTO.to_json()],
        }
        form = replace(
            WITH_FILES,
            status=FormStatus.ANSWERED,
            answer=FormAnswer(action="send", values=values),
            content="{{#$output.photo#}}: {{#$output.papers#}}",
        )

        outcome = form.outcome()

        assert outcome is not None
        assert outcome.outputs["photo"] == PHOTO.to_json()
        assert (
            outcome.outputs["__rendered_content"]
            == "photo.png: [paper.pdf](https://example.com/paper.pdf), photo.png"
        )


class TestOutcome:
    def test_as_long_as_somebody_may_answer_there_is_none(self) -> None:
        assert FORM.outcome() is None

    def test_an_answer_is_put_out_with_the_content_as_it_was_filled(self) -> None:
        form = replace(
            FORM,
            status=FormStatus.ANSWERED,
            answer=FormAnswer(action="drop", values={"words": "Hi", "colour": "red"}),
        )

        outcome = form.outcome()

        assert outcome is not None
        assert outcome.handle == "drop"
        assert outcome.outputs == {
            "words": "Hi",
            "colour": "red",
            "__action_id": "drop",
            "__action_value": "Drop",
            "__rendered_content": "Say Hi in red, {{#start.name#}}.",
        }

    def test_when_its_time_is_up_the_run_leaves_by_a_way_of_its_own(self) -> None:
        outcome = replace(FORM, status=FormStatus.EXPIRED).outcome()

        assert outcome is not None
        assert outcome.handle == "__timeout"
        assert outcome.outputs == {"__rendered_content": FORM.content}


def test_the_node_that_asks_may_stand_inside_a_container() -> None:
    assert address_of("/each.0", "ask") == at("ask", "/each.0")
