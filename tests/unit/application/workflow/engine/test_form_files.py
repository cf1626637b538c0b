"""Whoever answers a form hands in files with nothing but its token, and for nothing but it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.application.file.file_intake import FileDetails
from dify_hex.application.file.read_models import FileView
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.upload_form_file import UploadFormFile, UploadFormFileCommand
from dify_hex.domain.file.errors import FileInputsInvalid, FileTypeUnsupported
from dify_hex.domain.file.file import File, FileOwner
from dify_hex.domain.shared.ids import EndUserName, FormId
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.workflow.errors import (
    FormAnswerInvalid,
    FormClosed,
    FormFieldUnknown,
    FormNotFound,
    FormUploadsUsedUp,
)
from dify_hex.domain.workflow.nodes.human_input import (
    FieldType,
    FormField,
    HumanInputConfig,
    UserAction,
)
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.file import PNG, Incoming, a_file
from tests.fakes.memory_forms import PlainTokens
from tests.fakes.memory_run_reader import MemoryRunReader
from tests.unit.application.workflow.engine.test_forms import Asking

CONFIG = HumanInputConfig(
    form_content="See {{#$output.papers#}}.",
    inputs=(
        FormField(
            type=FieldType.FILE,
            output_variable_name="photo",
            allowed_file_types=(FileKind.IMAGE,),
        ),
        FormField(type=FieldType.FILES, output_variable_name="papers", number_limits=2),
    ),
    user_actions=(UserAction(id="send", title="Send"),),
)
TEXT = b"Lamps, everywhere."


async def asked(config: HumanInputConfig = CONFIG) -> Asking:
    """A run that waits for files."""
    asking = Asking(config=config)
    await asking.ask()
    return asking


async def hand_in(
    asking: Asking, field: str = "photo", incoming: Incoming | None = None, token: str = ""
) -> FileView:
    use_case = UploadFormFile(
        desk=asking.forms,
        tokens=PlainTokens(),
        runs=MemoryRunReader(asking.engine.runs),
        files=asking.form_files,
        clock=asking.engine.clock,
    )
    command = UploadFormFileCommand(token=token or asking.token(), field=field)
    return await use_case.execute(command, incoming or Incoming())


def kept(asking: Asking) -> list[File]:
    return asking.database.all(File)


class TestHandingIn:
    async def test_a_file_is_the_forms_and_goes_with_its_time(self) -> None:
        asking = await asked()

        view = await hand_in(asking)

        (file,) = kept(asking)
        run = await MemoryRunReader(asking.engine.runs).get_run(
            asking.engine.actor.tenant_id, asking.engine.only_id()
        )
        assert (view.id, view.size) == (file.id, len(PNG))
        assert asking.storage.contents == {file.key: PNG}
        assert file.state.owner == FileOwner(
            app_id=run.app_id, user=EndUserName(run.user), form_id=asking.form().id
        )
        assert file.state.expires_at == asking.form().due_at

    async def test_what_its_sender_says_besides_counts_for_nothing(self) -> None:
        asking = await asked()
        details = FileDetails(keep_for=timedelta(days=999))

        view = await hand_in(asking, incoming=Incoming(details=details))

        assert view.expires_at == asking.form().due_at

    async def test_a_field_takes_the_types_that_it_declares(self) -> None:
        asking = await asked()

        with pytest.raises(FileInputsInvalid) as caught:
            await hand_in(asking, incoming=Incoming(TEXT, "plan.txt"))

        assert [fault.code for fault in caught.value.faults] == ["file_input_type_not_allowed"]
        assert (kept(asking), asking.storage.contents) == ([], {})

    async def test_a_field_may_take_no_uploads(self) -> None:
        field = replace(CONFIG.inputs[0], allowed_file_upload_methods=(TransferMethod.REMOTE_URL,))
        asking = await asked(replace(CONFIG, inputs=(field,), form_content=""))

        with pytest.raises(FileInputsInvalid) as caught:
            await hand_in(asking)

        assert [fault.code for fault in caught.value.faults] == ["file_input_method_not_allowed"]

    async def test_content_has_to_be_what_its_name_says(self) -> None:
        asking = await asked()

        with pytest.raises(FileTypeUnsupported):
            await hand_in(asking, incoming=Incoming(TEXT, "photo.png"))

    async def test_other_fields_take_none(self) -> None:
        asking = await asked()

        with pytest.raises(FormFieldUnknown):
            await hand_in(asking, field="other")

    async def test_a_form_takes_a_bounded_number(self) -> None:
        asking = await asked()
        most = asking.form().most_uploads
        asking.forms.uploads[asking.form().id] = most - 1
        await hand_in(asking)

        with pytest.raises(FormUploadsUsedUp) as caught:
            await hand_in(asking)

        assert caught.value.details == {"limit": most}
        assert len(kept(asking)) == 1

    async def test_a_closed_form_takes_none(self) -> None:
        asking = await asked()
        asking.forms.expire(asking.form().id)

        with pytest.raises(FormClosed):
            await hand_in(asking)

    async def test_without_a_form_or_its_run_there_is_nothing_to_hand_in_for(self) -> None:
        asking = await asked()
        with pytest.raises(FormNotFound):
            await hand_in(asking, token=f"{asking.engine.actor.tenant_id}.{new_id()}")

        asking.engine.runs.runs.clear()

        with pytest.raises(FormNotFound):
            await hand_in(asking)


class TestAnswering:
    async def test_the_files_are_values_of_the_run_and_are_kept(self) -> None:
        asking = await asked()
        photo = await hand_in(asking)
        paper = await hand_in(asking, "papers", Incoming(TEXT, "plan.txt"))

        await asking.send({"photo": str(photo.id), "papers": [str(paper.id)]})

        assert await asking.go_on() is RunStatus.SUCCEEDED
        answer = asking.form().answer
        assert answer is not None
        first = FileReference.from_json(answer.values["photo"])
        assert first is not None
        assert (first.id, first.name) == (photo.id, "photo.png")
        assert set(answer.files) == {photo.id, paper.id}
        assert asking.forms.files_until == {asking.form().id: None}
        done = next(row for row in asking.engine.only_run().rows if "plan.txt" in row.payload)
        assert '"__rendered_content":"See plan.txt."' in done.payload

    async def test_a_list_may_be_empty(self) -> None:
        asking = await asked()
        photo = await hand_in(asking)

        form = await asking.send({"photo": str(photo.id), "papers": []})

        assert form.answer is not None
        assert form.answer.values["papers"] == []

    async def test_files_of_other_forms_do_not_exist(self) -> None:
        asking = await asked()
        tenant_id = asking.engine.actor.tenant_id
        plain, others = (
            a_file(tenant_id=tenant_id),
            a_file(tenant_id=tenant_id, form_id=FormId(new_id())),
        )
        async with asking.begin(tenant_id) as work:
            work.files.add(plain)
            work.files.add(others)
            await work.commit()

        with pytest.raises(FormAnswerInvalid) as caught:
            await asking.send({"photo": str(plain.id), "papers": [str(others.id)]})

        assert [(fault.code, fault.path) for fault in caught.value.faults] == [
            ("file_input_not_found", "inputs.photo"),
            ("file_input_not_found", "inputs.papers[0]"),
        ]

    async def test_a_field_takes_no_file_that_was_handed_in_for_one_of_another_kind(self) -> None:
        asking = await asked()
        paper = await hand_in(asking, "papers", Incoming(TEXT, "plan.txt"))

        with pytest.raises(FormAnswerInvalid) as caught:
            await asking.send({"photo": str(paper.id), "papers": []})

        assert [fault.code for fault in caught.value.faults] == ["file_input_type_not_allowed"]
