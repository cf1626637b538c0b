"""The app slice: its use cases and readers."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.app.reader import SqlAppReader, SqlAppVersionReader
from dify_hex.application.app.compare_app_versions import CompareAppVersions
from dify_hex.application.app.configure_app import ConfigureApp
from dify_hex.application.app.create_app import CreateApp
from dify_hex.application.app.delete_app import DeleteApp
from dify_hex.application.app.describe_app import DescribeApp
from dify_hex.application.app.inspect_draft import InspectDraft
from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.knowledge_inspection import KnowledgeInspector
from dify_hex.application.app.link_inspection import LinkInspector
from dify_hex.application.app.ports import AppReader, AppVersionReader
from dify_hex.application.app.publish_app import PublishApp
from dify_hex.application.app.restore_app_version import RestoreAppVersion
from dify_hex.application.app.runnable_apps import RunnableApps
from dify_hex.application.app.set_app_status import SetAppStatus
from dify_hex.application.model_provider.built_in import DEFAULT_MODEL
from dify_hex.bootstrap.index import UseCaseIndex
from dify_hex.domain.model_provider.kinds import BUILT_IN_PROVIDER
from dify_hex.domain.shared.values.model_config import ModelConfig


class AppContainer(containers.DeclarativeContainer):
    """Everything that can be asked of apps."""

    shared, storage = providers.DependenciesContainer(), providers.DependenciesContainer()
    models, retrieval = providers.DependenciesContainer(), providers.DependenciesContainer()

    begin, clock, graphs = shared.begin, shared.clock, storage.graphs
    links = providers.Singleton(LinkInspector, begin=begin, graphs=graphs)
    inspector = providers.Singleton(
        ConfigurationInspector,
        templates=storage.templates,
        resolve_model=models.resolve_model,
        graphs=storage.graphs,
        links=links,
        knowledge=providers.Singleton(KnowledgeInspector, retrieval.catalogue),
    )
    default_model = providers.Singleton(ModelConfig, provider=BUILT_IN_PROVIDER)
    default_model.add_kwargs(model=DEFAULT_MODEL)
    runnable_apps = providers.Singleton(RunnableApps, inspector=inspector, graphs=storage.graphs)

    app_reader = providers.Singleton(SqlAppReader, shared.reads)
    app_version_reader = providers.Singleton(SqlAppVersionReader, shared.reads)

    create_app = providers.Factory(
        CreateApp, begin=begin, clock=clock, default_model=default_model, graphs=graphs
    )
    describe_app = providers.Factory(DescribeApp, begin=begin, clock=clock)
    delete_app = providers.Factory(DeleteApp, begin=begin, clock=clock)
    set_app_status = providers.Factory(SetAppStatus, begin=begin, clock=clock)
    inspect_draft = providers.Factory(InspectDraft, begin=begin, inspector=inspector)
    configure_app = providers.Factory(ConfigureApp, begin=begin, clock=clock, inspector=inspector)
    compare_versions = providers.Factory(CompareAppVersions, begin=begin, graphs=graphs)
    publish_app = providers.Factory(
        PublishApp, begin=begin, clock=clock, inspector=inspector, graphs=graphs
    )
    restore_app_version = providers.Factory(
        RestoreAppVersion, begin=begin, clock=clock, inspector=inspector
    )


def app_use_cases(container: AppContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        AppReader: container.app_reader,
        AppVersionReader: container.app_version_reader,
        CompareAppVersions: container.compare_versions,
        ConfigureApp: container.configure_app,
        CreateApp: container.create_app,
        DeleteApp: container.delete_app,
        DescribeApp: container.describe_app,
        InspectDraft: container.inspect_draft,
        PublishApp: container.publish_app,
        RestoreAppVersion: container.restore_app_version,
        SetAppStatus: container.set_app_status,
    }
