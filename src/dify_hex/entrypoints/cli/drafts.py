"""Changes of an app's draft, as the command line says them."""

import json
import sys
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from dify_hex.entrypoints.cli.api import Answer, Api
from dify_hex.entrypoints.cli.failures import unusable
from dify_hex.entrypoints.cli.output import say, whisper


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChange:
    """What is to be different; None leaves it as it is. A file replaces everything.

    `knowledge` has ids: those are searched from then on, and no others.
    """

    prompt: str | None = None
    model: str | None = None
    opening: str | None = None
    file: Path | None = None
    knowledge: tuple[str, ...] | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be different."""
        return any(wanted is not None for wanted in astuple(self))

    def applied(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration with the changes."""
        changed = dict(configuration) if self.file is None else read_object(self.file)
        if self.prompt is not None:
            changed["prompt"] = {**changed.get("prompt", {}), "text": self.prompt}
        if self.model is not None:
            provider, name = split_model(self.model)
            changed["model"] = {**changed.get("model", {}), "provider": provider, "model": name}
        if self.opening is not None:
            changed["opening_statement"] = self.opening
        if self.knowledge is not None:
            sources = [{"knowledge_id": knowledge_id} for knowledge_id in self.knowledge]
            changed["knowledge"] = {**(changed.get("knowledge") or {}), "sources": sources}
        return changed


def change_draft(api: Api, app_id: str, change: DraftChange) -> Answer:
    """Read the draft, change it, and write it back unless somebody else has done so meanwhile."""
    path = f"/v1/apps/{app_id}/draft"
    draft = api.call("GET", path)
    wanted = change.applied(draft.data["configuration"])
    return api.call("PUT", path, body=wanted, version=draft.version)


def print_draft(draft: Mapping[str, Any]) -> None:
    """The configuration, then what would keep it from being published."""
    say(json.dumps(draft["configuration"], indent=2, ensure_ascii=False))
    whisper(f"Draft version {draft['version']}.")
    for fault in draft["faults"]:
        whisper(f"To be corrected: {fault['path']}: {fault['message']} [{fault['code']}]")


def split_model(text: str) -> tuple[str, str]:
    """Provider and model.

    Raises:
        CommandFailed: it has no slash.
    """
    provider, slash, name = text.partition("/")
    if not (provider and slash and name):
        raise unusable(f"{text!r} is not PROVIDER/MODEL.", "See `dify-hex models list`.")
    return provider, name


def read_object(file: Path) -> dict[str, Any]:
    """A JSON object from a file, or from standard input when it is `-`.

    Raises:
        CommandFailed: it cannot be read, or is none.
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        found = json.loads(text)
    except OSError as error:
        raise unusable(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise unusable(f"{file} holds no JSON: {error}.") from error
    if not isinstance(found, dict):
        raise unusable(f"{file} holds no JSON object.")
    return found
