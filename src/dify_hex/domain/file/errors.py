"""What can be wrong with a file, on its way in, in an input, and on its way out."""

from collections.abc import Sequence

from dify_hex.domain.shared.errors import (
    Conflict,
    Gone,
    InvalidInput,
    LimitReached,
    NotFound,
    Unsupported,
)
from dify_hex.domain.shared.values.fault import Fault


class FileNotFound(NotFound):
    """The file does not exist."""

    code = "file_not_found"


class FileExpired(Gone):
    """The file was kept for a limited time, which is over."""

    code = "file_expired"


class FileLinkInvalid(NotFound):
    """The link leads to no file: it is not as it was given out."""

    code = "file_link_invalid"


class FileLinkExpired(Gone):
    """The link was good for a limited time, which is over; ask for another one."""

    code = "file_link_expired"


class FileOfDocument(Conflict):
    """The file belongs to a document; delete that, and the file goes with it."""

    code = "file_of_document"


class FileEmpty(InvalidInput):
    """The file is empty."""

    code = "file_empty"


class FileNameInvalid(InvalidInput):
    """A file's name needs from 1 to 255 visible characters, and no folders."""

    code = "file_name_invalid"


class FileLifetimeInvalid(InvalidInput):
    """A file can be kept for a minute at least, and for as long as the operator allows."""

    code = "file_lifetime_invalid"


class FileTooLarge(LimitReached):
    """The file is larger than files of its kind may be."""

    code = "file_too_large"


class FileTypeUnsupported(Unsupported):
    """The file's content is not what its name or its declared type says, or is not taken here."""

    code = "file_media_type_unsupported"


class FileInputsInvalid(InvalidInput):
    """One or several of the given files cannot be used; each fault names its place."""

    code = "file_inputs_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)
