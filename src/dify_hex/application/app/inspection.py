"""Finding everything that keeps a configuration from being published."""

from collections.abc import Iterator

from dify_hex.application.app.graph_inspection import NamedModel, graph_faults, models_of
from dify_hex.application.app.knowledge_inspection import KnowledgeInspector
from dify_hex.application.app.link_inspection import LinkInspector
from dify_hex.application.model_provider.model_choice import wrong_choice
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.workflow.ports import GraphCodec, TemplateRenderer
from dify_hex.domain.app.configuration import (
    ChatConfiguration,
    CompletionConfiguration,
    Configuration,
)
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.prompt_template import TemplateReading
from dify_hex.domain.workflow.errors import InvalidGraph, InvalidTemplate
from dify_hex.domain.workflow.graph.graph import Graph


class ConfigurationInspector:
    """Asks the configuration for its faults, after having its texts read and its models found."""

    def __init__(
        self,
        *,
        templates: TemplateRenderer,
        resolve_model: ResolveModel,
        graphs: GraphCodec,
        links: LinkInspector,
        knowledge: KnowledgeInspector,
    ) -> None:
        self._templates = templates
        self._resolve_model = resolve_model
        self._graphs = graphs
        self._links = links
        self._knowledge = knowledge

    async def faults(
        self, tenant_id: TenantId, app_id: AppId, configuration: Configuration
    ) -> list[Fault]:
        """Everything that is wrong; asks the store for models and links: hold no transaction."""
        faults = self.own_faults(configuration)
        graph = self._drawn(configuration)
        if graph is not None:
            faults += await self._links.faults(tenant_id, app_id, graph)
            faults += await self._knowledge.faults(tenant_id, graph)
        elif isinstance(configuration, ChatConfiguration | CompletionConfiguration):
            faults += await self._knowledge.faults(tenant_id, configuration)
        for named in _models(configuration, graph):
            if named.model.provider.strip() and named.model.model.strip():
                faults += await self._model_faults(tenant_id, named)
        return faults

    def own_faults(self, configuration: Configuration) -> list[Fault]:
        """What is wrong with the configuration by itself, whatever models there are."""
        if isinstance(configuration, WorkflowConfiguration | ChatflowConfiguration):
            return [*configuration.own_faults(), *graph_faults(configuration, self._graphs)]
        return configuration.faults(self._read(configuration.prompt.text))

    def _drawn(self, configuration: Configuration) -> Graph | None:
        if not isinstance(configuration, WorkflowConfiguration | ChatflowConfiguration):
            return None
        try:
            return self._graphs.parse(configuration.graph.json)
        except InvalidGraph:
            # Its own faults come first; then there is a graph to look at.
            return None

    async def _model_faults(self, tenant_id: TenantId, named: NamedModel) -> list[Fault]:
        error = await wrong_choice(self._resolve_model, tenant_id, named.model, named.type)
        if error is None:
            return []
        return [
            Fault(
                code=error.code,
                path=named.path,
                message=f"{error.message} GET /v1/models lists those that can be chosen.",
                node_id=named.node_id,
                field=None if named.node_id is None else named.field,
            )
        ]

    def _read(self, text: str) -> TemplateReading:
        try:
            return TemplateReading(names=self._templates.check(text))
        except InvalidTemplate as error:
            return TemplateReading(problem=_sentence(error))


def _models(configuration: Configuration, graph: Graph | None) -> Iterator[NamedModel]:
    if isinstance(configuration, WorkflowConfiguration | ChatflowConfiguration):
        if graph is not None:
            yield from models_of(graph)
        return
    yield NamedModel(model=configuration.model, field="model")
    use = configuration.knowledge
    if use is not None and use.retrieval.rerank is not None:
        field = "knowledge.retrieval.rerank"
        yield NamedModel(model=use.retrieval.rerank, field=field, type=ModelType.RERANK)


def _sentence(error: InvalidTemplate) -> str:
    reason, line = error.details.get("reason"), error.details.get("line")
    where = "" if line is None else f" (line {line})"
    return f"The prompt cannot be used: {reason}{where}." if reason else error.message
