"""The app slice, where it is drawn: single nodes of drafts, and what they put out last."""

from dataclasses import replace

from dependency_injector import containers, providers

from dify_hex.application.app.draft_values import ForgetDraftValues, ShowDraftValues
from dify_hex.application.app.node_trials import NodeTrials
from dify_hex.application.app.run_draft_node import RunDraftNode
from dify_hex.application.workflow.engine.detached_runs import DetachedRuns
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.form_ports import UnkeptForms
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.bootstrap.index import UseCaseIndex


def _without_forms(services: NodeServices) -> NodeRegistry:
    return NodeRegistry(replace(services, forms=UnkeptForms()))


class DraftsContainer(containers.DeclarativeContainer):
    """Runs that nothing is stored of, with the nodes of this process."""

    shared = providers.DependenciesContainer()
    storage = providers.DependenciesContainer()
    nodes = providers.DependenciesContainer()
    app_runs = providers.DependenciesContainer()
    workflow = providers.DependenciesContainer()

    begin, clock = shared.begin, shared.clock
    runs = providers.Singleton(
        DetachedRuns,
        nodes=providers.Singleton(_without_forms, nodes.services),
        codec=storage.events,
        clock=clock,
        faults=shared.faults,
        limits=providers.Singleton(RunLimits),
    )
    trials = providers.Singleton(
        NodeTrials,
        graphs=storage.graphs,
        inputs=app_runs.flow_inputs,
        secrets=nodes.run_secrets,
        clock=clock,
    )
    run_draft_node = providers.Factory(
        RunDraftNode,
        begin=begin,
        trials=trials,
        runs=runs,
        events=storage.events,
        host=workflow.host,
    )
    show_draft_values = providers.Factory(ShowDraftValues, begin=begin)
    forget_draft_values = providers.Factory(ForgetDraftValues, begin=begin, clock=clock)


def draft_use_cases(container: DraftsContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        ForgetDraftValues: container.forget_draft_values,
        RunDraftNode: container.run_draft_node,
        ShowDraftValues: container.show_draft_values,
    }
