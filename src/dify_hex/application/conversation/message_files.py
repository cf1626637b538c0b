"""The files that an end user shows an app along with what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.file.file_inputs import FileInput
from dify_hex.application.file.ports import FileWork
from dify_hex.application.file.resolve_file_inputs import (
    ResolveFileInputs,
    ResolveFileInputsCommand,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.shared.ids import AppId, EndUserName
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.file_rule import FileRule
from dify_hex.domain.shared.values.json_value import JsonValue

#: How many files may come with one message.
MAX_FILES = 10
_PATH = "files"
_RULE = FileRule(max_count=MAX_FILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFiles:
    """Finds the files of a message; their kinds are the business of the nodes that use them."""

    resolve: ResolveFileInputs

    async def find(
        self,
        actor: Actor,
        given: Sequence[JsonValue],
        *,
        app_id: AppId,
        user: EndUserName,
        work: FileWork,
    ) -> tuple[FileReference, ...]:
        """The files in the order in which they were given.

        Raises:
            FileInputsInvalid: one cannot be used, or there are too many.
        """
        if not given:
            return ()
        wanted = {_PATH: FileInput(given=given, rule=_RULE)}
        command = ResolveFileInputsCommand(app_id=app_id, user=user, inputs=wanted)
        return (await self.resolve.execute(actor, command, work))[_PATH]
