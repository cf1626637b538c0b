"""Files that are given to runs: found, or refused with every fault at once."""

from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.application.file.file_inputs import FileInput
from dify_hex.application.file.resolve_file_inputs import ResolveFileInputsCommand
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.domain.file.errors import FileInputsInvalid
from dify_hex.domain.file.file import File
from dify_hex.domain.shared.ids import AppId, EndUserName, FormId
from dify_hex.domain.shared.values.file_reference import (
    FileKind,
    FileReference,
    TransferMethod,
)
from dify_hex.domain.shared.values.file_rule import FileRule
from dify_hex.domain.shared.values.json_value import JsonValue
from tests.builders.file import ANN, a_file, a_key, a_new_file, a_person
from tests.unit.application.file.conftest import FileHouse

APP, OTHER_APP = AppId(UUID(int=8)), AppId(UUID(int=9))
MANY = FileRule(max_count=10)
URL = "https://example.com/a/Plan%20B.pdf?x=1"


async def resolve(
    house: FileHouse,
    given: JsonValue,
    rule: FileRule = MANY,
    *,
    actor: Actor | None = None,
    user: EndUserName | None = ANN,
) -> tuple[FileReference, ...]:
    actor = actor or a_person()
    command = ResolveFileInputsCommand(
        app_id=APP, user=user, inputs={"files": FileInput(given=given, rule=rule)}
    )
    async with house.begin(actor.tenant_id) as work:
        return (await house.resolve.execute(actor, command, work))["files"]


async def faults(
    house: FileHouse, given: JsonValue, rule: FileRule = MANY, *, actor: Actor | None = None
) -> list[tuple[str, str]]:
    with pytest.raises(FileInputsInvalid) as refused:
        await resolve(house, given, rule, actor=actor)
    return [(fault.code, fault.path) for fault in refused.value.faults]


async def test_a_file_is_found_by_whatever_names_it(house: FileHouse) -> None:
    file = a_file(user=ANN, app_id=APP)
    await house.given(file)
    reference = file.reference(now=house.clock.now())
    named = str(file.id)

    for given in (
        named,
        {"upload_file_id": named},
        {"type": "image", "transfer_method": "local_file", "upload_file_id": named},
        reference.to_json(),
        [named],
    ):
        assert await resolve(house, given) == (reference,)


async def test_files_come_in_the_order_in_which_they_were_given(house: FileHouse) -> None:
    first, second = a_file(), a_file()
    await house.given(first, second)

    found = await resolve(house, [str(second.id), URL_FORM, str(first.id)])

    assert [file.id for file in found] == [second.id, None, first.id]


URL_FORM = {"type": "document", "transfer_method": "remote_url", "url": URL}


async def test_a_file_at_an_address_is_passed_on_as_it_is(house: FileHouse) -> None:
    (found,) = await resolve(house, URL_FORM)

    assert found == FileReference(
        type=FileKind.DOCUMENT,
        transfer_method=TransferMethod.REMOTE_URL,
        name="Plan B.pdf",
        extension=".pdf",
        mime_type="application/pdf",
        url=URL,
    )
    assert await resolve(house, found.to_json()) == (found,)


@pytest.mark.parametrize(
    ("url", "declared", "kind", "name"),
    [
        ("http://example.com/photo.JPG", None, "image", "photo.JPG"),
        ("https://example.com", None, "custom", "file"),
        ("https://example.com/", "image", "image", "file"),
        ("https://example.com/a.unheard", None, "custom", "a.unheard"),
        ("https://example.com/a.pdf", "custom", "custom", "a.pdf"),
    ],
)
async def test_what_an_address_leads_to_is_told_by_its_end_or_its_sender(
    house: FileHouse, url: str, declared: str | None, kind: str, name: str
) -> None:
    form = {"transfer_method": "remote_url", "url": url}
    (found,) = await resolve(house, form if declared is None else {**form, "type": declared})

    assert (found.type.value, found.name) == (kind, name)


