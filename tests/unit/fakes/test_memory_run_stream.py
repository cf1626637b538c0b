"""The in-memory event stream keeps the promises of the real one."""

import pytest

from dify_hex.application.workflow.ports import RunEventStream
from tests.conformance.run_event_stream import RunEventStreamConformance
from tests.fakes.memory_run_stream import MemoryRunEventStream, MemoryStreamStore


class TestMemoryRunEventStream(RunEventStreamConformance):
    @pytest.fixture
    def store(self) -> MemoryStreamStore:
        return MemoryStreamStore()

    @pytest.fixture
    def here(self, store: MemoryStreamStore) -> RunEventStream:
        return MemoryRunEventStream(store)

    @pytest.fixture
    def there(self, store: MemoryStreamStore) -> RunEventStream:
        return MemoryRunEventStream(store)
