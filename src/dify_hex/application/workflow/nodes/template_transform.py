"""Executes the template-transform node: its template, rendered once."""

from collections.abc import Mapping, Sequence

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.domain.shared.values.file_reference import FILE_ATTRIBUTES, FileReference
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import InvalidTemplate, NodeOutputTooLong
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.template_transform import MAX_OUTPUT, TemplateTransformConfig


class TemplateTransformNode(PureNode[TemplateTransformConfig]):
    """Renders with the values as they are; of a file the template sees its attributes."""

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
            text = self._templates.render(
                config.template,
                {
                    each.variable: _with_attributes(context.variables.get(each.value_selector))
                    for each in config.variables
                },
            )
        except RecursionError:
            raise InvalidTemplate(reason="a value is nested too deeply to be shown") from None
        if len(text) > MAX_OUTPUT:
            raise NodeOutputTooLong(length=len(text), limit=MAX_OUTPUT)
        return NodeOutcome(outputs={"output": text})


def _with_attributes(value: JsonValue) -> JsonValue:
    """The value, with each file in it as an object of what can be asked of it."""
    if isinstance(value, Mapping):
        file = FileReference.from_json(value)
        if file is not None:
            return {name: file.attribute(name) for name in FILE_ATTRIBUTES}
        return {name: _with_attributes(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_attributes(part) for part in value]
    return value
