"""Every node type there is: the one table that codec, validation and registry read."""

from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.nodes.start import StartConfig

NodeConfig = StartConfig | LlmConfig | AnswerConfig

NODE_TYPES: dict[str, type[NodeConfig]] = {
    StartConfig.type: StartConfig,
    LlmConfig.type: LlmConfig,
    AnswerConfig.type: AnswerConfig,
}

#: Recorded when a run starts, so that a later release can tell what its journal means.
NODE_SCHEMAS: dict[str, int] = {name: config.schema_version for name, config in NODE_TYPES.items()}