async def test_nothing_given_is_no_file(house: FileHouse) -> None:
    assert await resolve(house, None) == ()
    assert await resolve(house, []) == ()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (5, "file_input_invalid"),
        (True, "file_input_invalid"),
        ("", "file_input_invalid"),
        ("photo.png", "file_input_invalid"),
        ({}, "file_input_invalid"),
        ({"upload_file_id": None}, "file_input_invalid"),
        ({"upload_file_id": 5}, "file_input_invalid"),
        ({"transfer_method": "pigeon"}, "file_input_invalid"),
        ({"transfer_method": ["local_file"]}, "file_input_invalid"),
        ({"$file": {}}, "file_input_invalid"),
        ({**URL_FORM, "type": "spreadsheet"}, "file_input_invalid"),
        ({**URL_FORM, "type": ["image"]}, "file_input_invalid"),
        ({"transfer_method": "remote_url"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": 5}, "file_input_url_invalid"),
        ({**URL_FORM, "url": "ftp://example.com/a"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": "file:///etc/passwd"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": "javascript:alert(1)"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": "https://user:word@example.com/"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": "https:///a"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": "https://example.com/a\nb"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": "https://[::1"}, "file_input_url_invalid"),
        ({**URL_FORM, "url": f"https://example.com/{'a' * 2048}"}, "file_input_url_invalid"),
        (str(UUID(int=5)), "file_input_not_found"),
    ],
)
async def test_what_names_no_file_is_refused_with_its_place(
    house: FileHouse, given: JsonValue, code: str
) -> None:
    assert await faults(house, given) == [(code, "files")]
    assert await faults(house, [given]) == [(code, "files[0]")]


@pytest.mark.parametrize(
    "file",
    [
        a_file(user=EndUserName("bob")),
        a_file(app_id=OTHER_APP),
        a_file(app_id=APP, form_id=FormId(UUID(int=7))),
        a_new_file(),
    ],
    ids=["another end user's", "another app's", "a form's", "on its way in"],
)
async def test_the_files_of_others_do_not_exist(house: FileHouse, file: File) -> None:
    await house.given(file)

    assert await faults(house, str(file.id)) == [("file_input_not_found", "files")]


async def test_a_bound_key_gives_the_files_of_its_app_only(house: FileHouse) -> None:
    ours, everybodys = a_file(app_id=APP), a_file()
    await house.given(ours, everybodys)

    assert len(await resolve(house, str(ours.id), actor=a_key(APP))) == 1
    assert await faults(house, str(everybodys.id), actor=a_key(APP)) == [
        ("file_input_not_found", "files")
    ]
    with pytest.raises(AppNotAllowed):
        await resolve(house, str(ours.id), actor=a_key(OTHER_APP))


async def test_a_file_whose_time_is_over_says_so(house: FileHouse) -> None:
    file = a_file(expires_at=house.clock.now() + timedelta(hours=1))
    await house.given(file)
    house.turn(timedelta(hours=1))

    assert await faults(house, str(file.id)) == [("file_input_expired", "files")]


async def test_every_fault_of_every_input_is_told_at_once(house: FileHouse) -> None:
    file = a_file()
    await house.given(file)
    pictures = FileRule(kinds=frozenset({FileKind.IMAGE}), max_count=2)
    command = ResolveFileInputsCommand(
        app_id=APP,
        user=ANN,
        inputs={
            "inputs.photos": FileInput(given=[URL_FORM, str(file.id)], rule=pictures),
            "inputs.more": FileInput(given=[str(file.id)] * 3, rule=pictures),
            "inputs.plan": FileInput(given="nonsense", rule=FileRule()),
        },
    )

    with pytest.raises(FileInputsInvalid) as refused:
        async with house.begin(a_person().tenant_id) as work:
            await house.resolve.execute(a_person(), command, work)

    assert [(fault.code, fault.path) for fault in refused.value.faults] == [
        ("file_input_type_not_allowed", "inputs.photos[0]"),
        ("file_input_too_many", "inputs.more"),
        ("file_input_invalid", "inputs.plan"),
    ]
    assert refused.value.details["faults"]


async def test_a_list_without_end_is_not_looked_through(house: FileHouse) -> None:
    assert await faults(house, [str(UUID(int=5))] * 100_000, FileRule(max_count=100)) == [
        ("file_input_too_many", "files")
    ]
