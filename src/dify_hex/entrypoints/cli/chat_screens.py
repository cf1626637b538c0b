"""Where answers appear: a terminal shows them as they are written, a pipe gets them whole."""

import sys

from rich.console import Console
from rich.status import Status
from rich.text import Text

from dify_hex.entrypoints.cli.citing import cited
from dify_hex.entrypoints.cli.conversing import Reply


class TerminalScreen:
    """Tokens as they come."""

    def __init__(self) -> None:
        self._beside = Console(stderr=True, highlight=False)
        self._waiting: Status | None = None

    def waiting(self) -> None:
        """Turn a spinner until the first words."""
        self._waiting = self._beside.status(Text("…", style="dim"))
        self._waiting.start()

    def show(self, text: str, *, anew: bool) -> None:
        """Write on; what was written stays, and is taken back in words."""
        self._end_waiting()
        if anew:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._beside.print(Text("↺ taken back; it begins anew:", style="dim"))
        sys.stdout.write(text)
        sys.stdout.flush()

    def complete(self, reply: Reply) -> None:
        """End the line; say what else there is to say."""
        self._end_waiting()
        if reply.answer:
            sys.stdout.write("\n")
            sys.stdout.flush()
        for line in cited(reply.citations):
            self._beside.print(Text(line, style="dim"))
        if reply.status == "stopped":
            self._beside.print(Text("stopped", style="yellow"))
        elif reply.error is not None:
            self._beside.print(Text(explained(reply), style="red"))
        elif reply.usage:
            self._beside.print(Text(_usage(reply), style="dim"))

    def _end_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None


class PlainScreen:
    """The answer once it is certain: what has gone down a pipe cannot be taken back."""

    def waiting(self) -> None:
        """Nothing to see."""

    def show(self, text: str, *, anew: bool) -> None:
        """Nothing yet."""

    def complete(self, reply: Reply) -> None:
        """The whole answer."""
        if reply.answer:
            sys.stdout.write(f"{reply.answer}\n")
        for line in cited(reply.citations):
            sys.stderr.write(f"{line}\n")
        if reply.error is not None:
            sys.stderr.write(f"{explained(reply)}\n")


class SilentScreen:
    """For programs, which get the reply as a whole."""

    def waiting(self) -> None:
        """Nothing to see."""

    def show(self, text: str, *, anew: bool) -> None:
        """Nothing to see."""

    def complete(self, reply: Reply) -> None:
        """Nothing to see."""


def explained(reply: Reply) -> str:
    """Why there is no whole answer."""
    error = reply.error or {}
    return f"{error.get('message', 'The message failed.')} [{error.get('code', 'unknown')}]"


def _usage(reply: Reply) -> str:
    first = reply.usage.get("first_token_seconds")
    tokens = f"{reply.usage.get('completion_tokens', 0)} tokens"
    return tokens if first is None else f"{tokens}, the first after {first:.2f} s"
