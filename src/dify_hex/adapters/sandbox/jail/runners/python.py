"""Runs Python: the code is a module, its `main` takes the inputs and gives a dict, async or not."""

import ast
import linecache
import sys
from importlib import import_module
from types import CoroutineType, ModuleType

from dify_hex.adapters.sandbox.jail.failure import RAISED, Failure
from dify_hex.adapters.sandbox.jail.program import CODE_FILE, Program

_MODULE = "user_code"


def run(program: Program) -> tuple[object, int | None]:
    """What `main` returned, and the line where it does so."""
    lines = [f"{line}\n" for line in program.code.splitlines()]
    linecache.cache[CODE_FILE] = (len(program.code), None, lines, CODE_FILE)
    tree = ast.parse(program.code, CODE_FILE)
    module = ModuleType(_MODULE)
    sys.modules[_MODULE] = module
    exec(compile(tree, CODE_FILE, "exec"), module.__dict__)  # noqa: S102 - what this process is for
    main = module.__dict__.get("main")
    if not callable(main):
        raise Failure(RAISED, "the code defines no function main")
    line = _returning_line(tree)
    try:
        returned = main(**program.inputs)
        if isinstance(returned, CoroutineType):
            returned = import_module("asyncio").run(returned)
        return returned, line
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:
            # Raised by the call itself: the arguments are not those that main takes.
            raise Failure(RAISED, f"TypeError: {error}", _line_of_main(tree)) from None
        raise


def _main(tree: ast.Module) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "main":
            return node
    return None


def _line_of_main(tree: ast.Module) -> int | None:
    main = _main(tree)
    return main.lineno if main else None


def _returning_line(tree: ast.Module) -> int | None:
    """The line of the only `return`; of `main` itself where it has several or none."""
    main = _main(tree)
    if main is None:
        return None
    returns = [node.lineno for node in ast.walk(main) if isinstance(node, ast.Return)]
    return returns[0] if len(returns) == 1 else main.lineno
