"""A node that calls a model, executed alone with everything outside scripted."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Generic, TypeVar, cast

from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.model_provider.built_in import BuiltInModels
from dify_hex.application.model_provider.ports import ChatRole, ModelProviderReader, SecretBox
from dify_hex.application.model_provider.resolve_model import ResolvedModel, ResolveModel
from dify_hex.application.shared.code_sandbox import CodeSandbox
from dify_hex.application.workflow.file_contents import FileContents, NoFileContents
from dify_hex.application.workflow.node_executor import NodeExecutor, ShownPassages, TextDelta
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.patient_sandbox import NoSandbox
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import SYSTEM
from tests.builders.engine import StillClock
from tests.builders.node_context import context_of
from tests.fakes.scripted_models import KeptMemory, ScriptedChatModel, WordCounter
from tests.fakes.scripted_outbound import ScriptedOutboundHttp

ConfigT = TypeVar("ConfigT", bound=NodeConfig)

#: What every node here calls, unless its test is about models.
MODEL = ModelConfig(provider="local", model="tiny")


class ModelNode(Generic[ConfigT]):
    """One execution of a node, and everything that can be seen of it.

    `values` are those of nodes that ran before, by node.
    """

    def __init__(
        self,
        executor: Callable[[NodeServices], NodeExecutor[ConfigT]],
        config: ConfigT,
        *,
        model: ScriptedChatModel | None = None,
        memory: KeptMemory | None = None,
        values: Mapping[str, JsonObject] | None = None,
        serves: Model | None = None,
        files: FileContents | None = None,
        sandbox: CodeSandbox | None = None,
    ) -> None:
        self.model = model or ScriptedChatModel()
        self.config = config
        self.clock = StillClock()
        self.streamed: list[str] = []
        self.shown: list[Citation] = []
        self.services = NodeServices(
            resolve_model=serving(serves or Model(name=MODEL.model, context_window=1000)),
            chat_model=self.model,
            token_counter=WordCounter(),
            memory=memory or KeptMemory(),
            templates=JinjaTemplates(),
            schema_validator=JsonSchemaValidator(),
            http=ScriptedOutboundHttp(),
            sandbox=sandbox or NoSandbox(),
            file_contents=files or NoFileContents(),
        )
        self.executor = executor(self.services)
        variables = VariablePool()
        context = context_of(variables)
        variables.put(SYSTEM, {"query": context.facts.query, "user_id": context.facts.user})
        for node, named in (values or {}).items():
            variables.put(NodeId(node), {**variables.of(NodeId(node)), **named})
        self.context = context._replace(clock=self.clock)

    async def execute(self) -> NodeOutcome:
        """The outcome; a second passes after each piece that is streamed before."""
        outcome: NodeOutcome | None = None
        async with aclosing(self.executor.execute(self.config, self.context)) as outputs:
            async for output in outputs:
                if isinstance(output, TextDelta):
                    self.streamed.append(output.text)
                    self.clock.advance(1)
                elif isinstance(output, ShownPassages):
                    assert not self.model.requests, "told before the model is asked"
                    self.shown += output.citations
                elif isinstance(output, NodeOutcome):
                    outcome = output
        assert outcome is not None
        return outcome

    async def resolve(self) -> ResolvedModel:
        """The model as the node calls it."""
        return await self.services.resolve_model.execute(self.context.tenant_id, MODEL)

    def told(self, call: int = 0) -> list[tuple[ChatRole, str]]:
        """What the model was told in one of its calls."""
        return [(message.role, message.content) for message in self.model.requests[call].messages]


def serving(model: Model, *, base_url: str = "http://models") -> ResolveModel:
    """The built-in provider with this model alone."""
    return ResolveModel(
        providers=cast(ModelProviderReader, None),  # the built-in provider asks nobody
        secrets=cast(SecretBox, None),
        built_in=BuiltInModels(
            base_url=base_url,
            api_key=None,
            default_model=model.name,
            models=(model,),
            demonstration=True,
            open=False,
        ),
    )
