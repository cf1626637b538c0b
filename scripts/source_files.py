"""Python files as the house rules read them: parsed, and asked for what rules speak of."""

import ast
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

FOLDERS = ("src/dify_hex", "scripts", "alembic", "benchmarks", "tests")

SELF = frozenset({"self", "cls"})
USE_CASE_HOME = re.compile(r"application/(?!shared/)\w+/\w+\.py")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One Python file, parsed; `path` is relative to the root of the repository."""

    path: str
    text: str
    tree: ast.Module

    @property
    def in_package(self) -> str:
        """The path inside the package (`domain/app/app.py`), or nothing when it is not in it."""
        return self.path.removeprefix("src/dify_hex/") if self.path.startswith("src/") else ""

    @property
    def layer(self) -> str:
        return self.in_package.split("/")[0]

    @property
    def slice(self) -> str:
        return "/".join(self.in_package.split("/")[:2])

    @property
    def is_product(self) -> bool:
        return bool(self.in_package)


def read(root: Path) -> list[SourceFile]:
    """Every Python file of the repository at `root` that the rules speak of."""
    paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    texts = {str(path.relative_to(root)): path.read_text("utf-8") for path in paths}
    return [SourceFile(path=path, text=text, tree=ast.parse(text)) for path, text in texts.items()]


def functions_of(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def calls_of(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def line_count(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def docstring_of(function: Function) -> ast.stmt | None:
    return function.body[0] if ast.get_docstring(function, clean=False) is not None else None


def arguments_of(function: Function) -> list[ast.arg]:
    spec = function.args
    optional = [argument for argument in (spec.vararg, spec.kwarg) if argument]
    return [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *optional]


def annotations_of(function: Function) -> list[ast.expr]:
    found = [argument.annotation for argument in arguments_of(function)]
    return [annotation for annotation in (*found, function.returns) if annotation]


def last_name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return name
        case _:
            return ""


def comments_of(file: SourceFile) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(StringIO(file.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def use_cases_of(file: SourceFile) -> Iterator[ast.ClassDef]:
    if USE_CASE_HOME.match(file.in_package):
        for node in file.tree.body:
            if (
                isinstance(node, ast.ClassDef)
                and any(
                    isinstance(item, ast.AsyncFunctionDef)
                    and item.name == "execute"
                    and node.name[0] != "_"
                    for item in node.body
                )
                and not any(last_name(base) == "Protocol" for base in node.bases)
            ):
                yield node


def module_name(file: SourceFile) -> str:
    return "dify_hex." + file.in_package.removesuffix(".py").replace("/", ".")


def only_forwards(function: Function) -> bool:
    body = function.body[1:] if docstring_of(function) else function.body
    if len(body) != 1 or function.name.startswith("__") or function.decorator_list:
        return False
    value = body[0].value if isinstance(body[0], ast.Return | ast.Expr) else None
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    passed = [last_name(argument) for argument in given if isinstance(argument, ast.Name)]
    own = [
        argument.arg for argument in arguments_of(function) if argument.arg not in {"self", "cls"}
    ]
    return len(passed) == len(given) and passed == own
