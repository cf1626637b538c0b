"""Selectors, pools and files for tests, written as shortly as they are read."""

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.file_reference import (
    FileKind,
    FileReference,
    TransferMethod,
)
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import Selector


def at(text: str) -> Selector:
    """The selector `node.name.path`."""
    selector = Selector.parse(text)
    assert selector is not None
    return selector


def pool_of(**values: JsonObject) -> VariablePool:
    """A pool with values by node."""
    pool = VariablePool()
    for node_id, outputs in values.items():
        pool.put(NodeId(node_id), outputs)
    return pool


def file(
    name: str = "cat.png", kind: FileKind = FileKind.IMAGE, size: int | None = 10
) -> FileReference:
    """A file at an address of somebody else's."""
    _, dot, ending = name.rpartition(".")
    return FileReference(
        type=kind,
        transfer_method=TransferMethod.REMOTE_URL,
        name=name,
        extension=dot + ending,
        mime_type="application/octet-stream",
        size=size,
        url=f"https://files.example/{name}",
    )
