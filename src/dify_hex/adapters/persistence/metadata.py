"""Every table that the application knows, gathered by importing the row classes."""

from dify_hex.adapters.persistence import idempotency_rows, outbox_rows
from dify_hex.adapters.persistence.base import Base

#: Modules with row classes; a test finds one that is missing here.
ROW_MODULES = (outbox_rows, idempotency_rows)

METADATA = Base.metadata
