"""`{{ name }}` templates: Jinja2, kept to a subset whose cost is bounded by its size."""

from collections.abc import Iterable
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2 import nodes as syntax
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dify_hex.application.workflow.ports import TemplateRenderer
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import InvalidTemplate, VariableMissing
from dify_hex.domain.workflow.plain_template import (
    FALLBACK_FILTERS,
    GROWING_FILTERS,
    LARGEST_ARGUMENT,
    LONGEST_ARGUMENT,
    MAX_LENGTH,
    MAX_PLACES,
    PLAIN_FILTERS,
)

#: Compiled templates kept per process.
_CACHED = 512
#: Characters of what one template renders.
MAX_OUTPUT = 1_000_000
#: How deeply expressions and conditions may nest.
MAX_DEPTH = 40

#: No loops, calls, macros, imports, assignments, and no operator that can multiply text.
_ALLOWED = (
    syntax.Template,
    syntax.Output,
    syntax.TemplateData,
    syntax.Name,
    syntax.Const,
    syntax.Getattr,
    syntax.Getitem,
    syntax.If,
    syntax.CondExpr,
    syntax.Compare,
    syntax.Operand,
    syntax.And,
    syntax.Or,
    syntax.Not,
    syntax.Filter,
    syntax.Keyword,
    syntax.Neg,
)
_OF_OTHER_TEMPLATES = (syntax.Extends, syntax.FromImport, syntax.Import, syntax.Include)


class JinjaTemplates(TemplateRenderer):
    """Parses first; only what stays on the allow-list is ever compiled, once."""

    def __init__(self) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False, finalize=_nothing_for_null
        )
        # A name that nobody gave a value is missing, and never a function of the engine.
        self._environment.globals.clear()
        self._compile = lru_cache(maxsize=_CACHED)(self._compile_once)
        #: Only ever parses: what it allows is rendered in the sandbox.
        self._whole_language = ImmutableSandboxedEnvironment(
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
        )

    def check(self, template: str) -> frozenset[str]:
        """The names that the template uses."""
        return frozenset(find_undeclared_variables(self._parse(template)))

    def names_in(self, template: str) -> frozenset[str]:
        """The names that a template takes from outside which may use all of Jinja2."""
        if len(template) > MAX_LENGTH:
            raise InvalidTemplate(reason=f"longer than {MAX_LENGTH} characters")
        try:
            tree = self._whole_language.parse(template)
            names = find_undeclared_variables(tree)
        except TemplateSyntaxError as error:
            raise InvalidTemplate(reason=error.message or "", line=error.lineno) from None
        except RecursionError:
            raise InvalidTemplate(reason="nested too deeply") from None
        for found in tree.find_all(_OF_OTHER_TEMPLATES):
            raise InvalidTemplate(reason="there are no other templates", line=found.lineno)
        return frozenset(names)

    def render(self, template: str, values: JsonObject) -> str:
        """The template with the values in place."""
        if "{" not in template:
            return template
        try:
            return _joined(self._compile(template).generate(values))
        except UndefinedError as error:
            raise VariableMissing(str(error)) from None
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise InvalidTemplate(reason=str(error)) from None

    def _compile_once(self, template: str) -> Template:
        compiled = self._environment.from_string(self._parse(template))
        # They are empty; a plain mapping is merged with the values faster than a chain of them.
        compiled.globals = {}
        return compiled

    def _parse(self, template: str) -> syntax.Template:
        if len(template) > MAX_LENGTH:
            raise InvalidTemplate(reason=f"longer than {MAX_LENGTH} characters")
        if template.count("{{") + template.count("{%") > MAX_PLACES:
            raise InvalidTemplate(reason=f"more than {MAX_PLACES} places")
        try:
            tree = self._environment.parse(template)
        except TemplateSyntaxError as error:
            raise InvalidTemplate(reason=error.message or "", line=error.lineno) from None
        except RecursionError:
            raise InvalidTemplate(reason="nested too deeply") from None
        _refuse_what_is_not_allowed(tree)
        return tree


def _joined(pieces: Iterable[str]) -> str:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_OUTPUT:
            raise InvalidTemplate(reason=f"its output is longer than {MAX_OUTPUT} characters")
        kept.append(piece)
    return "".join(kept)


def _refuse_what_is_not_allowed(tree: syntax.Template) -> None:
    pending: list[tuple[syntax.Node, int, frozenset[str]]] = [(tree, 0, frozenset())]
    while pending:
        node, depth, growing = pending.pop()
        if depth > MAX_DEPTH:
            raise InvalidTemplate(reason="nested too deeply", line=node.lineno)
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__.lower()
            raise InvalidTemplate(reason=f"{kind} is not allowed here", line=node.lineno)
        if isinstance(node, syntax.Filter):
            _check_filter(node, growing)
            growing |= GROWING_FILTERS & {node.name}
        pending.extend((child, depth + 1, growing) for child in node.iter_child_nodes())


def _check_filter(node: syntax.Filter, growing: frozenset[str]) -> None:
    if node.name not in PLAIN_FILTERS:
        raise InvalidTemplate(
            reason=f"the filter {node.name} is not allowed here", line=node.lineno
        )
    if node.name in growing:
        raise InvalidTemplate(
            reason=f"the filter {node.name} is applied to its own output", line=node.lineno
        )
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise InvalidTemplate(reason="unpacking is not allowed here", line=node.lineno)
    arguments = [*node.args, *(keyword.value for keyword in node.kwargs)]
    if node.name not in FALLBACK_FILTERS and not all(map(_is_small, arguments)):
        raise InvalidTemplate(
            reason=f"the filter {node.name} takes short constants only", line=node.lineno
        )


def _is_small(argument: syntax.Node) -> bool:
    if isinstance(argument, syntax.Neg):
        argument = argument.node
    match argument:
        case syntax.Const(value=str(text)):
            return len(text) <= LONGEST_ARGUMENT
        case syntax.Const(value=int(number) | float(number)):
            return number <= LARGEST_ARGUMENT
        case syntax.Const(value=None):
            return True
        case _:
            return False


def _nothing_for_null(value: object) -> object:
    return "" if value is None else value
