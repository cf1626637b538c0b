"""How documents come into the index, and out of it: the jobs of the Knowledge slice."""

from dependency_injector import containers, providers

from dify_hex.adapters.text_analysis.analyser import WordAnalyser
from dify_hex.application.knowledge.indexing.delete_content import (
    DeleteDocumentContent,
    DeleteKnowledgeContent,
)
from dify_hex.application.knowledge.indexing.embed import Embed
from dify_hex.application.knowledge.indexing.extract import Extract
from dify_hex.application.knowledge.indexing.index_document import IndexDocument
from dify_hex.application.knowledge.indexing.reembed_knowledge import ReembedKnowledge
from dify_hex.application.knowledge.indexing.remove_content import RemoveContent
from dify_hex.application.knowledge.indexing.segment import Segment


class IndexingContainer(containers.DeclarativeContainer):
    """One of each per process; nothing heavy is loaded before the first document."""

    shared, objects = providers.DependenciesContainer(), providers.DependenciesContainer()
    embeddings, reading = providers.DependenciesContainer(), providers.DependenciesContainer()
    begin, clock, blobs = shared.begin, shared.clock, objects.blobs

    analyser = providers.Singleton(WordAnalyser)

    extract = providers.Singleton(
        Extract, reader=reading.reader, files=objects.files, blobs=blobs, clock=clock
    )
    index_document = providers.Singleton(
        IndexDocument,
        begin=begin,
        clock=clock,
        extract=extract,
        segment=providers.Singleton(Segment, measure=reading.measure),
        embed=providers.Singleton(Embed, embeddings=embeddings.embeddings, analyser=analyser),
    )
    remove = providers.Singleton(RemoveContent, begin=begin, clock=clock, blobs=blobs)
    delete_document = providers.Singleton(DeleteDocumentContent, begin=begin, remove=remove)
    delete_knowledge = providers.Singleton(
        DeleteKnowledgeContent, begin=begin, remove=remove, blobs=blobs, clock=clock
    )
    reembed_knowledge = providers.Singleton(ReembedKnowledge, begin=begin, clock=clock)
