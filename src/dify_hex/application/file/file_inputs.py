"""Finding the files that inputs name, whoever has given them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from dify_hex.application.file.given_files import Unreadable, read_given
from dify_hex.application.file.ports import FileWork
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.file.errors import FileExpired, FileInputsInvalid, FileNotFound
from dify_hex.domain.file.file import File, FileOwner
from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.file_rule import MAX_FILES, FileRule
from dify_hex.domain.shared.values.json_value import JsonValue

#: What was read of each input, by its path.
Given = Mapping[str, Sequence[FileId | FileReference | Unreadable]]
#: Whether whoever gives the inputs may give a file of that owner's; what they may not does not
#: exist for them.
MayGive = Callable[[FileOwner], bool]

_NOT_FOUND = Unreadable(code="file_input_not_found", message="There is no such file.")
_EXPIRED = Unreadable(
    code="file_input_expired", message="The file was kept for a limited time, which is over."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInput:
    """What was given for one input, one file or a list of them, and what the input takes."""

    given: JsonValue
    rule: FileRule


class FileInputs:
    """Turns what was given into files, and holds them against what the inputs take."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def find(
        self, inputs: Mapping[str, FileInput], may_give: MayGive, work: FileWork
    ) -> Mapping[str, tuple[FileReference, ...]]:
        """The files of each input, by its path, in the order in which they were given.

        Raises:
            FileInputsInvalid: with every fault of every input.
        """
        given = {
            path: [read_given(value) for value in _listed(asked.given)]
            for path, asked in inputs.items()
        }
        known = await self._usable(given, may_give, work)
        faults: list[Fault] = []
        resolved: dict[str, tuple[FileReference, ...]] = {}
        for path, asked in inputs.items():
            found = [self._find(one, known) for one in given[path]]
            resolved[path] = tuple(one for one in found if isinstance(one, FileReference))
            faults += _faults(path, found, asked)
        if faults:
            raise FileInputsInvalid(faults)
        return resolved

    @staticmethod
    async def _usable(given: Given, may_give: MayGive, work: FileWork) -> Mapping[FileId, File]:
        wanted = {one for ones in given.values() for one in ones if isinstance(one, UUID)}
        if not wanted:
            return {}
        found = await work.files.find_all(wanted)
        return {file.id: file for file in found.values() if may_give(file.state.owner)}

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
