"""Answers with the content of a file: whole, in part, or not at all when the caller has it."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dify_hex.application.file.ports import ByteRange
from dify_hex.application.file.readable_file import ReadableFile
from dify_hex.entrypoints.http.problems import RangeNotSatisfiable

#: What a page made of the file could do: nothing, and as nobody.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")


async def send_file(
    request: Request, file: ReadableFile, *, download: bool = False, anywhere: bool = False
) -> Response:
    """The content of a file, shown in place only where a browser runs nothing of it.

    `anywhere` lets pages of other sites show it, too.

    Raises:
        RangeNotSatisfiable: the part that was asked for begins behind the end.
        FileNotFound: the file was removed meanwhile.
        StorageUnavailable: the storage is away.
    """
    headers = _headers(file, download=download)
    if anywhere:
        headers["cross-origin-resource-policy"] = "cross-origin"
    if request.headers.get("if-none-match") in {headers["etag"], "*"}:
        return Response(status_code=304, headers=headers)
    size = file.view.size
    wanted = _wanted(request, headers["etag"], size)
    pieces = await file.read(wanted)
    status = 200
    headers["content-length"] = str(size)
    if wanted is not None:
        status = 206
        headers["content-length"] = str(wanted.end - wanted.start)
        headers["content-range"] = f"bytes {wanted.start}-{wanted.end - 1}/{size}"
    return StreamingResponse(pieces, status, headers, file.view.media_type)


def parse_range(text: str, size: int) -> ByteRange | None:
    """The one range that a header asks for; None where it says nothing that must be heeded.

    Several ranges at once are answered with the whole, which is always allowed.

    Raises:
        RangeNotSatisfiable: the range begins behind the end.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        wanted = ByteRange(start=max(0, size - int(last)), end=size)
    else:
        end = size if not last else min(int(last) + 1, size)
        wanted = ByteRange(start=int(first), end=end)
        if last and int(last) < int(first):
            return None
    if wanted.start >= wanted.end:
        raise RangeNotSatisfiable(size_bytes=size)
    return wanted


def _wanted(request: Request, etag: str, size: int) -> ByteRange | None:
    text = request.headers.get("range")
    if text is None or request.headers.get("if-range", etag) != etag:
        return None
    return parse_range(text, size)


def _headers(file: ReadableFile, *, download: bool) -> dict[str, str]:
    in_place = file.type.is_shown_in_place and not download
    return {
        "accept-ranges": "bytes",
        # It may be kept, but whether it may still be seen is asked each time.
        "cache-control": "private, no-cache",
        "content-disposition": disposition(file.view.name, in_place=in_place),
        "content-security-policy": _POLICY,
        "etag": f'"{file.view.sha256}"',
    }


def disposition(name: str, *, in_place: bool) -> str:
    """How to treat a file and what to call it, for readers that know Unicode and for others."""
    kind = "inline" if in_place else "attachment"
    plain = _UNQUOTABLE.sub("_", name)
    told = f'{kind}; filename="{plain}"'
    return told if plain == name else f"{told}; filename*=UTF-8''{quote(name, safe='')}"
