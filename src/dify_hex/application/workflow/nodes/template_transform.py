"""Executes the template-transform node: its template, rendered once."""

from collections.abc import AsyncGenerator

from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutor,
    NodeOutput,
    PureNode,
)
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.text_templates import TextTemplates
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import InvalidTemplate, NodeOutputTooLong
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.template_transform import MAX_OUTPUT, TemplateTransformConfig
from dify_hex.domain.workflow.variables.files import with_attributes


class TemplateTransformNode(PureNode[TemplateTransformConfig]):
    """Renders plain templates, with the values as they are; of a file they see its attributes."""

    def __init__(self, services: NodeServices) -> None:
        self._templates = services.templates

    def compute(self, config: TemplateTransformConfig, context: NodeContext) -> NodeOutcome:
        """The text.

        Raises:
            VariableMissing: a value that the template is given is not there.
            InvalidTemplate: the template cannot be used, or not with these values.
            NodeOutputTooLong: the text is longer than any may be.
        """
        try:
            text = self._templates.render(config.template, _values(config, context))
        except RecursionError:
            raise InvalidTemplate(reason="a value is nested too deeply to be shown") from None
        return _outcome(text)


class TemplateTransformExecutor(NodeExecutor[TemplateTransformConfig]):
    """Renders all other templates, in the sandbox."""

    def __init__(self, services: NodeServices) -> None:
        self._templates = TextTemplates(services)

    async def execute(
        self, config: TemplateTransformConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """The text.

        Raises:
            VariableMissing: a value that the template is given is not there.
            CodeFailed: the template cannot be used, or not with these values.
            NodeOutputTooLong: the text is longer than any may be.
            DomainError: as the sandbox says.
        """
        values = _values(config, context)
        yield _outcome(await self._templates.render(context.tenant_id, config.template, values))


def _values(config: TemplateTransformConfig, context: NodeContext) -> JsonObject:
    return {
        each.variable: with_attributes(context.variables.get(each.value_selector))
        for each in config.variables
    }


def _outcome(text: str) -> NodeOutcome:
    if len(text) > MAX_OUTPUT:
        raise NodeOutputTooLong(length=len(text), limit=MAX_OUTPUT)
    return NodeOutcome(outputs={"output": text})
