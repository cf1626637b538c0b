"""Asks the journal on behalf of all readers of a process, so that many readers cost one query."""

import asyncio
from collections.abc import Mapping, Sequence

from dify_hex.application.workflow.ports import (
    RunJournal,
)
from dify_hex.application.workflow.records import (
    JournalHead,
    JournalRow,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId

#: Seconds in which questions about heads gather before they are asked together.
GATHERING = 0.05
_HEADS_PER_QUERY = 500

_Run = tuple[TenantId, WorkflowRunId]
_Waiting = dict[_Run, list[asyncio.Future[JournalHead | None]]]


class JournalWatch:
    """Batches head checks of runs, and shares reads that several readers want at once."""

    def __init__(self, journal: RunJournal, *, gathering: float = GATHERING) -> None:
        self._journal = journal
        self._gathering = gathering
        self._waiting: _Waiting = {}
        self._asking: asyncio.Task[None] | None = None
        self._reads: dict[tuple[_Run, int], asyncio.Task[Sequence[JournalRow]]] = {}

    async def head(self, tenant_id: TenantId, run_id: WorkflowRunId) -> JournalHead | None:
        """How far the journal of the run is now; None for a run that does not exist.

        Raises:
            Unavailable: the database is away.
        """
        answer: asyncio.Future[JournalHead | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((tenant_id, run_id), []).append(answer)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def rows(
        self, tenant_id: TenantId, run_id: WorkflowRunId, *, after: int
    ) -> Sequence[JournalRow]:
        """Rows with `seq > after`, in order; a long journal gives only the first of them.

        Raises:
            Unavailable: the database is away.
        """
        key = ((tenant_id, run_id), after)
        task = self._reads.get(key)
        if task is None:
            task = asyncio.ensure_future(self._journal.read(tenant_id, run_id, after=after))
            self._reads[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: tuple[_Run, int], done: asyncio.Task[Sequence[JournalRow]]) -> None:
        del self._reads[key]
        if not done.cancelled():
            # Everyone who asked may have left; nobody is to be told of an unread exception.
            done.exception()

    async def _ask(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._gathering)
                waiting, self._waiting = self._waiting, {}
                runs = list(waiting)
                for first in range(0, len(runs), _HEADS_PER_QUERY):
                    await self._ask_for(runs[first : first + _HEADS_PER_QUERY], waiting)
        finally:
            self._asking = None

    async def _ask_for(self, runs: Sequence[_Run], waiting: _Waiting) -> None:
        heads: Mapping[WorkflowRunId, JournalHead] = {}
        failure: Exception | None = None
        try:
            heads = await self._journal.heads(runs)
        except Exception as error:  # noqa: BLE001 - handed on to everyone who asked
            failure = error
        for run in runs:
            for answer in waiting[run]:
                if answer.done():
                    continue
                if failure is None:
                    answer.set_result(heads.get(run[1]))
                else:
                    answer.set_exception(failure)
