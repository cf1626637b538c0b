"""`{{ name }}` templates: Jinja2, kept to a subset whose cost is bounded by its size."""

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
#: Characters of one template.
MAX_LENGTH = 100_000
#: How deeply expressions and conditions may nest.
MAX_DEPTH = 40

#: Filters without side effects whose output is not longer than a small multiple of their input.
ALLOWED_FILTERS = frozenset(
    {"capitalize", "default", "d", "e", "escape", "first", "last", "length", "count", "lower"}
    | {"round", "int", "float", "string", "title", "tojson", "trim", "upper", "abs", "join"}
)

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
        self._compile = lru_cache(maxsize=_CACHED)(self._compile_once)

    def check(self, template: str) -> frozenset[str]:
        """The names that the template uses."""
        return frozenset(find_undeclared_variables(self._parse(template)))

    def render(self, template: str, values: JsonObject) -> str:
        """The template with the values in place."""
        if "{" not in template:
            return template
        try:
            return self._compile(template).render(values)
        except UndefinedError as error:
            raise VariableMissing(str(error)) from None
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise InvalidTemplate(reason=str(error)) from None

    def _compile_once(self, template: str) -> Template:
        tree = self._parse(template)
        return self._environment.from_string(tree)

    def _parse(self, template: str) -> syntax.Template:
        if len(template) > MAX_LENGTH:
            raise InvalidTemplate(reason=f"longer than {MAX_LENGTH} characters")
        try:
            tree = self._environment.parse(template)
        except TemplateSyntaxError as error:
            raise InvalidTemplate(reason=error.message or "", line=error.lineno) from None
        except RecursionError:
            raise InvalidTemplate(reason="nested too deeply") from None
        _refuse_what_is_not_allowed(tree)
        return tree


def _refuse_what_is_not_allowed(tree: syntax.Template) -> None:
    pending: list[tuple[syntax.Node, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise InvalidTemplate(reason="nested too deeply", line=node.lineno)
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__.lower()
            raise InvalidTemplate(reason=f"{kind} is not allowed here", line=node.lineno)
        if isinstance(node, syntax.Filter) and node.name not in ALLOWED_FILTERS:
            raise InvalidTemplate(
                reason=f"the filter {node.name} is not allowed here", line=node.lineno
            )
        pending.extend((child, depth + 1) for child in node.iter_child_nodes())


def _nothing_for_null(value: object) -> object:
    return "" if value is None else value
