"""Renders templates by the lane that each needs: at once, or in the sandbox."""

from dify_hex.application.shared.code_sandbox import (
    RENDERED,
    CodeExecution,
    CodeLimits,
    CodeProfile,
    OutputType,
)
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.patient_sandbox import PatientSandbox
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.plain_template import is_plain
from dify_hex.domain.workflow.variables.storable import storable_text


class TextTemplates:
    """All of Jinja2; a template that is plain costs no more than before there was a sandbox."""

    def __init__(self, services: NodeServices) -> None:
        self._templates = services.templates
        self._sandbox = PatientSandbox(services.sandbox)

    async def render(self, tenant_id: TenantId, template: str, values: JsonObject) -> str:
        """The text.

        Raises:
            InvalidTemplate, VariableMissing: a plain template cannot be rendered.
            CodeFailed: any other one cannot be; details name its line.
            DomainError: as the sandbox says.
        """
        if is_plain(template):
            return self._templates.render(template, values)
        result = await self._sandbox.run(
            CodeExecution(
                tenant_id=tenant_id,
                profile=CodeProfile.TEMPLATE,
                code=template,
                inputs=values,
                outputs={RENDERED: OutputType.STRING},
                limits=CodeLimits(),
            )
        )
        return storable_text(str(result.outputs[RENDERED]))
