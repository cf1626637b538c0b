"""The journal rows with which a run is born."""

from collections.abc import Iterable, Sequence

from dify_hex.application.workflow.ports import RunEventCodec
from dify_hex.application.workflow.records import JournalRow, Lease
from dify_hex.domain.workflow.run_events import RunEvent


def first_rows(
    lease: Lease, events: Iterable[RunEvent], codec: RunEventCodec
) -> Sequence[JournalRow]:
    """The events as rows under the run's first lease, counted from 1."""
    return [
        JournalRow(
            tenant_id=lease.tenant_id,
            run_id=lease.run_id,
            seq=seq,
            token=lease.token,
            type=event.type,
            payload=codec.encode(event),
            at=event.at,
        )
        for seq, event in enumerate(events, start=1)
    ]
