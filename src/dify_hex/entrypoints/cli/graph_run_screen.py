"""What is shown of a graph that runs here: its answer as it comes, its events, its outputs."""

import json
import sys
from typing import Any

from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.records import StreamEntry
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.entrypoints.cli.answer_text import AnswerText
from dify_hex.entrypoints.cli.failures import CommandFailed
from dify_hex.entrypoints.cli.output import print_json, say

_WELL = (RunStatus.SUCCEEDED, RunStatus.PARTIAL_SUCCEEDED)
#: Entries whose data is a text, and not JSON.
_TEXTS = ("message.delta", "message.reset", "node.delta")
#: What to do about errors that only come up where there is no server.
_HINTS = {
    "model_unavailable": "Say where a model server is with DIFY_HEX_MODEL_URL "
    "(and DIFY_HEX_MODEL_API_KEY).",
    "workflow_link_missing": "A graph in a file has no other workflows to link to.",
}
#: Beyond this, data of an event is cut for people.
_MAX_SHOWN = 160


class RunScreen:
    """Takes the entries of a run as they come, and its result."""

    def __init__(self, *, events: bool, as_json: bool) -> None:
        self._events = events
        self._as_json = as_json
        self._text = AnswerText()
        self._began = False

    def take(self, entry: StreamEntry) -> None:
        """Show an entry, or the part of the answer that came with it."""
        data: dict[str, Any] = (
            {"text": entry.data} if entry.type in _TEXTS else json.loads(entry.data)
        )
        if self._events:
            self._show_event(entry, data)
            return
        self._text.take(entry.type, data)
        if not self._as_json:
            self._show_text(*self._text.unseen())

    def conclude(self, result: RunResult) -> None:
        """Show what came of the run.

        Raises:
            CommandFailed: it did not come to a good end.
        """
        if not self._events:
            self._show_result(result)
        if result.status is RunStatus.PAUSED:
            raise CommandFailed(
                "The run waits for somebody to fill a form, which nobody can do here.",
                code="workflow_run_paused",
                hint="Publish the graph as an app, and run that.",
            )
        if result.status not in _WELL:
            error = result.error
            code = "workflow_run_failed" if error is None else error.code
            raise CommandFailed(
                f"The run has {result.status.value}." if error is None else error.message,
                code=code,
                details={} if error is None else error.details,
                hint=_HINTS.get(code, ""),
            )

    def _show_event(self, entry: StreamEntry, data: dict[str, Any]) -> None:
        place = f"{entry.seq}.{entry.n}"
        # What was given to the environment may be secret.
        data.pop("given", None)
        if self._as_json:
            print_json({"id": place, "event": entry.type, "data": data})
            return
        text = json.dumps(data, ensure_ascii=False)
        shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
        say(f"{place:<8}{entry.type:<20}{shown}")

    def _show_text(self, anew: bool, text: str) -> None:
        if anew and self._began:
            sys.stdout.write("\n")
        sys.stdout.write(text)
        sys.stdout.flush()
        self._began = self._began or bool(text)

    def _show_result(self, result: RunResult) -> None:
        if self._as_json:
            print_json(_told(result))
        elif self._began:
            self._show_text(*self._text.settle())
            sys.stdout.write("\n")
        elif result.status in _WELL:
            say(json.dumps(dict(result.outputs), indent=2, ensure_ascii=False))


def _told(result: RunResult) -> dict[str, Any]:
    error = result.error
    return {
        "status": result.status.value,
        "outputs": dict(result.outputs),
        "error": None if error is None else {"code": error.code, "message": error.message},
        "usage": {
            "prompt_tokens": result.usage.prompt_tokens,
            "completion_tokens": result.usage.completion_tokens,
            "total_tokens": result.usage.total_tokens,
        },
    }
