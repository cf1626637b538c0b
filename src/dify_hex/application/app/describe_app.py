"""Renaming an app, and changing how else it presents itself."""

from dataclasses import dataclass

from dify_hex.application.app.ports import AppWork
from dify_hex.application.app.read_models import AppView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeAppCommand:
    """What to change; None leaves a thing as it is. `expected_version` None skips the check."""

    app_id: AppId
    name: str | None = None
    slug: str | None = None
    description: str | None = None
    icon: str | None = None
    expected_version: int | None = None


class DescribeApp:
    """Changes an app's name, slug, description or icon.

    - Renaming keeps the slug, so that addresses go on working; the slug changes only by name.
    - Name and slug are used once among the tenant's apps that are not deleted.
    - An archived app has to be unarchived first.
    """

    def __init__(self, *, begin: BeginWork[AppWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: DescribeAppCommand) -> AppView:
        """Change what the command names.

        Raises:
            AppNotFound: there is no such app.
            AppNameTaken: another app has the name.
            AppSlugTaken: another app has the slug.
            AppNameInvalid: the name is blank or too long.
            AppSlugInvalid: the slug cannot stand in an address.
            AppIsArchived: the app has to be unarchived first.
            StaleVersion: the app is not as the caller has seen it.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
            app.expect_version(command.expected_version)
            app.describe(
                name=command.name,
                slug=command.slug,
                description=command.description,
                icon=command.icon,
                now=self._clock.now(),
                by=actor.caller_id,
            )
            await work.commit()
        return AppView.of(app)
