"""`dify-hex files`: handing in files, fetching and deleting them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.failures import unusable
from dify_hex.entrypoints.cli.output import (
    AsJson,
    confirm,
    print_facts,
    print_json,
    print_page,
    print_table,
    say,
    whisper,
)
from dify_hex.entrypoints.cli.program import group_of

commands = group_of("""Hand in files, fetch and delete them.

Examples:

  dify-hex files upload plan.pdf --user ann

  dify-hex files list --user ann

  dify-hex files download 019aa0f0-… --to copy.pdf
""")

_FileId = Annotated[str, typer.Argument(metavar="ID", help="As `dify-hex files list` shows it.")]
_User = Annotated[str | None, typer.Option(help="Your name for the end user whose it is.")]


@commands.command()
def upload(
    path: Annotated[Path, typer.Argument(help="The file to hand in.")],
    user: _User = None,
    expires_in: Annotated[
        int | None, typer.Option(min=60, help="Seconds to keep it; else for good.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hand in a file, for messages and runs to name."""
    api = Api.of()
    fields = {"user": user, "expires_in": expires_in}
    given = {name: str(value) for name, value in fields.items() if value is not None}
    try:
        with path.open("rb") as content:
            made = api.upload("/v1/files", path.name, content, given).data
    except OSError as error:
        raise unusable(f"{path} cannot be read: {error.strerror}.") from None
    if as_json:
        print_json(made)
        return
    whisper(f"{made['name']}: {made['media_type']}, {made['size']} bytes. Its id:")
    say(made["id"])


@commands.command("list")
def list_files(
    user: _User = None,
    after: Annotated[str | None, typer.Option(help="The cursor of the page before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: AsJson = False,
) -> None:
    """The files that can be used, the latest first."""
    query = {"user": user, "after": after, "limit": limit}
    answer = Api.of().call("GET", "/v1/files", query=query)
    if as_json:
        print_page(answer)
        return
    columns = {
        "ID": "id",
        "Name": "name",
        "Kind": "kind",
        "Bytes": "size",
        "User": "user",
        "Handed in": "created_at",
        "Expires": "expires_at",
    }
    print_table(columns, answer.data, "There are no files; `dify-hex files upload` hands one in.")
    if answer.pagination.get("has_more"):
        whisper(f"There are more: --after {answer.pagination['next_cursor']}")


@commands.command()
def show(file_id: _FileId, as_json: AsJson = False) -> None:
    """What a file is."""
    file = Api.of().call("GET", f"/v1/files/{file_id}").data
    if as_json:
        print_json(file)
    else:
        print_facts(file)


@commands.command()
def download(
    file_id: _FileId,
    to: Annotated[
        Path | None, typer.Option(help="Where to write it; `-` is standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the content of a file, under its own name unless told otherwise."""
    api = Api.of()
    file = api.call("GET", f"/v1/files/{file_id}").data
    if to == Path("-"):
        _copy(api, file, sys.stdout.buffer)
        return
    # A name is no path; this holds even if some other server says otherwise.
    place = Path(Path(file["name"]).name) if to is None else to
    with _written_whole(place) as target:
        _copy(api, file, target)
    if as_json:
        print_json({**file, "path": str(place)})
    else:
        say(f"Wrote {place}, {file['size']} bytes.")


@commands.command()
def delete(
    file_id: _FileId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a file with its content; links to it end with it."""
    api = Api.of()
    file = api.call("GET", f"/v1/files/{file_id}").data
    confirm(f"Delete {file['name']}?", sure=yes or as_json)
    api.call("DELETE", f"/v1/files/{file_id}")
    if as_json:
        print_json({"id": file_id, "deleted": True})
    else:
        say(f"Deleted {file['name']}.")


def _copy(api: Api, file: dict[str, Any], target: BinaryIO) -> None:
    with api.download(f"/v1/files/{file['id']}/content") as pieces:
        target.writelines(pieces)


@contextmanager
def _written_whole(path: Path) -> Iterator[BinaryIO]:
    """A new file, which is removed again when not all of it comes."""
    try:
        with path.open("xb") as target:
            try:
                yield target
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise unusable(f"{path} is there already.", hint="Name another place with --to.") from None
    except OSError as error:
        raise unusable(f"{path} cannot be written: {error.strerror}.") from None
