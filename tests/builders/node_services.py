"""The ports of nodes that call no model."""

from typing import cast

from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.workflow.node_services import NodeServices
from tests.fakes.scripted_models import KeptMemory, ScriptedChatModel, WordCounter


def services() -> NodeServices:
    """Templates and schemas work for real; no model can be found."""
    return NodeServices(
        resolve_model=cast(ResolveModel, None),
        chat_model=ScriptedChatModel(),
        token_counter=WordCounter(),
        memory=KeptMemory(),
        templates=JinjaTemplates(),
        schema_validator=JsonSchemaValidator(),
    )
