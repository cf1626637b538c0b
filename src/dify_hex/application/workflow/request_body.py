"""Bodies of requests, with files in them that are read while they are sent."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.outbound_http import OutboundBody
from dify_hex.application.workflow.file_contents import OpenedFile
from dify_hex.application.workflow.run_files import RunFiles
from dify_hex.domain.workflow.requests.request import Body, FileBody, FilePart, FormBody, TextBody
from dify_hex.domain.workflow.requests.written import Field

#: Bytes of all files in one request.
MAX_FILE_BYTES = 100 << 20

Piece = bytes | OpenedFile


@dataclass(frozen=True, slots=True)
class PiecedBody(OutboundBody):
    """Texts and files, one behind the other."""

    pieces: Sequence[Piece]

    @property
    def length(self) -> int:
        """The bytes of all pieces."""
        return sum(
            piece.size if isinstance(piece, OpenedFile) else len(piece) for piece in self.pieces
        )

    async def open(self) -> AsyncIterator[bytes]:
        """Every piece from its beginning; reading a file raises what `FileContents` does."""
        for piece in self.pieces:
            if isinstance(piece, OpenedFile):
                async for part in piece.parts():
                    yield part
            else:
                yield piece


async def open_body(body: Body | None, files: RunFiles) -> tuple[bytes | OutboundBody | None, str]:
    """The body as it is sent, and its media type.

    Raises:
        DomainError: as `FileContents` says.
    """
    match body:
        case None:
            return None, ""
        case TextBody():
            return body.text.text.encode(), body.media_type
        case FileBody(file=file):
            opened = await files.open(file, limit=MAX_FILE_BYTES)
            return PiecedBody([opened]), opened.media_type
        case FormBody():
            return await _form(body, files)


async def _form(form: FormBody, files: RunFiles) -> tuple[PiecedBody, str]:
    boundary = f"dify-hex-{new_id().hex}"
    pieces: list[Piece] = []
    left = MAX_FILE_BYTES
    for part in form.parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"'
        match part:
            case Field(value=value):
                pieces.append(f"{head}\r\n\r\n{value.text}\r\n".encode())
            case FilePart(file=file):
                opened = await files.open(file, limit=left)
                left -= opened.size
                head += f'; filename="{_quoted(opened.name)}"\r\nContent-Type: {opened.media_type}'
                pieces += [f"{head}\r\n\r\n".encode(), opened, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return PiecedBody(pieces), f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    """As browsers write what would end the name."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
