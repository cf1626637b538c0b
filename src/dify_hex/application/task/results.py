"""Where results of tasks are kept: short ones in the row, long ones in the object storage."""

import json

from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.task import TaskResult

#: Bytes of JSON; what is longer would slow down every list of tasks.
LONGEST_IN_ROW = 8 << 10


def results_prefix(tenant_id: TenantId, task_id: TaskId) -> str:
    """Below it lies whatever was put aside for the task."""
    return f"t/{tenant_id}/tasks/{task_id}"


async def keep_result(
    blobs: BlobStorage, tenant_id: TenantId, task_id: TaskId, value: JsonObject
) -> TaskResult:
    """Keep a handler's result where it belongs.

    Raises:
        StorageUnavailable: a long one cannot be put aside.
        ValueError, TypeError: it is not JSON.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    content = text.encode()
    if len(content) <= LONGEST_IN_ROW:
        return TaskResult(value=value)
    key = f"{results_prefix(tenant_id, task_id)}/result.json"
    await blobs.put(key, content)
    return TaskResult(blob_key=key)


async def read_result(blobs: BlobStorage, key: str) -> JsonObject:
    """A long result.

    Raises:
        BlobNotFound: it is gone.
        StorageUnavailable: the storage is away.
    """
    value: JsonObject = json.loads(await blobs.get(key))
    return value
