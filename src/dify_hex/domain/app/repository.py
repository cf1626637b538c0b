"""Where apps and their versions are kept."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from dify_hex.domain.app.app import App
from dify_hex.domain.app.secret import AppSecret
from dify_hex.domain.app.standing import AppStanding
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.graph_document import GraphDocument


class AppRepository(Protocol):
    """The apps of one tenant; a deleted one is not there any more."""

    @abstractmethod
    async def get(self, app_id: AppId) -> App:
        """The app.

        Raises:
            AppNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def standing(self, app_id: AppId) -> AppStanding:
        """Whether the app can be talked to, without loading it.

        Raises:
            AppNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    def add(self, app: App) -> None:
        """Keep a new app.

        A name or a slug that is taken comes out when the work commits.
        """


class AppVersionRepository(Protocol):
    """The published versions of one tenant's apps; they are only ever added."""

    @abstractmethod
    async def get(self, app_id: AppId, number: int) -> AppVersion:
        """The version of that number.

        Raises:
            AppVersionNotFound: the app has none of that number.
        """

    @abstractmethod
    async def numbers_of(self, app_id: AppId, label: str, *, limit: int) -> Sequence[int]:
        """The numbers of the versions with that label, the latest first."""

    @abstractmethod
    async def graph_of(self, version: AppVersion) -> GraphDocument:
        """The exact graph the version was turned into when it was published."""

    @abstractmethod
    def add(self, version: AppVersion) -> None:
        """Keep a version that was just published."""


class AppSecretRepository(Protocol):
    """The sealed secrets of one tenant's apps."""

    @abstractmethod
    async def of(self, app_id: AppId) -> Sequence[AppSecret]:
        """Every secret of the app, by name."""

    @abstractmethod
    async def keep(self, secret: AppSecret) -> None:
        """Keep it, in place of one of the same name."""

    @abstractmethod
    async def remove(self, app_id: AppId, name: str) -> None:
        """Let go of it.

        Raises:
            AppSecretNotFound: the app has none of that name.
        """

    @abstractmethod
    async def remove_all(self, app_id: AppId) -> None:
        """Let go of every secret of the app."""
