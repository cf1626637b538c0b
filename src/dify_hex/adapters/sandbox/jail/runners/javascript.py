"""Runs JavaScript on QuickJS: `main` takes the inputs as one object, and may be async."""

import json
import re
from importlib import import_module
from typing import Protocol

from dify_hex.adapters.sandbox.jail.failure import MEMORY, RAISED, Failure
from dify_hex.adapters.sandbox.jail.program import Program

_LINE = re.compile(r"<input>:(\d+)")
_STACK = 4 << 20
#: `console` and the call of `main`, in scripts of their own so that lines stay the code's.
_CONSOLE = """
globalThis.console = (() => {
  const write = globalThis.__print; delete globalThis.__print;
  const shown = (value) =>
    typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  const log = (...values) => write(values.map(shown).join(" "));
  return { log, info: log, debug: log, warn: log, error: log };
})();
"""
_CALL = """
(() => {
  const settled = { state: "waits" };
  globalThis.__settled = settled;
  const done = (value) => { settled.state = "done"; settled.text = JSON.stringify(value); };
  const returned = main(JSON.parse(globalThis.__inputs));
  if (returned && typeof returned.then === "function") {
    returned.then(done, (error) => {
      settled.state = "failed";
      settled.text = String(error) + "\\n" + (error && error.stack || "");
    });
  } else done(returned);
})()
"""


class _Context(Protocol):
    def eval(self, code: str) -> object: ...
    def set(self, name: str, value: object) -> None: ...
    def add_callable(self, name: str, function: object) -> None: ...
    def set_memory_limit(self, limit: int) -> None: ...
    def set_max_stack_size(self, limit: int) -> None: ...
    def execute_pending_job(self) -> bool: ...


def run(program: Program, memory: int) -> tuple[object, int | None]:
    """What `main` returned, and no line, as QuickJS does not say where."""
    quickjs = import_module("_quickjs")
    context: _Context = quickjs.Context()
    context.set_memory_limit(memory)
    context.set_max_stack_size(_STACK)
    context.add_callable("__print", print)
    context.set("__inputs", json.dumps(program.inputs))
    context.eval(_CONSOLE)
    try:
        context.eval(program.code)
        if context.eval("typeof main") != "function":
            raise Failure(RAISED, "the code defines no function main")
        context.eval(_CALL)
        while context.execute_pending_job():
            pass
        state, text = (context.eval(f"__settled.{name}") for name in ("state", "text"))
    except quickjs.JSException as error:
        raise _failure(str(error)) from None
    if state == "failed":
        raise _failure(str(text))
    if state == "waits":
        raise Failure(RAISED, "main waits for something that never happens")
    return (json.loads(text) if isinstance(text, str) else None), None


def _failure(text: str) -> Failure:
    first, _, trace = text.partition("\n")
    if "out of memory" in first:
        return Failure(MEMORY, "out of memory")
    found = _LINE.search(trace)
    line = int(found[1]) if found else None
    return Failure(RAISED, first, line, text.replace("<input>", "<code>"))
