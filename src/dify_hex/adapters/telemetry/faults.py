"""Unexpected errors, as log lines with their trace."""

import structlog

from dify_hex.application.shared.faults import FaultReporter

_log = structlog.get_logger("dify_hex.fault")


class LoggedFaults(FaultReporter):
    """Writes each fault to the log, where someone looks for what went wrong."""

    def report(self, error: BaseException, *, where: str, **context: str) -> None:
        """Record the error with its trace and what it happened to."""
        _log.error("fault", where=where, exc_info=error, **context)
