"""Documents on their way into a Knowledge: sent, then watched until they can be found."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus, unusable

_OVER = ("completed", "failed", "cancelled", "paused")
#: Seconds between two looks, and how long nobody may answer: a server is back by then.
_LOOK_EVERY = 0.3
_PATIENCE = 60.0

Document = dict[str, Any]


class DocumentBars(AbstractContextManager["DocumentBars"]):
    """One bar per document, beside what the command is asked for; none where nobody looks."""

    def __init__(self, *, silent: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[name]}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("[dim]{task.description}"),
            console=Console(stderr=True),
            disable=silent or not Console(stderr=True).is_terminal,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def sending(self, path: Path) -> TaskID:
        """A bar for the bytes of a file."""
        size = path.stat().st_size
        return self._progress.add_task("upload", name=path.name, total=size)

    @property
    def progress(self) -> Progress:
        """What wraps the file that is read."""
        return self._progress

    def sent(self, bar: TaskID, document: Document) -> None:
        """From now on the bar is that of the document."""
        self._bars[document["id"]] = bar
        self._progress.reset(bar, total=100)
        self.show(document)

    def show(self, document: Document) -> None:
        """How far the document is."""
        done = document["status"] in _OVER
        text = document["status"] if done else document["stage"]
        self._progress.update(
            self._bars[document["id"]], completed=document["progress"], description=text
        )


def upload(
    api: Api, bars: DocumentBars, knowledge_id: str, path: Path, *, duplicate: bool
) -> Document:
    """Send one file; the document that it has become.

    Raises:
        CommandFailed: it cannot be read, or was refused.
    """
    bar = bars.sending(path)
    address = f"/v1/knowledge/{knowledge_id}/documents"
    if duplicate:
        address += "?duplicate=allow"
    try:
        with path.open("rb") as content:
            wrapped = bars.progress.wrap_file(content, task_id=bar)
            made = api.upload(address, path.name, wrapped, {})
    except OSError as error:
        raise unusable(f"{path} cannot be read: {error.strerror}.") from None
    document: Document = made.data["documents"][0]
    bars.sent(bar, document)
    return document


def upload_all(
    api: Api, bars: DocumentBars, knowledge_id: str, paths: Sequence[Path], *, duplicate: bool
) -> tuple[list[Document], list[Document]]:
    """Send the files; the documents, and those that were refused with their error.

    Raises:
        CommandFailed: a file cannot be read, nobody answers, or the only file was refused.
    """
    documents: list[Document] = []
    refused: list[Document] = []
    for path in paths:
        try:
            documents.append(upload(api, bars, knowledge_id, path, duplicate=duplicate))
        except CommandFailed as failure:
            if len(paths) == 1 or failure.status is not ExitStatus.REFUSED:
                raise
            error = {"code": failure.code, "message": failure.message}
            refused.append({"name": path.name, "status": "refused", "error": error})
    return documents, refused


def follow(api: Api, bars: DocumentBars, documents: Sequence[Document]) -> list[Document]:
    """Watch the documents until each has come to an end; what they are then."""
    latest = {document["id"]: document for document in documents}
    last_answer = time.monotonic()
    while any(document["status"] not in _OVER for document in latest.values()):
        time.sleep(_LOOK_EVERY)
        try:
            for document_id, document in latest.items():
                if document["status"] not in _OVER:
                    latest[document_id] = api.call("GET", f"/v1/documents/{document_id}").data
                    bars.show(latest[document_id])
            last_answer = time.monotonic()
        except CommandFailed as failure:
            # The work goes on without anybody who looks at it.
            away = failure.status is ExitStatus.UNREACHABLE or failure.code.startswith("sys_")
            if not away or time.monotonic() - last_answer > _PATIENCE:
                raise
    return list(latest.values())
