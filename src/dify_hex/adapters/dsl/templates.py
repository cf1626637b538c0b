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

#: Compiled templates kept per process.
_CACHED = 512
#: Characters of one template, and places in it where something is written or decided.
MAX_LENGTH = 100_000
MAX_PLACES = 1_000
#: Characters of what one template renders.
MAX_OUTPUT = 1_000_000
#: How deeply expressions and conditions may nest.
MAX_DEPTH = 40

#: Filters without side effects. Their output is at most a small multiple of their input, as long
#: as their arguments are small and none of those that grow is applied to its own output.
ALLOWED_FILTERS = frozenset(
    {"capitalize", "default", "d", "e", "escape", "first", "last", "length", "count", "lower"}
    | {"round", "int", "float", "string", "title", "tojson", "trim", "upper", "abs", "join"}
)
_GROWING = frozenset({"tojson", "join", "e", "escape"})
#: These take any value in place of one that is missing; all other arguments are small constants,
#: for `round` and `join` can be made to multiply by theirs.
_FALLBACKS = frozenset({"default", "d"})
_LONGEST_ARGUMENT = 20
_LARGEST_ARGUMENT = 20

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


class JinjaTemplates(TemplateRenderer):
    """Parses first; only what stays on the allow-list is ever compiled, once."""

    def __init__(self) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False, finalize=_nothing_for_null
        )
        # A name that nobody gave a value is missing, and never a function of the engine.
        self._environment.globals.clear()
        self._compile = lru_cache(maxsize=_CACHED)(self._compile_once)

    def check(self, template: str) -> frozenset[str]:
        """The names that the template uses."""
        return frozenset(find_undeclared_variables(self._parse(template)))

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
            growing |= _GROWING & {node.name}
        pending.extend((child, depth + 1, growing) for child in node.iter_child_nodes())


def _check_filter(node: syntax.Filter, growing: frozenset[str]) -> None:
    if node.name not in ALLOWED_FILTERS:
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
    if node.name not in _FALLBACKS and not all(map(_is_small, arguments)):
        raise InvalidTemplate(
            reason=f"the filter {node.name} takes short constants only", line=node.lineno
        )


def _is_small(argument: syntax.Node) -> bool:
    if isinstance(argument, syntax.Neg):
        argument = argument.node
    match argument:
        case syntax.Const(value=str(text)):
            return len(text) <= _LONGEST_ARGUMENT
        case syntax.Const(value=int(number) | float(number)):
            return number <= _LARGEST_ARGUMENT
        case syntax.Const(value=None):
            return True
        case _:
            return False


def _nothing_for_null(value: object) -> object:
    return "" if value is None else value
