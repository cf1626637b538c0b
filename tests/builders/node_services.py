"""The ports of nodes that call no model."""

from typing import cast

from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.shared.code_sandbox import CodeSandbox
from dify_hex.application.shared.outbound_http import OutboundHttp
from dify_hex.application.workflow.file_contents import FileContents, NoFileContents
from dify_hex.application.workflow.generated_files import GeneratedFiles, NoGeneratedFiles
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.patient_sandbox import NoSandbox
from tests.fakes.scripted_models import KeptMemory, ScriptedChatModel, WordCounter
from tests.fakes.scripted_outbound import ScriptedOutboundHttp


def services(
    *,
    http: OutboundHttp | None = None,
    sandbox: CodeSandbox | None = None,
    file_contents: FileContents | None = None,
    generated_files: GeneratedFiles | None = None,
) -> NodeServices:
    """Templates and schemas work for real; no model can be found."""
    return NodeServices(
        resolve_model=cast(ResolveModel, None),
        chat_model=ScriptedChatModel(),
        token_counter=WordCounter(),
        memory=KeptMemory(),
        templates=JinjaTemplates(),
        schema_validator=JsonSchemaValidator(),
        http=http or ScriptedOutboundHttp(),
        sandbox=sandbox or NoSandbox(),
        file_contents=file_contents or NoFileContents(),
        generated_files=generated_files or NoGeneratedFiles(),
    )
