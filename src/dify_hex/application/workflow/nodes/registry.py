"""Which executor serves which node type: one explicit table."""

from collections.abc import AsyncGenerator
from typing import assert_never

from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutors,
    NodeOutput,
)
from dify_hex.application.workflow.nodes.answer import AnswerExecutor
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.nodes.start import StartExecutor
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.nodes.node_types import NodeConfig
from dify_hex.domain.workflow.nodes.start import StartConfig


class NodeRegistry(NodeExecutors):
    """Executes any node by the type of its configuration; the type checker holds it complete."""

    def __init__(self, *, start: StartExecutor, llm: LlmExecutor, answer: AnswerExecutor) -> None:
        self._start = start
        self._llm = llm
        self._answer = answer

    def execute(self, config: NodeConfig, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        """The outputs of the node, from the executor of its type."""
        match config:
            case StartConfig():
                return self._start.execute(config, context)
            case LlmConfig():
                return self._llm.execute(config, context)
            case AnswerConfig():
                return self._answer.execute(config, context)
            case _:
                assert_never(config)
