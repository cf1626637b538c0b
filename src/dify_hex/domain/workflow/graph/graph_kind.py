"""What a graph is for, which decides how it must end."""

from enum import StrEnum


class GraphKind(StrEnum):
    """Whether a graph hands values back to a caller, or talks with somebody."""

    WORKFLOW = "workflow"
    CHATFLOW = "chatflow"
