"""The Knowledge slice: its limits, how it is looked at, and its use cases."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.knowledge.document_reader import SqlDocumentsReader
from dify_hex.adapters.persistence.knowledge.knowledge_reader import SqlKnowledgeReader
from dify_hex.application.file.file_intake import FileIntake
from dify_hex.application.knowledge.add_document import AddDocument
from dify_hex.application.knowledge.change_document import ChangeDocument
from dify_hex.application.knowledge.change_knowledge import ChangeKnowledge
from dify_hex.application.knowledge.create_knowledge import CreateKnowledge
from dify_hex.application.knowledge.delete_document import DeleteDocument
from dify_hex.application.knowledge.delete_knowledge import DeleteKnowledge
from dify_hex.application.knowledge.document_intake import DocumentIntake
from dify_hex.application.knowledge.limits import KnowledgeLimits
from dify_hex.application.knowledge.model_choices import ModelChoices
from dify_hex.application.knowledge.readers import DocumentsReader, KnowledgeReader
from dify_hex.application.knowledge.steer_document import SteerDocument
from dify_hex.application.knowledge.upload_documents import UploadDocuments
from dify_hex.application.model_provider.built_in import DEFAULT_EMBEDDING
from dify_hex.bootstrap.content_settings import FileSettings, KnowledgeSettings
from dify_hex.bootstrap.index import UseCaseIndex
from dify_hex.domain.file.limits import MEGABYTE, FileLimits
from dify_hex.domain.model_provider.kinds import BUILT_IN_PROVIDER
from dify_hex.domain.shared.values.file_reference import FileKind
from dify_hex.domain.shared.values.model_config import ModelConfig


def _limits(settings: KnowledgeSettings) -> KnowledgeLimits:
    return KnowledgeLimits(max_documents=settings.documents)


def _file_limits(settings: KnowledgeSettings, files: FileSettings) -> FileLimits:
    """A document may be larger than any other file, and is kept until it is deleted."""
    return FileLimits(
        max_bytes=dict.fromkeys(FileKind, settings.document_megabytes * MEGABYTE),
        blocked_extensions=frozenset(files.blocked_extensions),
    )


class KnowledgeContainer(containers.DeclarativeContainer):
    """Everything that can be done with Knowledge and its documents."""

    shared, objects = providers.DependenciesContainer(), providers.DependenciesContainer()
    models = providers.DependenciesContainer()
    begin, clock, settings = shared.begin, shared.clock, shared.settings.provided

    file_limits = providers.Singleton(_file_limits, settings.knowledge, settings.file)
    default_embedding = providers.Singleton(
        ModelConfig, provider=BUILT_IN_PROVIDER, model=DEFAULT_EMBEDDING
    )
    files = providers.Singleton(FileIntake, begin=begin, clock=clock)
    files.add_kwargs(storage=objects.files, limits=file_limits)
    documents = providers.Singleton(DocumentIntake, begin=begin, clock=clock)
    documents.add_kwargs(files=files, limits=providers.Singleton(_limits, settings.knowledge))
    knowledge_reader = providers.Singleton(SqlKnowledgeReader, shared.reads)
    documents_reader = providers.Singleton(SqlDocumentsReader, shared.reads)

    choices = providers.Singleton(ModelChoices, models.resolve_model)
    create = providers.Factory(CreateKnowledge, begin=begin, clock=clock, models=choices)
    create.add_kwargs(default_embedding=default_embedding)
    change = providers.Factory(ChangeKnowledge, begin=begin, clock=clock, models=choices)
    delete = providers.Factory(DeleteKnowledge, begin=begin, clock=clock)
    upload = providers.Factory(UploadDocuments, files=files, documents=documents)
    add = providers.Factory(AddDocument, begin=begin, clock=clock)
    add.add_kwargs(files=files, documents=documents)
    change_document = providers.Factory(ChangeDocument, begin=begin, clock=clock)
    steer_document = providers.Factory(SteerDocument, begin=begin, clock=clock)
    delete_document = providers.Factory(DeleteDocument, begin=begin, clock=clock)


def knowledge_use_cases(container: KnowledgeContainer) -> UseCaseIndex:
    """What routes may ask for: each use case by its class, the readers by their ports."""
    made = [item for item in container.providers.values() if isinstance(item, providers.Factory)]
    return {
        **{item.provides: item for item in made if isinstance(item.provides, type)},
        KnowledgeReader: container.knowledge_reader,
        DocumentsReader: container.documents_reader,
    }
