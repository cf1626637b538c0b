"""`If-Match`: changing a resource only as it was when the caller read it."""

import re
from typing import Annotated

from fastapi import Depends, Header

from dify_hex.entrypoints.http.problems import MalformedIfMatch, VersionRequired

#: Versions are positive 32-bit integers.
_VERSION = re.compile(r'"([1-9][0-9]{0,9})"')
_MAX_VERSION = 2**31 - 1


def parse_version(if_match: str | None) -> int | None:
    """The version in an If-Match header; None when the header is absent.

    Raises:
        MalformedIfMatch: there is something else in it, a list or `*` included.
    """
    if if_match is None:
        return None
    match = _VERSION.fullmatch(if_match.strip())
    if match is None or int(match[1]) > _MAX_VERSION:
        raise MalformedIfMatch
    return int(match[1])


async def optional_version(
    if_match: Annotated[str | None, Header(description="The version last read.")] = None,
) -> int | None:
    return parse_version(if_match)


async def required_version(
    if_match: Annotated[str | None, Header(description="The version last read; required.")] = None,
) -> int:
    version = parse_version(if_match)
    if version is None:
        raise VersionRequired
    return version


#: The version that PUT or PATCH was told to expect, or None.
ExpectedVersion = Annotated[int | None, Depends(optional_version)]
#: The version that a change of a draft must name; 428 without.
RequiredVersion = Annotated[int, Depends(required_version)]
