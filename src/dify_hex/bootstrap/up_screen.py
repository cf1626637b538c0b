"""What `dify-hex up` shows: a line for each thing that starts, then where everything is."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TextIO

from dify_hex.bootstrap.supervision import Began, Ended, Notice

TITLES = {
    "postgres": "database",
    "valkey": "cache",
    "model": "language model",
    "embedding": "embedding model",
    "sandbox": "sandbox",
    "migrate": "migrations",
    "zygote": "program",
    "api": "API",
    "worker": "worker",
}
DEMO_MODEL = (
    "The built-in model is a tiny English one, for demonstration only. Plug in a real one:\n"
    "          dify-hex models add openai --api-key-stdin"
)
_SERIOUS = re.compile(r'"level": ?"(?:warning|error|critical)"')


@dataclass(slots=True, kw_only=True)
class Screen:
    """Short lines for a person; everything else is in the log files."""

    out: TextIO
    verbose: bool = False
    _began: float = field(default_factory=monotonic)

    def opening(self, version: str, home: Path) -> None:
        """The first line."""
        self._line(f"dify-hex {version}, data in {home}")

    def notice(self, notice: Notice) -> None:
        """Something has started, or ended and is started again."""
        title = TITLES.get(notice.name, notice.name)
        match notice:
            case Began(seconds=seconds):
                self._line(f"  {self._tick} {title:<16}{seconds:5.1f} s")
            case Ended(reason=reason, delay=delay):
                self._line(f"  {self._cross} {title}: {reason}; again in {delay:.1f} s")

    def echo(self, name: str, line: str) -> None:
        """A line of a child's output; only what is serious, unless all was asked for."""
        if self.verbose or _SERIOUS.search(line):
            self._line(f"    {TITLES.get(name, name)}: {line}")

    def note(self, text: str) -> None:
        """Something worth knowing meanwhile."""
        self._line(f"    {text}")

    def ready(self, url: str, logs: Path, *, demo_model: bool) -> None:
        """Everything runs."""
        self._line(f"\nReady in {monotonic() - self._began:.1f} s")
        self._line(f"  API     {url}")
        self._line(f"  Docs    {url}/docs")
        self._line(f"  Logs    {logs}")
        if demo_model:
            self._line(f"  Model   {DEMO_MODEL}")

    def first_steps(self, *links: str) -> None:
        """A link while nobody owns this installation yet, none afterwards."""
        for link in links:
            self._line(
                f"  Start   make yourself its owner (the link works once):\n          {link}"
            )

    def closing(self) -> None:
        """The last word before waiting."""
        self._line("\nCtrl-C stops everything.")

    def stopping(self) -> None:
        """Told to stop."""
        self._line("\nStopping …")

    def stopped(self) -> None:
        """Everything has ended."""
        self._line("Stopped.")

    def failed(self, message: str, lines: list[str]) -> None:
        """Nothing runs, and why."""
        for line in lines:
            self._line(f"    {line}")
        self._line(f"  {self._cross} {message}")

    @property
    def _tick(self) -> str:
        return "✓" if self._speaks_unicode else "ok"

    @property
    def _cross(self) -> str:
        return "✗" if self._speaks_unicode else "!!"

    @property
    def _speaks_unicode(self) -> bool:
        return (self.out.encoding or "").lower().replace("-", "") == "utf8"

    def _line(self, text: str) -> None:
        if not self._speaks_unicode:
            text = text.encode("ascii", "replace").decode()
        try:
            self.out.write(f"{text}\n")
            self.out.flush()
        except OSError:
            # The terminal is gone; what runs goes on.
            return
