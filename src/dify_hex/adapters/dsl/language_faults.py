"""What nodes hold in other languages, templates and JSON Schemas, checked before a graph runs."""

from collections.abc import Collection, Iterator

from dify_hex.application.shared.json_schemas import SchemaValidator
from dify_hex.application.workflow.ports import TemplateRenderer
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import InvalidTemplate
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.nodes.llm import LlmConfig, PromptEdition
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.nodes.template_transform import TemplateTransformConfig
from dify_hex.domain.workflow.plain_template import is_plain


class LanguageFaults:
    """Finds what could only fail; without a validator, schemas are taken as they are."""

    def __init__(self, templates: TemplateRenderer, schemas: SchemaValidator | None) -> None:
        self._templates = templates
        self._schemas = schemas

    def faults(self, graph: Graph) -> Iterator[GraphFault]:
        """The faults of all nodes."""
        for node in graph.nodes:
            match node.config:
                case TemplateTransformConfig(template=template, variables=variables):
                    names = {each.variable for each in variables}
                    yield from self._of_template(node, "template", template, names)
                case StartConfig(variables=variables):
                    for index, variable in enumerate(variables):
                        schema = variable.json_schema
                        yield from self._of_schema(node, schema, f"variables.{index}.json_schema")
                case LlmConfig() as config:
                    yield from self._of_prompt(node, config)
                    schema = config.wanted_schema
                    yield from self._of_schema(node, schema, "structured_output.schema")
                case _:
                    pass

    def _of_prompt(self, node: Node, config: LlmConfig) -> Iterator[GraphFault]:
        names = {each.variable for each in config.prompt_config.jinja2_variables}
        for index, message in enumerate(config.prompt):
            if message.edition_type is PromptEdition.JINJA2:
                field = f"prompt.{index}.jinja2_text"
                yield from self._of_template(node, field, message.jinja2_text, names)

    def _of_template(
        self, node: Node, field: str, template: str, declared: Collection[str]
    ) -> Iterator[GraphFault]:
        look = self._templates.check if is_plain(template) else self._templates.names_in
        try:
            used = look(template)
        except InvalidTemplate as error:
            line, reason = error.details.get("line"), str(error.details["reason"]).rstrip(".")
            place = "" if line is None else f" in line {line}"
            message = f"The template cannot be used{place}: {reason}."
            yield _fault(node, "template_invalid", field, message)
            return
        for name in sorted(used.difference(declared)):
            message = f"The template uses {name}; add a variable of that name."
            yield _fault(node, "template_variable_undeclared", field, message)

    def _of_schema(self, node: Node, schema: JsonObject | None, field: str) -> Iterator[GraphFault]:
        if schema is None or self._schemas is None:
            return
        if (flaw := self._schemas.flaw(schema)) is not None:
            yield GraphFault(
                code="schema_invalid",
                node_id=node.id,
                field=field,
                message=f"This is no JSON Schema that can be used: {flaw}.",
            )


def _fault(node: Node, code: str, field: str, message: str) -> GraphFault:
    return GraphFault(code=code, node_id=node.id, field=field, message=message)
