"""Shows a message's text to its readers while the run produces it."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from dify_hex.application.workflow.engine.recorder import (
    RunRecorder,
    node_text_data,
)
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.workflow.answer import Answer
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.run import WorkflowRun

#: Deltas closer together than this are shown as one, in seconds.
COALESCE = 0.02


class MessageText:
    """Turns nodes' text into `message.delta`s; text that no answer passes on is a `node.delta`.

    The first piece is shown at once; after that, pieces that arrive within `COALESCE` of each
    other travel together.
    """

    def __init__(self, *, run: WorkflowRun, recorder: RunRecorder) -> None:
        self._run = run
        self._recorder = recorder
        self._answer = Answer(run)
        self._held: list[str] = []
        self._shown = 0
        self._next_flush = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def text(self) -> str:
        """Everything the end user has been, or is about to be, shown."""
        return self._answer.text

    @property
    def overflowed(self) -> bool:
        """Whether the text is longer than any may be."""
        return self._answer.overflowed

    def begin(self, *, taken_over: bool) -> None:
        """Show what is certain from the start; after a takeover that replaces all before it."""
        new = self._answer.advance()
        if taken_over:
            self.reset()
        elif new and self._run.facts.message_id is not None:
            self._hold(new)

    def feed(self, address: NodeAddress, text: str) -> None:
        """Take a piece of a node's text output."""
        passed_on = self._answer.feed(address, text)
        if passed_on and self._run.facts.message_id is not None:
            self._hold(passed_on)
        elif not passed_on:
            self._recorder.show("node.delta", node_text_data(address, text))

    def advance(self) -> None:
        """Show what has become certain since a node ended."""
        new = self._answer.advance()
        if self._answer.reset_needed:
            self.reset()
        elif new and self._run.facts.message_id is not None:
            self._hold(new)

    def withdraw(self, address: NodeAddress) -> None:
        """Take back what an attempt has shown that came to nothing."""
        self._answer.withdraw(address)
        if self._answer.reset_needed:
            self.reset()

    def reset(self) -> None:
        """Tell readers to start over with the text as it is now."""
        self._answer.reset_needed = False
        self._drop_held()
        if self._run.facts.message_id is not None:
            text = self.text
            self._recorder.show("message.reset", text, offset=0)
            self._shown = len(text)

    def flush(self) -> None:
        """Show what is held back, before something else is recorded."""
        if not self._held:
            return
        text = "".join(self._held)
        self._drop_held()
        self._recorder.show("message.delta", text, offset=self._shown)
        self._shown += len(text)
        self._next_flush = asyncio.get_running_loop().time() + COALESCE

    def cite(self, address: NodeAddress, citations: Iterable[Citation], now: datetime) -> bool:
        """Tell what a node shows its model; False when there is nothing new in that."""
        events = self._run.show_passages(address, citations, now=now)
        if events:
            self.flush()
            self._recorder.record(events)
        return bool(events)

    def close(self) -> None:
        """Forget the timer."""
        self._drop_held()

    def _hold(self, text: str) -> None:
        self._held.append(text)
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._next_flush - loop.time()
        if wait <= 0:
            self.flush()
        else:
            self._timer = loop.call_later(wait, self.flush)

    def _drop_held(self) -> None:
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
