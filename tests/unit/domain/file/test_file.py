"""The file: on its way in, there, let go."""

from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.domain.file.errors import FileExpired, FileNotFound
from dify_hex.domain.file.file import FileOwner, FileStatus
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.shared.ids import AppId, EndUserName
from dify_hex.domain.shared.values.file_reference import (
    FileKind,
    FileReference,
    TransferMethod,
)
from tests.builders.file import ANN, CONTENT, NOW, TENANT, a_file, a_new_file

HOUR = timedelta(hours=1)


def test_a_file_on_its_way_in_cannot_be_used() -> None:
    file = a_new_file()

    assert file.state.status is FileStatus.UPLOADING
    with pytest.raises(FileNotFound):
        file.require_available(now=NOW)
    with pytest.raises(FileNotFound):
        file.reference(now=NOW)


def test_a_complete_file_can_be_used() -> None:
    file = a_new_file()

    file.complete(CONTENT, user=ANN, expires_at=None, now=NOW + HOUR)

    assert file.require_available(now=NOW + 1000 * HOUR) == CONTENT
    assert file.state.owner.user == ANN
    assert (file.state.created_at, file.state.updated_at) == (NOW, NOW + HOUR)


def test_a_file_is_complete_once() -> None:
    with pytest.raises(FileNotFound):
        a_file().complete(CONTENT, user=None, expires_at=None, now=NOW)


def test_a_file_expires_on_the_second() -> None:
    file = a_file(expires_at=NOW + HOUR)

    assert file.require_available(now=NOW + HOUR - timedelta(seconds=1)) == CONTENT
    with pytest.raises(FileExpired):
        file.require_available(now=NOW + HOUR)


def test_a_deleted_file_is_not_there_any_more() -> None:
    file = a_file()

    file.delete(now=NOW)

    with pytest.raises(FileNotFound):
        file.require_available(now=NOW)


def test_files_of_a_tenant_lie_together() -> None:
    file = a_file()

    assert file.key == f"t/{TENANT}/files/{file.id}"


def test_a_file_becomes_the_value_of_a_variable() -> None:
    file = a_file()

    assert file.reference(now=NOW) == FileReference(
        id=file.id,
        type=FileKind.IMAGE,
        transfer_method=TransferMethod.LOCAL_FILE,
        name="photo.png",
        extension=".png",
        mime_type="image/png",
        size=CONTENT.size,
    )


def test_a_file_without_an_extension_has_none_as_a_value() -> None:
    unknown = FileType(kind=FileKind.CUSTOM, media_type="application/octet-stream", extension="")

    assert a_file(type=unknown).reference(now=NOW).extension == ""


@pytest.mark.parametrize(
    ("owner_app", "owner_user", "app", "user", "admitted"),
    [
        (None, None, 1, "ann", True),
        (1, "ann", 1, "ann", True),
        (1, None, 2, "ann", False),
        (None, "ann", 1, "bob", False),
        (None, "ann", 1, None, False),
    ],
)
def test_a_run_may_use_the_files_of_its_app_and_its_end_user(
    owner_app: int | None,
    owner_user: str | None,
    app: int,
    user: str | None,
    admitted: bool,
) -> None:
    owner = FileOwner(
        app_id=None if owner_app is None else AppId(UUID(int=owner_app)),
        user=None if owner_user is None else EndUserName(owner_user),
    )
    asking = None if user is None else EndUserName(user)

    assert owner.admits(app_id=AppId(UUID(int=app)), user=asking) is admitted
