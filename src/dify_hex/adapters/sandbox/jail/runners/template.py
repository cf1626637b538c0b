"""Renders a template with all of Jinja2, which is told to be careful beside the walls."""

from importlib import import_module

from dify_hex.adapters.sandbox.jail.failure import RAISED, Failure
from dify_hex.adapters.sandbox.jail.program import CODE_FILE, Program

OUTPUT = "output"


def run(program: Program) -> tuple[object, int | None]:
    """The text as the one output."""
    jinja = import_module("jinja2")
    sandbox = import_module("jinja2.sandbox")
    environment = sandbox.ImmutableSandboxedEnvironment(
        undefined=jinja.StrictUndefined,
        finalize=_nothing_for_null,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    try:
        code = environment.compile(program.code, filename=CODE_FILE)
        template = jinja.Template.from_code(environment, code, environment.make_globals(None))
        return {OUTPUT: template.render(program.inputs)}, None
    except jinja.TemplateSyntaxError as error:
        raise Failure(RAISED, f"{type(error).__name__}: {error.message}", error.lineno) from None


def _nothing_for_null(value: object) -> object:
    # As do plain templates, which never come here.
    return "" if value is None else value
