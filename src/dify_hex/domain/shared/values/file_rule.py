"""Which files an input takes."""

from collections.abc import Iterator
from dataclasses import dataclass

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod

#: More files than this no input takes at once.
MAX_FILES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRule:
    """What is declared of an input of files; an empty set admits everything.

    `extensions` (small letters, with their dots) go with the kind `custom`: where that is among
    the kinds, a file of any kind is taken for its extension.
    """

    kinds: frozenset[FileKind] = frozenset()
    extensions: frozenset[str] = frozenset()
    methods: frozenset[TransferMethod] = frozenset()
    max_count: int = 1

    def count_problem(self, count: int, path: str) -> Fault | None:
        """What is wrong with so many files; None when it is fine."""
        if count <= self.max_count:
            return None
        return Fault(
            code="file_input_too_many",
            path=path,
            message=f"Give at most {self.max_count} files, not {count}.",
        )

    def faults(self, file: FileReference, path: str) -> Iterator[Fault]:
        """Everything that keeps the file out."""
        if self.methods and file.transfer_method not in self.methods:
            yield Fault(
                code="file_input_method_not_allowed",
                path=path,
                message=f"Hand files over by {_listed(self.methods)}.",
            )
        if not self._admits(file):
            yield Fault(
                code="file_input_type_not_allowed",
                path=path,
                message=f"`{file.name}` is of the kind {file.type.value}; take {self._admitted()}.",
            )

    def _admits(self, file: FileReference) -> bool:
        if not self.kinds or file.type in self.kinds - {FileKind.CUSTOM}:
            return True
        if FileKind.CUSTOM not in self.kinds:
            return False
        return not self.extensions or file.extension in self.extensions

    def _admitted(self) -> str:
        if FileKind.CUSTOM not in self.kinds or not self.extensions:
            return _listed(self.kinds)
        kinds = self.kinds - {FileKind.CUSTOM}
        return ", ".join(filter(None, (_listed(kinds), *sorted(self.extensions))))


def _listed(words: frozenset[FileKind] | frozenset[TransferMethod]) -> str:
    return ", ".join(sorted(word.value for word in words))
