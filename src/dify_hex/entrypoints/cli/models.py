"""`dify-hex models`: plugging in model providers, and seeing what can be used."""

import sys
from typing import Annotated, Any

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.failures import CommandFailed, unusable
from dify_hex.entrypoints.cli.names import id_of_provider
from dify_hex.entrypoints.cli.output import (
    AsJson,
    confirm,
    print_json,
    print_table,
    say,
    whisper,
)
from dify_hex.entrypoints.cli.program import group_of

_MAX_KEY_INPUT = 16_384

commands = group_of("""Plug in model providers, and see what can be used.

Examples:

  dify-hex models add openai --api-key-stdin < key.txt

  dify-hex models add openai_compatible --name vllm --base-url http://gpu:8000/v1 --model qwen3

  dify-hex models verify openai

  dify-hex apps draft support-bot --model openai/gpt-4.1-mini
""")

_Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="Its name or id.")]


@commands.command("list")
def list_models(
    kind: Annotated[str | None, typer.Option("--type", help="llm or embedding.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every model that can be used now."""
    found = Api.of().call("GET", "/v1/models", query={"type": kind}).data
    if as_json:
        print_json(found)
        return
    columns = {
        "Provider": "provider",
        "Model": "name",
        "Type": "type",
        "Context": "context_window",
        "Note": "note",
    }
    rows = [{**model, "note": _note(model)} for model in found]
    print_table(columns, rows, "There are no models; `dify-hex models add` plugs some in.")


@commands.command()
def add(
    kind: Annotated[str, typer.Argument(help="openai, openai_compatible, ollama, anthropic …")],
    name: Annotated[str | None, typer.Option(help="What to call it; else as its kind.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Where it is, unless that is known.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A model it serves; may be repeated.")
    ] = None,
    api_key_stdin: Annotated[
        bool, typer.Option("--api-key-stdin", help="Read its API key from standard input.")
    ] = False,
    verify: Annotated[bool, typer.Option(help="Call it once to see whether it answers.")] = True,
    as_json: AsJson = False,
) -> None:
    """Plug in a provider of models; its key is stored encrypted."""
    body: dict[str, Any] = {"name": name or kind, "kind": kind}
    if base_url is not None:
        body["base_url"] = base_url
    if api_key_stdin:
        body["api_key"] = _api_key()
    if model:
        body["models"] = [{"name": offered} for offered in model]
    api = Api.of()
    made = api.call("POST", "/v1/model-providers", body=body).data
    checked = _verified_or_removed(api, made["id"]) if verify else None
    # Verifying may have brought models along.
    provider = api.call("GET", f"/v1/model-providers/{made['id']}").data
    if as_json:
        print_json({**provider, "verification": checked})
        return
    say(f"Added {provider['name']}.")
    if checked is not None:
        _print_verification(checked)
    if provider["models"]:
        first = f"{provider['name']}/{provider['models'][0]['name']}"
        whisper(f"Use it with: dify-hex apps draft APP --model {first}")


@commands.command()
def verify(provider: _Provider, as_json: AsJson = False) -> None:
    """Call a provider once, to see whether it answers to its credential."""
    api = Api.of()
    checked = _verified(api, id_of_provider(api, provider))
    if as_json:
        print_json(checked)
    else:
        _print_verification(checked)


@commands.command()
def remove(
    provider: _Provider,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Unplug a provider; its credential is forgotten."""
    api = Api.of()
    provider_id = id_of_provider(api, provider)
    confirm(f"Remove {provider}?", sure=yes or as_json)
    api.call("DELETE", f"/v1/model-providers/{provider_id}")
    if as_json:
        print_json({"id": provider_id, "removed": True})
    else:
        say(f"Removed {provider}.")


def _verified(api: Api, provider_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.call("POST", f"/v1/model-providers/{provider_id}/verify").data
    return found


def _verified_or_removed(api: Api, provider_id: str) -> dict[str, Any]:
    """What verifying says; a provider that does not answer is not left half plugged in."""
    try:
        return _verified(api, provider_id)
    except CommandFailed as failure:
        api.call("DELETE", f"/v1/model-providers/{provider_id}")
        failure.hint = f"Nothing was added (--no-verify adds it). {failure.hint}".strip()
        raise


def _print_verification(checked: dict[str, Any]) -> None:
    say(f"{checked['provider']} answers to its credential.")
    if checked["adopted"]:
        say(f"Models it brought along: {', '.join(checked['adopted'])}")
    if checked["missing"]:
        whisper(f"It does not list: {', '.join(checked['missing'])}")


def _note(model: dict[str, Any]) -> str:
    return "tiny, for demonstration only" if model["demonstration"] else ""


def _api_key() -> str:
    key = sys.stdin.read(_MAX_KEY_INPUT).strip()
    if not key:
        raise unusable("There is no API key on standard input.", "Try `… < key.txt`.")
    return key
