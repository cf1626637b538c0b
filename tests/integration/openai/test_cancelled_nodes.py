"""A node that is stopped leaves no call behind at its model's server."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

import pytest

from dify_hex.adapters.openai.chat_model import OpenAIChatModel
from dify_hex.adapters.openai.connection import Clients
from dify_hex.application.workflow.node_executor import NodeExecutor, TextDelta
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.nodes.parameter_extractor import ParameterExtractorExecutor
from dify_hex.application.workflow.nodes.question_classifier import QuestionClassifierExecutor
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptMessage,
    PromptRole,
    StructuredOutput,
)
from dify_hex.domain.workflow.nodes.parameter_extractor import ParameterExtractorConfig
from dify_hex.domain.workflow.nodes.question_classifier import (
    QuestionClass,
    QuestionClassifierConfig,
)
from dify_hex.domain.workflow.prompting.extracted_parameter import (
    ExtractedParameter,
    ParameterType,
)
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.model_node import MODEL, ModelNode, serving
from tests.fakes.running_model_server import RunningModelServer

ConfigT = TypeVar("ConfigT", bound=NodeConfig)

QUERY = Selector(SYSTEM, "query")
SPEAKING = LlmConfig(model=MODEL, prompt=(PromptMessage(role=PromptRole.USER, text="Speak."),))
STRUCTURED = replace(
    SPEAKING,
    structured_output_enabled=True,
    structured_output=StructuredOutput(schema={"type": "object"}),
)
CLASSIFYING = QuestionClassifierConfig(
    query_variable_selector=QUERY, model=MODEL, classes=(QuestionClass(id="1", name="Any"),)
)
EXTRACTING = ParameterExtractorConfig(
    query=QUERY,
    model=MODEL,
    parameters=(ExtractedParameter(name="city", type=ParameterType.STRING),),
)


@pytest.mark.parametrize(
    ("executor", "config"),
    [
        (LlmExecutor, SPEAKING),
        (LlmExecutor, STRUCTURED),
        (QuestionClassifierExecutor, CLASSIFYING),
        (ParameterExtractorExecutor, EXTRACTING),
    ],
)
async def test_cancelling_the_node_ends_the_call_upstream(
    clients: Clients,
    model_server: RunningModelServer,
    executor: Callable[[NodeServices], NodeExecutor[NodeConfig]],
    config: NodeConfig,
) -> None:
    model_server.play(tokens=1000, delay=0.02)
    node = on(model_server, clients, executor, config)
    running = asyncio.create_task(node.execute())
    while not model_server.requests:  # noqa: ASYNC110 - the server lives on a thread of its own
        await asyncio.sleep(0.01)

    running.cancel()
    await asyncio.wait({running})

    assert running.cancelled()
    asked = await model_server.until_ended()
    assert asked.ended == "left"
    assert asked.tokens_sent < 200


async def test_leaving_after_the_first_text_ends_it_too(
    clients: Clients, model_server: RunningModelServer
) -> None:
    model_server.play(tokens=1000, delay=0.02)
    node = on(model_server, clients, LlmExecutor, SPEAKING)

    async with aclosing(node.executor.execute(SPEAKING, node.context)) as outputs:
        assert isinstance(await anext(outputs), TextDelta)

    assert (await model_server.until_ended()).ended == "left"


def on(
    model_server: RunningModelServer,
    clients: Clients,
    executor: Callable[[NodeServices], NodeExecutor[ConfigT]],
    config: ConfigT,
) -> ModelNode[ConfigT]:
    """The node, calling the scripted server over the wire."""
    node = ModelNode(executor, config)
    services = replace(
        node.services,
        chat_model=OpenAIChatModel(clients),
        resolve_model=serving(Model(name=MODEL.model), base_url=model_server.url),
    )
    node.executor = executor(services)
    return node
