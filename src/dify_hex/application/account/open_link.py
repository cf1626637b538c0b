"""The use case that shows what a one-time link is for, without spending it."""

from dataclasses import dataclass, field

from dify_hex.application.account.ports import LinkPlace, SignInDirectory
from dify_hex.application.account.secret_texts import hash_of
from dify_hex.domain.account.errors import LinkNotFound, LinkOver


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLinkCommand:
    """The link's token."""

    token: str = field(repr=False)


class OpenLink:
    """Look at a one-time link.

    - Looking does not spend it: mail scanners and browsers fetch links before people do.
    - A link that is over is told apart from one that never was.
    """

    def __init__(self, directory: SignInDirectory) -> None:
        self._directory = directory

    async def execute(self, command: OpenLinkCommand) -> LinkPlace:
        """What the link is for.

        Raises:
            LinkNotFound: there is no such link.
            LinkOver: it was used, or its time is up.
        """
        place = await self._directory.find_link(hash_of(command.token))
        if place is None:
            raise LinkNotFound
        if place.is_over:
            raise LinkOver
        return place
