"""Turning what callers give as files into values that a run can work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from dify_hex.application.file.file_inputs import FileInput, FileInputs
from dify_hex.application.file.ports import FileWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.file import FileOwner
from dify_hex.domain.shared.ids import AppId, EndUserName
from dify_hex.domain.shared.values.file_reference import FileReference


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveFileInputsCommand:
    """Inputs by the path under which faults name them (`files`, `inputs.photo`), and for whom."""

    app_id: AppId
    user: EndUserName | None
    inputs: Mapping[str, FileInput]


class ResolveFileInputs:
    """Finds the files that are given to a run, and refuses those it may not have.

    - A file is named by its id, in Dify's form, or by the value that a run has given out.
    - Files of another tenant, app or end user do not exist; nor do those of other apps for a key
      that is bound to one, nor what was handed in with a form, whose answer alone may name it.
    - A file at an address of somebody else's is passed on as it is: nothing is fetched here.
    - Kind, extension, way of transfer and number are as the input declares.
    - All faults are told at once.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._inputs = FileInputs(clock)

    async def execute(
        self, actor: Actor, command: ResolveFileInputsCommand, work: FileWork
    ) -> Mapping[str, tuple[FileReference, ...]]:
        """The files of each input, in the order in which they were given.

        Raises:
            FileInputsInvalid: with every fault of every input.
        """
        actor.require_app(command.app_id, Permission.APP_RUN)

        def may_give(owner: FileOwner) -> bool:
            if owner.form_id is not None:
                return False
            if actor.bound_app_id is not None and owner.app_id != actor.bound_app_id:
                return False
            return owner.admits(app_id=command.app_id, user=command.user)

        return await self._inputs.find(command.inputs, may_give, work)
