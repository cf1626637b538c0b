"""Every table that the application knows, gathered by importing the row classes."""

from dify_hex.adapters.persistence import graph_document_rows, idempotency_rows, outbox_rows
from dify_hex.adapters.persistence.account import rows as account_rows
from dify_hex.adapters.persistence.app import rows as app_rows
from dify_hex.adapters.persistence.base import Base
from dify_hex.adapters.persistence.conversation import rows as conversation_rows
from dify_hex.adapters.persistence.file import rows as file_rows
from dify_hex.adapters.persistence.knowledge import embedding_rows, segment_rows
from dify_hex.adapters.persistence.knowledge import rows as knowledge_rows
from dify_hex.adapters.persistence.model_provider import rows as model_provider_rows
from dify_hex.adapters.persistence.task import rows as task_rows
from dify_hex.adapters.persistence.workflow import rows as workflow_rows

#: Modules with row classes; a test finds one that is missing here.
ROW_MODULES = (
    outbox_rows,
    idempotency_rows,
    graph_document_rows,
    account_rows,
    model_provider_rows,
    workflow_rows,
    app_rows,
    conversation_rows,
    file_rows,
    task_rows,
    knowledge_rows,
    segment_rows,
    embedding_rows,
)

METADATA = Base.metadata
