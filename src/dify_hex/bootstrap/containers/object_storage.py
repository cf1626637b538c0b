"""What is too large for the database: contents of files, and large values of runs."""

from dependency_injector import containers, providers

from dify_hex.adapters.object_storage.storage import ObjectBlobStorage, ObjectFileStorage
from dify_hex.adapters.object_storage.stores import open_store
from dify_hex.application.workflow.run_values import RunValues


class ObjectStorageContainer(containers.DeclarativeContainer):
    """One store per process; nothing connects before it is first used."""

    shared = providers.DependenciesContainer()
    settings = shared.settings.provided

    store = providers.Singleton(open_store, settings.storage_url, settings.storage_folder)
    files = providers.Singleton(ObjectFileStorage, store)
    blobs = providers.Singleton(ObjectBlobStorage, store)
    run_values = providers.Singleton(RunValues, blobs)
