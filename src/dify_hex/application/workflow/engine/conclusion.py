"""How a run ends or pauses: its last events, and all that becomes true together with them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.engine.commands import Pause
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.records import Lease, RunEnding
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.events import EVENT_FOR
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.statuses import RunStatus

#: How long somebody may take to come back to a paused run.
PAUSE_EXPIRY = timedelta(hours=24)
#: Why a run pauses by itself.
WAITING_FOR_INPUT = "input"


class RunConclusion:
    """Ends one run; by then nothing of it may be under way."""

    def __init__(
        self,
        *,
        run: WorkflowRun,
        lease: Lease,
        recorder: RunRecorder,
        text: MessageText,
        clock: Clock,
    ) -> None:
        self._run = run
        self._lease = lease
        self._recorder = recorder
        self._text = text
        self._clock = clock

    async def conclude(self, pausing: Pause | None) -> RunResult:
        """End well, or pause because somebody asked for it or has to answer first."""
        run, now = self._run, self._clock.now()
        self._text.flush()
        if run.is_exhausted:
            return await self._end(run.succeed(answer=self._text.text, now=now))
        if pausing is not None:
            events = run.pause(pausing.reason, now=now)
            return await self._end(events, due_at=now + PAUSE_EXPIRY, requested=True)
        return await self._end(run.pause(WAITING_FOR_INPUT, now=now))

    async def fail(self, error: RunError) -> RunResult:
        """End with an error."""
        self._text.flush()
        now = self._clock.now()
        return await self._end(self._run.fail(error, answer=self._text.text, now=now), error)

    async def stop(self, reason: str) -> RunResult:
        """End because somebody wants it."""
        self._text.flush()
        now = self._clock.now()
        return await self._end(self._run.stop(reason, answer=self._text.text, now=now))

    async def expire(self) -> RunResult:
        """End because nobody came back."""
        now = self._clock.now()
        return await self._end(self._run.expire(answer=self._text.text, now=now))

    async def _end(
        self,
        events: Sequence[RunEvent],
        error: RunError | None = None,
        due_at: datetime | None = None,
        requested: bool = False,
    ) -> RunResult:
        self._recorder.record_ending(events)
        run, at = self._run, events[-1].at
        outputs = run.outputs(self._text.text)
        await self._recorder.finish(self._ending(at, outputs, error, due_at, requested))
        return RunResult(
            run_id=run.run_id,
            status=run.status,
            answer=self._text.text,
            outputs=outputs,
            usage=run.usage,
            error=error,
            at=at,
            citations=run.citations,
        )

    def _ending(
        self,
        at: datetime,
        outputs: JsonObject,
        error: RunError | None,
        due_at: datetime | None,
        requested: bool,
    ) -> RunEnding:
        run, message_id = self._run, self._run.facts.message_id
        return RunEnding(
            lease=self._lease,
            rows=self._recorder.unsent_rows(),
            status=run.status,
            usage=run.usage,
            steps=run.steps,
            at=at,
            event=EVENT_FOR[run.status](
                tenant_id=run.tenant_id,
                occurred_at=at,
                run_id=run.run_id,
                status=run.status,
                message_id=message_id,
                error_code=None if error is None else error.code,
                prompt_tokens=run.usage.prompt_tokens,
                completion_tokens=run.usage.completion_tokens,
            ),
            error=error,
            message_id=message_id,
            answer=None if message_id is None else self._text.text,
            citations=run.citations,
            outputs=None if run.status is RunStatus.PAUSED else outputs,
            conversation_id=run.facts.conversation_id,
            assigned=dict(run.assigned),
            due_at=due_at,
            pause_requested=requested,
            awaited=tuple(form.form_id for form in run.waiting_nodes().values()),
            has_asked=run.has_asked,
        )
