"""Where graphs in files run: every node of this release, one model server, and no store."""

import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.adapters.openai.chat_model import OpenAIChatModel
from dify_hex.adapters.openai.connection import Clients
from dify_hex.adapters.openai.token_counter import TiktokenCounter
from dify_hex.adapters.outbound_http.client import GuardedOutboundHttp
from dify_hex.adapters.outbound_http.fair_shares import FairShares
from dify_hex.adapters.outbound_http.pool import make_pool
from dify_hex.adapters.outbound_http.resolver import SystemResolver
from dify_hex.adapters.outbound_http.sending import Sender
from dify_hex.application.model_provider.built_in import DEFAULT_MODEL, BuiltInModels
from dify_hex.application.model_provider.resolve_model import ResolvedModel, ResolveModel
from dify_hex.application.shared.clock import SystemClock
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.outbound_http import OutboundHttp
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.workflow.engine.detached_runs import DetachedRuns, OnEntry
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.application.workflow.ports import ConversationMemory
from dify_hex.bootstrap.http_clients import http_client
from dify_hex.bootstrap.outbound import ceiling_of, rules_of
from dify_hex.bootstrap.settings import ModelSettings, OutboundSettings, PoolSettings
from dify_hex.domain.model_provider.errors import ModelTypeMismatch
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.shared.ids import ConversationId, MessageId, TenantId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.secret_text import SecretText
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.run_events import RunStarted


class GraphWorkbench:
    """Runs graphs for the owner of the terminal."""

    def __init__(self, runs: DetachedRuns) -> None:
        self._runs = runs
        self._tenant_id = TenantId(new_id())

    async def execute(self, graph: Graph, facts: RunStarted, on_entry: OnEntry) -> RunResult:
        """Run the graph to its end."""
        return await self._runs.execute(self._tenant_id, graph, facts, on_entry)


@asynccontextmanager
async def open_workbench() -> AsyncIterator[GraphWorkbench]:
    """A workbench for the length of one command; the environment says where models are."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(http_client(PoolSettings()))
        resolver = SystemResolver()
        stack.push_async_callback(resolver.aclose)
        outbound = _outbound(OutboundSettings(), resolver)
        stack.push_async_callback(outbound.aclose)
        services = _services(client, outbound, ModelSettings())
        yield GraphWorkbench(
            DetachedRuns(
                nodes=NodeRegistry(services),
                codec=PydanticRunEventCodec(),
                clock=SystemClock(),
                faults=_Traces(),
                limits=RunLimits(),
            )
        )


def _outbound(settings: OutboundSettings, resolver: SystemResolver) -> GuardedOutboundHttp:
    """The way out to other servers, by the same rules as in a service."""
    return GuardedOutboundHttp(
        sender=Sender(
            pool=make_pool(connections=settings.connections, ca_file=settings.ca_file),
            resolver=resolver,
            rules=rules_of(settings),
        ),
        shares=FairShares(settings.connections_per_tenant),
        ceiling=ceiling_of(settings),
        telemetry=SilentTelemetry(),
    )


def _services(
    client: httpx.AsyncClient, outbound: OutboundHttp, settings: ModelSettings
) -> NodeServices:
    return NodeServices(
        resolve_model=_OneServer(settings),
        chat_model=OpenAIChatModel(Clients(operator=client, tenants=client)),
        token_counter=TiktokenCounter(),
        memory=_NothingSaid(),
        templates=JinjaTemplates(),
        schema_validator=JsonSchemaValidator(),
        http=outbound,
    )


class _OneServer(ResolveModel):
    """Whichever provider a graph names, the model of that name is asked of the one server."""

    def __init__(self, settings: ModelSettings) -> None:
        key = settings.api_key
        name = settings.name or DEFAULT_MODEL
        self._models = BuiltInModels(
            base_url=settings.url,
            api_key=None if key is None else SecretText(key.get_secret_value()),
            default_model=name,
            models=(Model(name=name, context_window=settings.context_window),),
            demonstration=False,
            open=True,
        )

    async def execute(
        self, tenant_id: TenantId, config: ModelConfig, *, type: ModelType = ModelType.LLM
    ) -> ResolvedModel:
        """The model, ready to be called."""
        del tenant_id
        model = self._models.model(config.model, type)
        if model.type is not type:
            raise ModelTypeMismatch(model=config.model, type=model.type.value, needed=type.value)
        return ResolvedModel(
            endpoint=self._models.endpoint(model),
            context_window=model.context_window,
            max_output=model.max_output,
        )


class _NothingSaid(ConversationMemory):
    """Every run is the first of its conversation."""

    async def turns_before(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        message_id: MessageId,
        *,
        limit: int,
    ) -> Sequence[ChatTurn]:
        """None."""
        del tenant_id, conversation_id, message_id, limit
        return ()


class _Traces(FaultReporter):
    """Shows what nobody foresaw to whoever ran the command."""

    def report(self, error: BaseException, *, where: str, **context: str) -> None:
        """Print the trace to standard error."""
        del where, context
        traceback.print_exception(error)
