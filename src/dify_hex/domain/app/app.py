"""The app: a publishable LLM application with a draft that is edited and versions that are run."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dify_hex.domain.app.configuration import Configuration
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
from dify_hex.domain.app.slug import is_slug, slug_for
from dify_hex.domain.app.state import AppProfile, AppState, Draft, Published
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.visible_text import visible_name

MAX_NAME_LENGTH = 100


class App(Aggregate):
    """An app of a tenant.

    Its name is its own among the tenant's apps that are not deleted, its slug too. The slug is
    made from the first name and stays when the app is renamed. An archived app keeps its name and
    can be read, unarchived and deleted, and nothing else.
    """

    def __init__(
        self, *, id: AppId, tenant_id: TenantId, mode: AppMode, state: AppState, version: int
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.mode = mode
        self._state = state

    @classmethod
    def create(
        cls,
        *,
        id: AppId,
        tenant_id: TenantId,
        name: str,
        configuration: Configuration,
        now: datetime,
        by: UUID | None,
        description: str = "",
        icon: str = "",
    ) -> "App":
        """A new, active app whose draft can be published or edited at once.

        Raises:
            AppNameInvalid: the name is blank or too long.
        """
        name = _checked_name(name)
        app = cls(
            id=id,
            tenant_id=tenant_id,
            mode=configuration.mode,
            version=0,
            state=AppState(
                profile=AppProfile(
                    name=name, slug=slug_for(name, id), description=description, icon=icon
                ),
                draft=Draft(configuration=configuration, version=1, updated_at=now, updated_by=by),
                published=None,
                status=AppStatus.ACTIVE,
                created_at=now,
                created_by=by,
                updated_at=now,
                updated_by=by,
            ),
        )
        app._changed(AppCreated(tenant_id=tenant_id, occurred_at=now, app_id=id))
        return app

    @property
    def state(self) -> AppState:
        """Everything the app remembers; a value, so looking changes nothing."""
        return self._state

    def describe(
        self,
        *,
        now: datetime,
        by: UUID | None,
        name: str | None = None,
        slug: str | None = None,
        description: str | None = None,
        icon: str | None = None,
    ) -> None:
        """Change how the app presents itself; None leaves a thing as it is.

        Raises:
            AppIsArchived: it has to be unarchived first.
            AppNameInvalid: the name is blank or too long.
            AppSlugInvalid: the slug cannot stand in an address.
        """
        self._require_active()
        profile = self._state.profile
        if slug is not None and not is_slug(slug):
            raise AppSlugInvalid(slug=slug)
        changed = AppProfile(
            name=profile.name if name is None else _checked_name(name),
            slug=profile.slug if slug is None else slug,
            description=profile.description if description is None else description,
            icon=profile.icon if icon is None else icon,
        )
        if changed != profile:
            self._become(replace(self._state, profile=changed), now=now, by=by)

    def expect_draft_version(self, expected: int | None) -> None:
        """Refuse to go on when the caller has seen another version of the draft.

        Raises:
            StaleVersion: with both versions.
        """
        actual = self._state.draft.version
        if expected is not None and expected != actual:
            raise StaleVersion(expected=expected, actual=actual)

    def configure(
        self,
        configuration: Configuration,
        *,
        expected_draft_version: int,
        now: datetime,
        by: UUID | None,
    ) -> None:
        """Replace the draft; the same configuration again changes nothing.

        A draft may have faults; they are shown, and only keep it from being published.

        Raises:
            AppIsArchived: it has to be unarchived first.
            AppModeMismatch: the configuration is of another mode.
            StaleVersion: the caller has seen another version of the draft.
        """
        self._require_active()
        if configuration.mode is not self.mode:
            raise AppModeMismatch(mode=configuration.mode.value, app_mode=self.mode.value)
        self.expect_draft_version(expected_draft_version)
        self._redraft(configuration, now=now, by=by)

    def require_publishable(self, faults: list[Fault]) -> None:
        """Refuse to go on with a draft that cannot be published; `faults` are its own.

        Raises:
            AppIsArchived: it has to be unarchived first.
            AppConfigurationInvalid: the draft has faults.
        """
        self._require_active()
        if faults:
            raise AppConfigurationInvalid(faults)

    def publish(
        self,
        *,
        version_id: AppVersionId,
        graph_hash: str,
        faults: list[Fault],
        latest: AppVersion | None,
        now: datetime,
        by: UUID | None,
        label: str = "",
        note: str = "",
    ) -> AppVersion:
        """Freeze the draft into the next version, which callers talk to from then on.

        `faults` are the draft's own, `latest` is the version published last.

        Raises:
            AppIsArchived: it has to be unarchived first.
            AppConfigurationInvalid: the draft has faults.
            AppNothingToPublish: the latest version has the same configuration.
        """
        self.require_publishable(faults)
        configuration = self._state.draft.configuration
        if latest is not None and latest.configuration == configuration:
            raise AppNothingToPublish(version=latest.number)
        number = 1 if latest is None else latest.number + 1
        published = Published(version_id=version_id, number=number)
        event = AppPublished(
            tenant_id=self.tenant_id,
            occurred_at=now,
            app_id=self.id,
            version_id=version_id,
            number=number,
        )
        self._become(replace(self._state, published=published), event, now=now, by=by)
        return AppVersion(
            id=version_id,
            tenant_id=self.tenant_id,
            app_id=self.id,
            number=number,
            configuration=configuration,
            graph_hash=graph_hash,
            label=label,
            note=note,
            published_at=now,
            published_by=by,
        )

    def restore(self, version: AppVersion, *, now: datetime, by: UUID | None) -> None:
        """Make an old version's configuration the draft again; what is published stays.

        Raises:
            AppIsArchived: it has to be unarchived first.
        """
        self._require_active()
        self._redraft(version.configuration, now=now, by=by)

    def archive(self, *, now: datetime, by: UUID | None) -> None:
        """Take the app out of use; twice is once."""
        if self._state.status is AppStatus.ACTIVE:
            event = AppArchived(tenant_id=self.tenant_id, occurred_at=now, app_id=self.id)
            self._become(replace(self._state, status=AppStatus.ARCHIVED), event, now=now, by=by)

    def unarchive(self, *, now: datetime, by: UUID | None) -> None:
        """Bring the app back into use; twice is once."""
        if self._state.status is AppStatus.ARCHIVED:
            event = AppUnarchived(tenant_id=self.tenant_id, occurred_at=now, app_id=self.id)
            self._become(replace(self._state, status=AppStatus.ACTIVE), event, now=now, by=by)

    def delete(self, *, now: datetime, by: UUID | None) -> None:
        """Delete the app; its name and slug come free, its messages stay for the record."""
        event = AppDeleted(tenant_id=self.tenant_id, occurred_at=now, app_id=self.id)
        self._become(replace(self._state, deleted_at=now), event, now=now, by=by)

    def _require_active(self) -> None:
        if self._state.status is not AppStatus.ACTIVE:
            raise AppIsArchived(app_id=str(self.id))

    def _redraft(self, configuration: Configuration, *, now: datetime, by: UUID | None) -> None:
        draft = self._state.draft
        if configuration == draft.configuration:
            return
        draft = Draft(
            configuration=configuration, version=draft.version + 1, updated_at=now, updated_by=by
        )
        self._become(replace(self._state, draft=draft), now=now, by=by)

    def _become(
        self,
        state: AppState,
        *events: AppArchived | AppDeleted | AppPublished | AppUnarchived,
        now: datetime,
        by: UUID | None,
    ) -> None:
        self._state = replace(state, updated_at=now, updated_by=by)
        self._changed(*events)


def _checked_name(text: str) -> str:
    name = visible_name(text, most=MAX_NAME_LENGTH)
    if name is None:
        raise AppNameInvalid
    return name
