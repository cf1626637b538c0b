"""The app: born, edited, published, restored, retired."""

import pytest

from dify_hex.domain.app.app import App
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppIsArchived,
    AppModeMismatch,
    AppNameInvalid,
    AppNothingToPublish,
    AppSlugInvalid,
)
from dify_hex.domain.app.events import (
    AppArchived,
    AppCreated,
    AppDeleted,
    AppPublished,
    AppUnarchived,
)
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.app.state import Published
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.values.fault import Fault
from tests.builders.app import EDITOR, LATER, NOW, chat, completion, new_app, published, stored

FAULT = Fault(code="prompt_invalid", path="prompt.text", message="No.")


def an_app() -> App:
    return stored(new_app())


def test_a_new_app_is_active_unpublished_and_can_be_edited() -> None:
    app = new_app("  Support bot ", completion())

    state = app.state
    assert (app.mode, app.version, state.status) == (AppMode.COMPLETION, 1, AppStatus.ACTIVE)
    assert (state.profile.name, state.published, state.draft.version) == ("Support bot", None, 1)
    assert (state.created_by, state.created_at) == (EDITOR, NOW)
    assert app.pull_events() == (
        AppCreated(tenant_id=app.tenant_id, occurred_at=NOW, app_id=app.id),
    )


def test_loading_an_app_raises_no_event() -> None:
    assert an_app().pull_events() == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_name_is_neither_blank_nor_endless(name: str) -> None:
    with pytest.raises(AppNameInvalid):
        new_app(name)
    with pytest.raises(AppNameInvalid):
        an_app().describe(name=name, now=LATER, by=EDITOR)


def test_renaming_keeps_the_slug() -> None:
    app = an_app()
    slug = app.state.profile.slug

    app.describe(name="Sales bot", now=LATER, by=EDITOR)

    assert (app.state.profile.name, app.state.profile.slug) == ("Sales bot", slug)
    assert (app.version, app.state.updated_at) == (2, LATER)


def test_each_part_of_the_profile_changes_alone() -> None:
    app = an_app()

    app.describe(slug="sales", now=LATER, by=EDITOR)
    app.describe(description="Sells.", now=LATER, by=EDITOR)
    app.describe(icon="🤖", now=LATER, by=EDITOR)

    profile = app.state.profile
    assert (profile.name, profile.slug, profile.description, profile.icon) == (
        "Support bot",
        "sales",
        "Sells.",
        "🤖",
    )


def test_describing_it_as_it_is_changes_nothing() -> None:
    app = an_app()

    app.describe(name="Support bot", now=LATER, by=EDITOR)

    assert app.version == app.stored_version


def test_a_slug_that_cannot_stand_in_an_address_is_refused() -> None:
    with pytest.raises(AppSlugInvalid):
        an_app().describe(slug="Not a slug", now=LATER, by=EDITOR)


def test_each_edit_of_the_draft_counts() -> None:
    app = an_app()

    app.configure(chat("Be kind."), expected_draft_version=1, now=LATER, by=EDITOR)
    app.configure(chat("Be brief."), expected_draft_version=2, now=LATER, by=EDITOR)

    assert (app.state.draft.version, app.state.draft.configuration) == (3, chat("Be brief."))


def test_the_same_configuration_again_is_no_edit() -> None:
    app = an_app()

    app.configure(chat(), expected_draft_version=1, now=LATER, by=EDITOR)

    assert (app.state.draft.version, app.version) == (1, app.stored_version)


def test_a_newer_draft_is_not_overwritten() -> None:
    app = an_app()
    app.configure(chat("Be kind."), expected_draft_version=1, now=LATER, by=EDITOR)

    with pytest.raises(StaleVersion) as refused:
        app.configure(chat("Be brief."), expected_draft_version=1, now=LATER, by=EDITOR)

    assert refused.value.details == {"expected": 1, "actual": 2}


def test_a_configuration_has_to_be_of_the_apps_mode() -> None:
    with pytest.raises(AppModeMismatch):
        an_app().configure(completion(), expected_draft_version=1, now=LATER, by=EDITOR)


def test_the_first_version_is_number_one() -> None:
    app = an_app()

    version = published(app)

    assert (version.number, version.configuration) == (1, app.state.draft.configuration)
    assert (version.label, version.note, version.published_by) == ("1.0", "The first.", EDITOR)
    assert app.state.published == Published(version_id=version.id, number=1)
    assert app.pull_events() == (
        AppPublished(
            tenant_id=app.tenant_id,
            occurred_at=LATER,
            app_id=app.id,
            version_id=version.id,
            number=1,
        ),
    )


def test_publishing_twice_makes_a_second_version() -> None:
    app = an_app()
    first = published(app)
    app.configure(chat("Be kind."), expected_draft_version=1, now=LATER, by=EDITOR)

    assert published(app, latest=first).number == 2


def test_what_has_not_changed_is_not_published_again() -> None:
    app = an_app()
    first = published(app)

    with pytest.raises(AppNothingToPublish) as refused:
        published(app, latest=first)

    assert refused.value.details == {"version": 1}


def test_a_draft_with_faults_is_refused_with_all_of_them() -> None:
    with pytest.raises(AppConfigurationInvalid) as refused:
        published(an_app(), faults=(FAULT, FAULT))

    assert refused.value.faults == (FAULT, FAULT)
    assert refused.value.details == {"faults": [FAULT.as_detail(), FAULT.as_detail()]}


def test_restoring_makes_an_old_configuration_the_draft_and_leaves_what_is_published() -> None:
    app = an_app()
    first = published(app)
    app.configure(chat("Be kind."), expected_draft_version=1, now=LATER, by=EDITOR)
    second = published(app, latest=first)

    app.restore(first, now=LATER, by=EDITOR)

    assert app.state.draft.configuration == first.configuration
    assert app.state.draft.version == 3
    assert app.state.published == Published(version_id=second.id, number=2)


def test_an_archived_app_can_only_be_unarchived_or_deleted() -> None:
    app = an_app()
    version = published(app)
    app.archive(now=LATER, by=EDITOR)

    with pytest.raises(AppIsArchived):
        app.describe(name="Other", now=LATER, by=EDITOR)
    with pytest.raises(AppIsArchived):
        app.configure(chat("x"), expected_draft_version=1, now=LATER, by=EDITOR)
    with pytest.raises(AppIsArchived):
        published(app, latest=version)
    with pytest.raises(AppIsArchived):
        app.restore(version, now=LATER, by=EDITOR)

    app.unarchive(now=LATER, by=EDITOR)
    app.describe(name="Other", now=LATER, by=EDITOR)
    assert app.state.status is AppStatus.ACTIVE


def test_archiving_and_unarchiving_twice_is_doing_it_once() -> None:
    app = an_app()

    app.archive(now=LATER, by=EDITOR)
    app.archive(now=LATER, by=EDITOR)
    app.unarchive(now=LATER, by=EDITOR)
    app.unarchive(now=LATER, by=EDITOR)

    assert [type(event) for event in app.pull_events()] == [AppArchived, AppUnarchived]


def test_a_deleted_app_remembers_when() -> None:
    app = an_app()

    app.delete(now=LATER, by=EDITOR)

    assert app.state.deleted_at == LATER
    assert [type(event) for event in app.pull_events()] == [AppDeleted]
