"""The event stream on Redis keeps the promises of the port."""

from tests.conformance.run_event_stream import RunEventStreamConformance


class TestRedisRunEventStream(RunEventStreamConformance):
    """The fixtures `here` and `there` are two processes on one server."""
