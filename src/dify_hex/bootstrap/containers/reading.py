"""What reads documents, and what their text is measured with."""

from dependency_injector import containers, providers

from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.reader import IsolatedDocumentReader
from dify_hex.adapters.openai.token_counter import measure_tokens
from dify_hex.application.knowledge.preview_segments import PreviewSegments
from dify_hex.bootstrap.index import UseCaseIndex
from dify_hex.bootstrap.settings import ReadingSettings


def limits_of(settings: ReadingSettings) -> ReadingLimits:
    """The limits that the settings ask for."""
    return ReadingLimits(
        streamed_bytes=settings.text_megabytes << 20,
        whole_bytes=settings.document_megabytes << 20,
        child_memory_bytes=settings.memory_megabytes << 20,
        child_cpu_seconds=settings.seconds,
        child_seconds=float(settings.seconds),
        children=settings.processes,
    )


class ReadingContainer(containers.DeclarativeContainer):
    """One reader per process, so that its bound on child processes holds for all of it."""

    shared, objects = providers.DependenciesContainer(), providers.DependenciesContainer()

    reader = providers.Singleton(
        IsolatedDocumentReader,
        providers.Singleton(limits_of, shared.settings.provided.reading),
    )
    measure = providers.Object(measure_tokens)
    preview = providers.Factory(
        PreviewSegments,
        begin=shared.begin,
        clock=shared.clock,
        files=objects.files,
        reader=reader,
        measure=measure,
    )


def reading_use_cases(container: ReadingContainer) -> UseCaseIndex:
    """What routes may ask for."""
    return {PreviewSegments: container.preview}
