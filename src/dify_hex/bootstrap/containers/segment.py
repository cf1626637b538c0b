"""Segments as their owners see and change them."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.knowledge.segments_reader import SqlSegmentsReader
from dify_hex.application.knowledge.add_segment import AddSegment
from dify_hex.application.knowledge.delete_segment import DeleteSegment
from dify_hex.application.knowledge.edit_segment import EditSegment
from dify_hex.application.knowledge.segment_indexing import SegmentIndexing
from dify_hex.application.knowledge.segment_views import SegmentsReader
from dify_hex.application.knowledge.switch_segment import SwitchSegment
from dify_hex.bootstrap.index import UseCaseIndex


class SegmentContainer(containers.DeclarativeContainer):
    """What can be done with single segments."""

    shared, embeddings = providers.DependenciesContainer(), providers.DependenciesContainer()
    indexing, reading = providers.DependenciesContainer(), providers.DependenciesContainer()
    begin, clock = shared.begin, shared.clock

    reader = providers.Singleton(SqlSegmentsReader, shared.reads)
    hand_indexing = providers.Singleton(
        SegmentIndexing, embeddings=embeddings.embeddings, analyser=indexing.analyser
    )
    add = providers.Factory(
        AddSegment, begin=begin, clock=clock, indexing=hand_indexing, measure=reading.measure
    )
    edit = providers.Factory(
        EditSegment, begin=begin, clock=clock, indexing=hand_indexing, measure=reading.measure
    )
    switch = providers.Factory(SwitchSegment, begin=begin, clock=clock)
    delete = providers.Factory(DeleteSegment, begin=begin)


def segment_use_cases(container: SegmentContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        AddSegment: container.add,
        EditSegment: container.edit,
        SwitchSegment: container.switch,
        DeleteSegment: container.delete,
        SegmentsReader: container.reader,
    }
