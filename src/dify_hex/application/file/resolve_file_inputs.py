"""Turning what callers give as files into values that a run can work with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from dify_hex.application.file.given_files import Unreadable, read_given
from dify_hex.application.file.ports import FileWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import FileExpired, FileInputsInvalid, FileNotFound
from dify_hex.domain.file.file import File
from dify_hex.domain.shared.ids import AppId, EndUserName, FileId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.file_rule import MAX_FILES, FileRule
from dify_hex.domain.shared.values.json_value import JsonValue

#: What was read of each input, by its path.
Given = Mapping[str, Sequence[FileId | FileReference | Unreadable]]

_NOT_FOUND = Unreadable(code="file_input_not_found", message="There is no such file.")
_EXPIRED = Unreadable(
    code="file_input_expired", message="The file was kept for a limited time, which is over."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInput:
    """What was given for one input, one file or a list of them, and what the input takes."""

    given: JsonValue
    rule: FileRule


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
      that is bound to one.
    - A file at an address of somebody else's is passed on as it is: nothing is fetched here.
    - Kind, extension, way of transfer and number are as the input declares.
    - All faults are told at once.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    async def execute(
        self, actor: Actor, command: ResolveFileInputsCommand, work: FileWork
    ) -> Mapping[str, tuple[FileReference, ...]]:
        """The files of each input, in the order in which they were given.

        Raises:
            FileInputsInvalid: with every fault of every input.
        """
        actor.require_app(command.app_id, Permission.APP_RUN)
        given = {
            path: [read_given(value) for value in _listed(asked.given)]
            for path, asked in command.inputs.items()
        }
        known = await self._usable(actor, command, given, work)
        faults: list[Fault] = []
        resolved: dict[str, tuple[FileReference, ...]] = {}
        for path, asked in command.inputs.items():
            found = [self._find(one, known) for one in given[path]]
            resolved[path] = tuple(one for one in found if isinstance(one, FileReference))
            faults += _faults(path, found, asked)
        if faults:
            raise FileInputsInvalid(faults)
        return resolved

    async def _usable(
        self, actor: Actor, command: ResolveFileInputsCommand, given: Given, work: FileWork
    ) -> Mapping[FileId, File]:
        wanted = {one for ones in given.values() for one in ones if isinstance(one, UUID)}
        if not wanted:
            return {}
        found = await work.files.find_all(wanted)
        return {file.id: file for file in found.values() if _may_use(actor, command, file)}

    def _find(
        self, one: FileId | FileReference | Unreadable, known: Mapping[FileId, File]
    ) -> FileReference | Unreadable:
        if not isinstance(one, UUID):
            return one
        if one not in known:
            return _NOT_FOUND
        try:
            return known[one].reference(now=self._clock.now())
        except FileExpired:
            return _EXPIRED
        except FileNotFound:
            return _NOT_FOUND


def _listed(given: JsonValue) -> Sequence[JsonValue]:
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Sequence):
        return (given,)
    # One more than anything takes, so that the number is refused and no more is looked for.
    return given[: MAX_FILES + 1]


def _may_use(actor: Actor, command: ResolveFileInputsCommand, file: File) -> bool:
    owner = file.state.owner
    if actor.bound_app_id is not None and owner.app_id != actor.bound_app_id:
        return False
    return owner.admits(app_id=command.app_id, user=command.user)


def _faults(
    path: str, found: Sequence[FileReference | Unreadable], asked: FileInput
) -> Iterator[Fault]:
    too_many = asked.rule.count_problem(len(found), path)
    if too_many is not None:
        yield too_many
        return
    is_list = isinstance(asked.given, Sequence) and not isinstance(asked.given, str)
    for number, one in enumerate(found):
        place = f"{path}[{number}]" if is_list else path
        if isinstance(one, Unreadable):
            yield Fault(code=one.code, path=place, message=one.message)
        else:
            yield from asked.rule.faults(one, place)
