"""A run waits for a form, and goes on when it is answered or its time is up."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.application.file.file_intake import FileIntake
from dify_hex.application.workflow.answer_form import AnswerForm, AnswerFormCommand
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.form_files import FormFiles
from dify_hex.application.workflow.form_ports import FormPlace
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput
from dify_hex.application.workflow.nodes.human_input import HumanInputExecutor
from dify_hex.application.workflow.pause_run import PauseRun
from dify_hex.application.workflow.resume_run import ResumeRun
from dify_hex.application.workflow.show_form import ShowForm
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.application.workflow.sweep_timers import SweepTimers
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import FormAnswerInvalid, FormClosed, RunTransitionRefused
from dify_hex.domain.workflow.form import Form, FormStatus
from dify_hex.domain.workflow.nodes.human_input import (
    FieldType,
    FormField,
    HumanInputConfig,
    UserAction,
)
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.engine import Engine, claimer_of, keeper_of, until
from tests.builders.node_services import services
from tests.fakes.memory_file import MemoryFileWork
from tests.fakes.memory_forms import MemoryForms, MemoryTimers, PlainTokens
from tests.fakes.memory_storage import MemoryFileStorage
from tests.fakes.memory_work import MemoryDatabase
from tests.fakes.scripted_nodes import ScriptedNodes
from tests.unit.application.file.conftest import LIMITS

CONFIG = HumanInputConfig(
    form_content="Say something: {{#$output.words#}}",
    inputs=(FormField(type=FieldType.PARAGRAPH, output_variable_name="words"),),
    user_actions=(UserAction(id="send", title="Send"),),
)


class Asking:
    """An engine whose model node asks somebody instead."""

    def __init__(self, engine: Engine | None = None, config: HumanInputConfig = CONFIG) -> None:
        self.config = config
        self.database = MemoryDatabase()
        self.storage = MemoryFileStorage()
        runs = None if engine is None else engine.runs
        self.engine = Engine(nodes=ScriptedNodes(self.script), runs=runs)

    async def script(self, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        executor = HumanInputExecutor(replace(services(), forms=self.forms))
        async for output in executor.execute(self.config, context):
            yield output

    @property
    def forms(self) -> MemoryForms:
        return self.engine.runs.forms

    def form(self) -> Form:
        (form,) = self.forms.kept.values()
        return form

    async def ask(self) -> RunResult:
        return await (await self.engine.launch()).result()

    @property
    def form_files(self) -> FormFiles:
        """Over memory, under the limits that files have in tests."""
        clock = self.engine.clock
        intake = FileIntake(begin=self.begin, clock=clock, storage=self.storage, limits=LIMITS)
        return FormFiles(begin=self.begin, intake=intake, limits=LIMITS, clock=clock)

    def begin(self, tenant_id: TenantId) -> MemoryFileWork:
        return MemoryFileWork(self.database, tenant_id)

    async def answer(self, words: str = "Hello.", action: str = "send") -> Form:
        return await self.send({"words": words}, action)

    async def send(self, inputs: JsonObject, action: str = "send") -> Form:
        use_case = AnswerForm(
            desk=self.forms,
            tokens=PlainTokens(),
            files=self.form_files,
            signals=self.engine.signals,
            clock=self.engine.clock,
        )
        return await use_case.execute(
            AnswerFormCommand(token=self.token(), action=action, inputs=inputs)
        )

    def token(self) -> str:
        return PlainTokens().issue(FormPlace(self.engine.actor.tenant_id, self.form().id))

    async def go_on(self) -> RunStatus:
        """What becomes of the run in another process."""
        other = Asking(self.engine, self.config)
        other.engine.actor = self.engine.actor
        await claimer_of(other.engine).claim_once()
        run = self.engine.only_run()
        await until(lambda: run.owner is None)
        return run.status


class TestWaiting:
    async def test_a_run_that_asks_somebody_pauses_without_an_owner(self) -> None:
        asking = Asking()

        result = await asking.ask()

        assert result.status is RunStatus.PAUSED
        assert asking.engine.journal()[-2:] == ["input.requested", "run.paused"]
        assert asking.engine.only_run().owner is None
        assert asking.form().status is FormStatus.OPEN

    async def test_an_answer_makes_the_run_due_and_its_words_are_the_nodes_outputs(self) -> None:
        asking = Asking()
        await asking.ask()

        await asking.answer("I am here.")

        assert asking.engine.signals.told_workers == 1
        assert await asking.go_on() is RunStatus.SUCCEEDED
        journal = asking.engine.journal()
        assert journal[journal.index("run.paused") :][:3] == [
            "run.paused",
            "run.resumed",
            "node.succeeded",
        ]
        succeeded = asking.engine.only_run().rows[journal.index("run.resumed") + 1]
        assert '"words":"I am here."' in succeeded.payload
        assert '"__rendered_content":"Say something: I am here."' in succeeded.payload
        assert '"handle":"send"' in succeeded.payload

    async def test_the_first_answer_counts(self) -> None:
        asking = Asking()
        await asking.ask()
        await asking.answer("First.")

        with pytest.raises(FormClosed):
            await asking.answer("Second.")

        answer = asking.form().answer
        assert answer is not None
        assert answer.values == {"words": "First."}

    async def test_an_answer_that_does_not_fit_changes_nothing(self) -> None:
        asking = Asking()
        await asking.ask()

        with pytest.raises(FormAnswerInvalid) as caught:
            await asking.answer(action="burn")

        assert [fault.path for fault in caught.value.faults] == ["action"]
        assert asking.form().status is FormStatus.OPEN
        assert asking.engine.only_run().status is RunStatus.PAUSED

    async def test_a_form_nobody_answers_in_time_takes_its_branch(self) -> None:
        asking = Asking()
        await asking.ask()
        later = asking.engine.clock.now() + timedelta(days=3)
        timers = MemoryTimers(asking.forms, lambda: later)

        told = await SweepTimers(timers=timers, signals=asking.engine.signals).execute()
        status = await asking.go_on()

        assert told == 1
        assert status is RunStatus.SUCCEEDED
        row = next(row for row in asking.engine.only_run().rows if "__timeout" in row.payload)
        assert row.type == "node.succeeded"

    async def test_the_end_of_the_run_closes_its_forms(self) -> None:
        asking = Asking()
        await asking.ask()
        engine = asking.engine
        stop = StopRun(
            control=engine.runs, leases=engine.runs, signals=engine.signals, host=engine.host
        )

        await stop.execute(engine.actor, engine.only_id())
        await until(lambda: engine.only_run().status.is_final)

        assert asking.form().status is FormStatus.CLOSED
        with pytest.raises(FormClosed):
            await asking.answer()
        with pytest.raises(FormClosed):
            await ShowForm(desk=asking.forms, tokens=PlainTokens(), clock=engine.clock).execute(
                asking.token()
            )


class TestRaces:
    async def test_an_answer_during_the_pause_is_not_lost(self) -> None:
        asking = Asking()
        engine = asking.engine
        handle = await engine.launch()
        await until(lambda: bool(asking.forms.kept))
        engine.runs.gate.clear()
        await until(lambda: not engine.nodes.open_calls)

        await asking.answer("Quick.")
        engine.runs.gate.set()
        await handle.result()

        assert engine.only_run().status is RunStatus.RUNNING
        await asking.go_on()
        assert "node.succeeded" in engine.journal()[engine.journal().index("run.resumed") :]

    async def test_a_renewal_brings_an_answer_to_a_run_that_is_under_way(self) -> None:
        asking = Asking()
        engine = asking.engine
        await asking.ask()
        run = engine.only_run()
        await asking.answer("Now.")
        run.stored = type(run.stored)(
            graph=run.stored.graph,
            background=True,
            resume_window=run.stored.resume_window,
            desired_state=DesiredState.RUN,
            inbox=run.stored.inbox,
        )
        await claimer_of(engine).claim_once()
        await keeper_of(engine).renew([hosted.lease for hosted in engine.host.runs])
        await until(lambda: run.status.is_final)

        assert engine.journal().count("node.succeeded") >= 2

    async def test_an_answer_that_a_dead_owner_did_not_hear_of_is_picked_up(self) -> None:
        asking = Asking()
        await asking.ask()
        await asking.answer("Kept.")
        # Somebody claims the run, and dies before it has written anything.
        run = asking.engine.only_run()
        await asking.engine.runs.claim_due("dead", limit=10)
        run.expired = True

        await asking.go_on()

        assert sum('"words":"Kept."' in row.payload for row in run.rows) == 1

    async def test_a_form_that_was_answered_before_its_node_began_anew_is_its_outcome(
        self,
    ) -> None:
        asking = Asking()
        engine = asking.engine
        engine.runs.gate.clear()
        await engine.launch()
        await until(lambda: bool(asking.forms.kept))
        await asking.answer("Early.")
        engine.only_run().expired = True
        engine.runs.gate.set()

        await asking.go_on()

        assert sum('"words":"Early."' in row.payload for row in engine.only_run().rows) == 1
        assert len(asking.forms.kept) == 1
        await engine.host.drain(seconds=0)


class TestPausing:
    async def test_what_was_paused_on_purpose_waits_in_spite_of_an_answer(self) -> None:
        asking = Asking()
        await asking.ask()
        engine = asking.engine
        pause = PauseRun(control=engine.runs, signals=engine.signals, host=engine.host)
        resume = ResumeRun(control=engine.runs, signals=engine.signals, host=engine.host)
        await pause.execute(engine.actor, engine.only_id())

        await asking.answer("Later.")
        assert engine.only_run().status is RunStatus.PAUSED
        await resume.execute(engine.actor, engine.only_id())
        await asking.go_on()

        assert any('"words":"Later."' in row.payload for row in engine.only_run().rows)

    async def test_a_run_that_has_ended_is_neither_paused_nor_resumed(self) -> None:
        engine = Engine()
        await (await engine.launch()).result()
        pause = PauseRun(control=engine.runs, signals=engine.signals, host=engine.host)
        resume = ResumeRun(control=engine.runs, signals=engine.signals, host=engine.host)

        for use_case in (pause, resume):
            with pytest.raises(RunTransitionRefused):
                await use_case.execute(engine.actor, engine.only_id())

    async def test_a_pause_that_is_taken_back_in_time_never_comes(self) -> None:
        asking = Asking()
        engine = asking.engine
        engine.runs.gate.clear()
        handle = await engine.launch()
        pause = PauseRun(control=engine.runs, signals=engine.signals, host=engine.host)
        resume = ResumeRun(control=engine.runs, signals=engine.signals, host=engine.host)

        await pause.execute(engine.actor, engine.only_id())
        await resume.execute(engine.actor, engine.only_id())
        engine.runs.gate.set()
        await handle.result()

        assert "input.requested" in engine.journal()

    async def test_a_paused_run_expires_when_nobody_comes_back(self) -> None:
        asking = Asking()
        await asking.ask()
        run = asking.engine.only_run()
        await asking.engine.runs.desire(run.tenant_id, asking.engine.only_id(), DesiredState.EXPIRE)
        run.make_due()

        assert await asking.go_on() is RunStatus.EXPIRED
