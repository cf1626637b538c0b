"""Whether an app can be talked to."""

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.app.errors import AppIsArchived, AppNotPublished
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.app.standing import AppStanding
from dify_hex.domain.app.state import Published
from dify_hex.domain.shared.ids import AppId, AppVersionId

PUBLISHED = Published(version_id=AppVersionId(new_id()), number=3)


def standing(status: AppStatus, published: Published | None) -> AppStanding:
    return AppStanding(app_id=AppId(new_id()), status=status, published=published)


def test_a_published_active_app_answers() -> None:
    assert standing(AppStatus.ACTIVE, PUBLISHED).runnable() == PUBLISHED


def test_an_app_without_a_version_does_not_answer_yet() -> None:
    with pytest.raises(AppNotPublished):
        standing(AppStatus.ACTIVE, None).runnable()


def test_an_archived_app_answers_nobody() -> None:
    with pytest.raises(AppIsArchived):
        standing(AppStatus.ARCHIVED, PUBLISHED).runnable()
