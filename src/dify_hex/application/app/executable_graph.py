"""The exact graph that a configuration runs as."""

from dify_hex.application.app.built_in_graph import built_in_graph
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.shared.values.graph_document import GraphDocument


def executable_graph(configuration: Configuration, graphs: GraphCodec) -> GraphDocument:
    """The graph in its canonical form, whether somebody has drawn it or it is built in.

    Raises:
        InvalidGraph: a drawn graph has faults.
    """
    if isinstance(configuration, WorkflowConfiguration | ChatflowConfiguration):
        return graphs.document(graphs.parse(configuration.graph.json))
    return graphs.document(built_in_graph(configuration))
