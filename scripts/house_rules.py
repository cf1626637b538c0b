"""The rules of this house that neither ruff nor import-linter knows, checked on the syntax tree."""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from scripts.source_files import (
    SourceFile,
    annotations_of,
    calls_of,
    comments_of,
    docstring_of,
    functions_of,
    last_name,
    line_count,
    module_name,
    only_forwards,
    read,
    use_cases_of,
)

MAX_FILE_LINES = 350
MAX_ROWS_LINES = 250
MAX_CONTAINER_LINES = 80
MAX_FUNCTION_LINES = 50
MAX_FORWARDING_SHARE = 0.04
BANNED_WORDS = frozenset(
    {"common", "helper", "helpers", "impl", "manager", "misc", "util", "utils"}
)
MAX_POSITIONAL_FIELDS = 3
SEALED = frozenset({"frozen", "slots"})
VALUE_OPTIONS = SEALED | {"kw_only"}
# A use case's unit of work, and what the engine records the journal with.
COMMITTERS = frozenset({"work", "_work", "_recorder"})
TRANSACTION_OWNER = "adapters/persistence/unit_of_work.py"

SECOND_SENTENCE = re.compile(r"[.!?][\"')]?\s+[A-Z]")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SUPPRESSION = re.compile(
    r"#\s*(type:\s*ignore|noqa)(?P<code>\[[\w\-, ]+\]|:\s*[A-Z]+[\d, A-Z]*\d)?"
)
REASON = re.compile(r"[\s#—–:-]*\w")
CAMEL_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Violation:
    """A place where a rule is broken."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


Finding = tuple[str, int, str]
"""Path, line, message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its name, its sentence, and a function that finds where it is broken."""

    name: str
    sentence: str
    find: Callable[[Sequence[SourceFile]], Iterable[Finding]]


# ------------------------------------------------------------------------------- rules of one file


def long_files(file: SourceFile) -> Iterator[Finding]:
    lines = file.text.count("\n")
    name = Path(file.path).name
    is_container = file.in_package.startswith("bootstrap/containers/")
    limit = MAX_CONTAINER_LINES if is_container else MAX_FILE_LINES
    limit = MAX_ROWS_LINES if name == "rows.py" else limit
    if lines > limit:
        yield file.path, limit + 1, f"{lines} lines; at most {limit} are allowed"


def long_functions(file: SourceFile) -> Iterator[Finding]:
    if not file.is_product:
        return
    for function in functions_of(file.tree):
        lines = line_count(function) - (line_count(doc) if (doc := docstring_of(function)) else 0)
        if lines > MAX_FUNCTION_LINES:
            message = f"{function.name} has {lines} lines; at most {MAX_FUNCTION_LINES} are allowed"
            yield file.path, function.lineno, message


def module_docstrings(file: SourceFile) -> Iterator[Finding]:
    if not file.text.strip():
        return
    opening = (ast.get_docstring(file.tree) or "").split("\n\n")[0]
    if not opening:
        yield file.path, 1, "the module does not say its role in a docstring"
    elif SECOND_SENTENCE.search(opening) or opening[-1] not in ".:?!":
        yield file.path, 1, "the module docstring does not open with one sentence"


def empty_init_files(file: SourceFile) -> Iterator[Finding]:
    if Path(file.path).name == "__init__.py" and file.text.strip():
        yield file.path, 1, "__init__.py is not empty"


def any_in_signatures(file: SourceFile) -> Iterator[Finding]:
    if file.layer not in {"domain", "application"}:
        return
    for function in functions_of(file.tree):
        for annotation in annotations_of(function):
            if any(last_name(node) == "Any" for node in ast.walk(annotation)):
                yield file.path, annotation.lineno, f"the signature of {function.name} says Any"


def vague_names(file: SourceFile) -> Iterator[Finding]:
    words = re.split(r"[/_.]", file.path)
    for word in BANNED_WORDS.intersection(words):
        yield file.path, 1, f"“{word}” says nothing; name the role"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef):
            for word in BANNED_WORDS.intersection(map(str.lower, CAMEL_WORD.findall(node.name))):
                yield file.path, node.lineno, f"“{word}” in {node.name} says nothing; name the role"


def naive_time(file: SourceFile) -> Iterator[Finding]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"utcnow", "utcfromtimestamp"}:
            yield file.path, node.lineno, f"{node.attr} gives a time without a zone"


def stray_commits(file: SourceFile) -> Iterator[Finding]:
    if not file.is_product or file.in_package == TRANSACTION_OWNER:
        return
    for call in calls_of(file.tree):
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "commit":
            continue
        if file.layer != "application" or last_name(call.func.value) not in COMMITTERS:
            yield file.path, call.lineno, "only a use case's unit of work and the journal commit"


def unfinished_work(file: SourceFile) -> Iterator[Finding]:
    for line, comment in comments_of(file):
        if found := UNFINISHED.search(comment):
            yield file.path, line, f"{found.group()}: do it or file it"


def bare_suppressions(file: SourceFile) -> Iterator[Finding]:
    for line, comment in comments_of(file):
        for found in SUPPRESSION.finditer(comment):
            rest = comment[found.end() :].split("# noqa")[0].split("# type:")[0]
            if not found["code"]:
                yield file.path, line, "a suppression without the code it suppresses"
            elif not REASON.match(rest) and comment.count("#") == 1:
                yield file.path, line, "a suppression without its reason"


def setters(file: SourceFile) -> Iterator[Finding]:
    if file.layer != "domain":
        return
    for function in functions_of(file.tree):
        if any(last_name(decorator) == "setter" for decorator in function.decorator_list):
            yield file.path, function.lineno, f"{function.name} is a setter; give it a verb"


def loose_values(file: SourceFile) -> Iterator[Finding]:
    is_bookkeeping = file.in_package.startswith("application/workflow/engine/")
    if file.layer not in {"domain", "application"} or is_bookkeeping:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef) and (options := _dataclass_options(node)) is not None:
            fields = sum(isinstance(item, ast.AnnAssign) for item in node.body)
            if missing := (VALUE_OPTIONS if fields > MAX_POSITIONAL_FIELDS else SEALED) - options:
                yield file.path, node.lineno, f"{node.name} is not {', '.join(sorted(missing))}"


def http_numbers(file: SourceFile) -> Iterator[Finding]:
    if file.layer not in {"domain", "application"}:
        return
    for node in ast.walk(file.tree):
        if (
            isinstance(node, ast.Name | ast.Attribute | ast.arg)
            and last_name(node) == "status_code"
        ):
            yield file.path, node.lineno, "HTTP status inside; errors have a category"


def undocumented_use_cases(file: SourceFile) -> Iterator[Finding]:
    for use_case in use_cases_of(file):
        if "\n- " not in "\n" + (ast.get_docstring(use_case) or ""):
            message = f"{use_case.name} does not list its business rules in its docstring"
            yield file.path, use_case.lineno, message


# -------------------------------------------------------------------------- rules of the whole tree


def chained_use_cases(files: Sequence[SourceFile]) -> Iterator[Finding]:
    homes = {module_name(file): file.slice for file in files if any(use_cases_of(file))}
    names = {(module_name(file), case.name) for file in files for case in use_cases_of(file)}
    for file in files:
        if module_name(file) not in homes:
            continue
        for node in ast.walk(file.tree):
            if isinstance(node, ast.ImportFrom) and homes.get(str(node.module)) == file.slice:
                for name in {alias.name for alias in node.names}:
                    if (str(node.module), name) in names:
                        yield file.path, node.lineno, f"a use case calls {name} of its own slice"


def forwarding_functions(files: Sequence[SourceFile]) -> Iterator[Finding]:
    product = [file for file in files if file.is_product]
    functions = [(file, function) for file in product for function in functions_of(file.tree)]
    forwarding = [(file, function) for file, function in functions if only_forwards(function)]
    if len(forwarding) > MAX_FORWARDING_SHARE * len(functions):
        share = len(forwarding) / len(functions)
        for file, function in forwarding:
            message = (
                f"{function.name} only forwards ({share:.1%} do, {MAX_FORWARDING_SHARE:.0%} may)"
            )
            yield file.path, function.lineno, message


def _dataclass_options(node: ast.ClassDef) -> frozenset[str] | None:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        if last_name(call.func if call else decorator) == "dataclass":
            return frozenset(str(option.arg) for option in call.keywords) if call else frozenset()
    return None


# ---------------------------------------------------------------------------------------- the table


def _each(
    find: Callable[[SourceFile], Iterable[Finding]], files: Sequence[SourceFile]
) -> Iterator[Finding]:
    return chain.from_iterable(map(find, files))


def _file_rule(name: str, sentence: str, find: Callable[[SourceFile], Iterable[Finding]]) -> Rule:
    return Rule(name=name, sentence=sentence, find=partial(_each, find))


RULES: Sequence[Rule] = (
    _file_rule(
        "file-length", "A file has at most 350 lines (rows 250, a container 80).", long_files
    ),
    _file_rule(
        "function-length", "A function has at most 50 lines without its docstring.", long_functions
    ),
    _file_rule(
        "module-docstring", "A module opens with its role in one sentence.", module_docstrings
    ),
    _file_rule("empty-init", "`__init__.py` is empty.", empty_init_files),
    _file_rule("no-any", "`Any` is in no signature of domain or application.", any_in_signatures),
    _file_rule("telling-names", "No utils, helpers, common, manager, misc or impl.", vague_names),
    _file_rule("aware-time", "No `utcnow`: times carry their zone.", naive_time),
    _file_rule("one-commit", "Only units of work and the journal commit.", stray_commits),
    _file_rule("finished", "No TODO or FIXME.", unfinished_work),
    _file_rule(
        "reasoned-ignore", "A suppression names its code and its reason.", bare_suppressions
    ),
    _file_rule("no-setters", "The domain changes by verbs, not by setters.", setters),
    _file_rule(
        "frozen-values", "Dataclasses inside are frozen, slotted, keyword-only.", loose_values
    ),
    _file_rule("no-http-inside", "No HTTP status in domain or application.", http_numbers),
    _file_rule("use-case-rules", "A use case lists its business rules.", undocumented_use_cases),
    Rule(
        name="no-chained-use-cases",
        sentence="A use case never calls another of its own slice.",
        find=chained_use_cases,
    ),
    Rule(
        name="few-forwards",
        sentence="At most 4 % of all functions only forward.",
        find=forwarding_functions,
    ),
)


def violations(root: Path) -> list[Violation]:
    """Every broken rule in the repository at `root`, in order of path and line."""
    files = read(root)
    return sorted(
        Violation(path=path, line=line, rule=rule.name, message=message)
        for rule in RULES
        for path, line, message in rule.find(files)
    )


def main(arguments: Sequence[str]) -> int:
    """Prints the violations, or the rules with `--list`; answers how the process should end."""
    if "--list" in arguments:
        print("\n".join(f"{rule.name:22}{rule.sentence}" for rule in RULES))
        return 0
    found = violations(Path.cwd())
    print(*found, f"house rules: {len(RULES)} checked, {len(found)} violations", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
