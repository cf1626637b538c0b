"""Of an app that somebody wants to talk to, just what decides whether they may."""

from dataclasses import dataclass

from dify_hex.domain.app.errors import AppIsArchived, AppNotPublished
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.app.state import Published
from dify_hex.domain.shared.ids import AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStanding:
    """Whether an app is in use, and which version is published."""

    app_id: AppId
    status: AppStatus
    published: Published | None

    def require_active(self) -> None:
        """Refuse to go on with an app that is out of use.

        Raises:
            AppIsArchived: it has to be unarchived first.
        """
        if self.status is not AppStatus.ACTIVE:
            raise AppIsArchived(app_id=str(self.app_id))

    def runnable(self) -> Published:
        """The version that callers talk to.

        Raises:
            AppIsArchived: it has to be unarchived first.
            AppNotPublished: there is no version yet.
        """
        self.require_active()
        if self.published is None:
            raise AppNotPublished(app_id=str(self.app_id))
        return self.published
