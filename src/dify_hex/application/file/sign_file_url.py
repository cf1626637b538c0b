"""Handing out a link to a file."""

from dataclasses import dataclass
from datetime import timedelta

from dify_hex.application.file.access import require_access
from dify_hex.application.file.ports import FileLink, FileLinkSigner, FileWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import EndUserName, FileId

#: What a link lasts when nothing is said, and what it may last.
DEFAULT_LIFETIME = timedelta(minutes=5)
LONGEST_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFileUrlCommand:
    """Which file, and how long its link lasts; with a `user`, only if the file is theirs."""

    file_id: FileId
    user: EndUserName | None = None
    lifetime: timedelta = DEFAULT_LIFETIME


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFileLink:
    """A link and the signature that makes it good."""

    link: FileLink
    signature: str


class SignFileUrl:
    """Makes a link with which anybody can fetch one file for a while.

    - Whoever may fetch a file may hand out a link to it.
    - A link never outlives its file, and ends in whole seconds.
    - It cannot be taken back; deleting the file ends it.
    """

    def __init__(self, *, begin: BeginWork[FileWork], clock: Clock, signer: FileLinkSigner) -> None:
        self._begin = begin
        self._clock = clock
        self._signer = signer

    async def execute(self, actor: Actor, command: SignFileUrlCommand) -> SignedFileLink:
        """The link.

        Raises:
            FileNotFound: there is no such file of this user.
            FileExpired: its time is over.
        """
        actor.require(Permission.CONVERSATION_READ)
        async with self._begin(actor.tenant_id) as work:
            file = await work.files.get(command.file_id)
        require_access(actor, Permission.CONVERSATION_READ, file, user=command.user)
        now = self._clock.now()
        file.require_available(now=now)
        ends = now + min(command.lifetime, LONGEST_LIFETIME)
        if file.state.expires_at is not None:
            ends = min(ends, file.state.expires_at)
        link = FileLink(
            tenant_id=actor.tenant_id, file_id=file.id, expires_at=ends.replace(microsecond=0)
        )
        return SignedFileLink(link=link, signature=self._signer.sign(link))
