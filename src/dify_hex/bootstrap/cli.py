"""The command `dify-hex`: finds the module of a command, and loads nothing that it does not need.

`up` stays in memory for as long as everything runs, and people wait for the other commands, so each
command's imports are its own, down to what only a mistake or a question needs.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module

#: How a process ends that was asked for something that does not exist.
USAGE = 2
_INTERRUPTED = 130
_CLIENTS = "dify_hex.entrypoints.cli"

Main = Callable[[Sequence[str]], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What follows `dify-hex` on the command line; `main` returns the exit status."""

    summary: str
    main: Main


def _program(module: str, arguments: Sequence[str]) -> int:
    """Run a module that reads its own arguments."""
    return int(import_module(module).main(arguments))


def _service(role: str, arguments: Sequence[str]) -> int:
    return int(import_module("dify_hex.bootstrap.service_command").main(role, arguments))


def _client(name: str, arguments: Sequence[str]) -> int:
    """Run a group of commands that talk to the API like any other program."""
    group = import_module(f"{_CLIENTS}.{name}").commands
    return int(import_module(f"{_CLIENTS}.program").run(name, group, arguments))


def _here(summary: str, module: str) -> Command:
    return Command(summary=summary, main=partial(_program, f"dify_hex.bootstrap.{module}"))


def _there(summary: str, name: str) -> Command:
    return Command(summary=summary, main=partial(_client, name))


ON_THIS_MACHINE: Mapping[str, Command] = {
    "up": _here("Run everything here: database, cache, model, API and worker", "up"),
    "api": Command(summary="Serve the API alone", main=partial(_service, "api")),
    "worker": Command(summary="Run background work alone", main=partial(_service, "worker")),
    "sandbox": _here("Run tenants' code behind walls", "sandbox_command"),
    "migrate": _here("Bring the database to the newest schema", "migrate_command"),
    "doctor": _here("Say what is wrong with an installation, and what to do", "doctor_command"),
    "workflow": _here("Check and run graphs in files, without a server", "workflow_command"),
    "accounts": _here("Let the first owner in", "accounts_command"),
}
OVER_THE_API: Mapping[str, Command] = {
    "login": _there("Sign in, or out with --logout", "login"),
    "models": _there("Plug in model providers, and see what can be used", "models"),
    "apps": _there("Create, edit, publish and retire apps", "apps"),
    "chat": _there("Talk to an app", "chat"),
    "files": _there("Hand in files, fetch and delete them", "files"),
    "knowledge": _there("Make Knowledge, add documents to it, and ask it", "knowledge"),
    "keys": _there("Make and revoke API keys", "keys"),
    "runs": _there("Look at runs, follow them, stop them", "runs"),
    "tasks": _there("Look at background jobs, watch, retry and cancel them", "tasks"),
}
COMMANDS: Mapping[str, Command] = {**ON_THIS_MACHINE, **OVER_THE_API}

_HELP = """\
Usage: dify-hex COMMAND [OPTIONS]

Build LLM applications, publish them in versions, and serve them.

On this machine:
{here}

Over the API, at DIFY_HEX_URL with DIFY_HEX_API_KEY, or where `dify-hex login` has signed in:
{there}

`dify-hex COMMAND --help` explains a command; nearly all of them answer programs with --json.

Examples:
  dify-hex up
  dify-hex accounts create-owner --email ada@example.com --name Ada
  dify-hex login --email ada@example.com
  dify-hex apps create "Support bot" --prompt "You are friendly and brief." --publish
  dify-hex chat support-bot
  dify-hex workflow run graph.yaml --input name=Ann
  dify-hex models add openai --api-key-stdin < key.txt

Options:
  --version  Show the version
  --help     Show this"""


def main() -> None:
    """Run the command that the process was started with."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit status of the process."""
    match arguments:
        case []:
            sys.stderr.write(f"{_help()}\n")
            return USAGE
        case ["--help" | "-h" | "help", *_]:
            sys.stdout.write(f"{_help()}\n")
            return 0
        case ["--version" | "-V", *_]:
            version = import_module("importlib.metadata").version("dify-hex")
            sys.stdout.write(f"dify-hex {version}\n")
            return 0
        case [name, *rest] if name in COMMANDS:
            return _run(COMMANDS[name], rest)
        case [name, *_]:
            sys.stderr.write(_unknown(name))
            return USAGE
        case _:
            raise AssertionError(arguments)


def _run(command: Command, arguments: Sequence[str]) -> int:
    try:
        return command.main(arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _help() -> str:
    return _HELP.format(here=_listing(ON_THIS_MACHINE), there=_listing(OVER_THE_API))


def _listing(commands: Mapping[str, Command]) -> str:
    return "\n".join(f"  {name:<10}{command.summary}" for name, command in commands.items())


def _unknown(name: str) -> str:
    similar = import_module("difflib").get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean `dify-hex {similar[0]}`?" if similar else "try `dify-hex --help`."
    return f"dify-hex: there is no command {name!r}; {hint}\n"


if __name__ == "__main__":
    main()
