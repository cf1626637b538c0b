"""Forms on PostgreSQL: opened once, answered once, and never without their run hearing of it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import pytest

from dify_hex.adapters.persistence.workflow.forms import PostgresForms
from dify_hex.adapters.persistence.workflow.timers import PostgresRunTimers
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.form_ports import FormPlace, ReceivedAnswer
from dify_hex.application.workflow.records import Lease
from dify_hex.domain.shared.ids import FormId, TenantId
from dify_hex.domain.workflow.errors import FormClosed, FormNotFound, FormUploadsUsedUp
from dify_hex.domain.workflow.form import Form, FormAnswer, FormStatus, address_of
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.stored_runs import Runs, age, ending
from tests.builders.workflow import NOW

ANSWER = FormAnswer(action="send", values={"words": "Hello."})
RECEIVED = ReceivedAnswer(answer=ANSWER, sent_by="10.0.0.1")


@pytest.fixture
def forms(pool: asyncpg.Pool) -> PostgresForms:
    return PostgresForms(pool)


@pytest.fixture
def timers(system_pool: asyncpg.Pool) -> PostgresRunTimers:
    return PostgresRunTimers(system_pool)


def form_of(lease: Lease, *, due_at: datetime | None = None) -> Form:
    return Form(
        id=FormId(new_id()),
        run_id=lease.run_id,
        address=address_of("/each.3", "ask"),
        content="Say it: {{#$output.words#}}",
        inputs=({"name": "words", "type": "paragraph", "default": None},),
        actions=({"id": "send", "title": "Send", "button_style": "default"},),
        status=FormStatus.OPEN,
        created_at=NOW,
        due_at=due_at or NOW + timedelta(days=3650),
    )


def place_of(lease: Lease, form: Form) -> FormPlace:
    return FormPlace(lease.tenant_id, form.id)


async def waiting(runs: Runs, forms: PostgresForms, **fields: datetime) -> tuple[Lease, Form]:
    """A run that waits for a form."""
    lease = await runs.born()
    form = await forms.open(lease.tenant_id, form_of(lease, **fields))
    await pause(runs, lease, form)
    return lease, form


async def pause(runs: Runs, lease: Lease, form: Form, *, requested: bool = False) -> None:
    await runs.journal.finish(
        replace(
            ending(lease, 3),
            status=RunStatus.PAUSED,
            awaited=(form.id,),
            has_asked=True,
            pause_requested=requested,
        )
    )


async def status_of(runs: Runs, lease: Lease) -> RunStatus:
    heads = await runs.journal.heads([(lease.tenant_id, lease.run_id)])
    return heads[lease.run_id].status


async def claims(runs: Runs, lease: Lease) -> bool:
    """Whether a worker finds the run."""
    claimed = await runs.leases.claim_due("worker-1", limit=1000)
    return lease.run_id in {each.lease.run_id for each in claimed}


class TestOpening:
    async def test_a_form_is_kept_as_it_was_asked_for(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease = await runs.born()
        form = form_of(lease)

        assert await forms.open(lease.tenant_id, form) == form
        assert await forms.get(place_of(lease, form)) == form
        assert await forms.of_run(lease.tenant_id, lease.run_id) == [form]

    async def test_opening_it_again_finds_the_first(self, runs: Runs, forms: PostgresForms) -> None:
        lease = await runs.born()
        form = await forms.open(lease.tenant_id, form_of(lease))

        again = await forms.open(lease.tenant_id, replace(form, content="Another text"))

        assert again == form

    async def test_the_form_of_another_tenant_does_not_exist(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease = await runs.born()
        form = await forms.open(lease.tenant_id, form_of(lease))

        with pytest.raises(FormNotFound):
            await forms.get(FormPlace(TenantId(new_id()), form.id))
        with pytest.raises(FormClosed):
            await forms.answer(FormPlace(TenantId(new_id()), form.id), RECEIVED)


class TestAnswering:
    async def test_an_answer_makes_the_paused_run_due_in_the_same_transaction(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease, form = await waiting(runs, forms)
        assert not await claims(runs, lease)

        assert await forms.answer(place_of(lease, form), RECEIVED)

        (settled,) = await forms.settled(lease.tenant_id, lease.run_id)
        assert settled.answer == ANSWER
        assert await claims(runs, lease)
        assert (await runs.control.get(lease.tenant_id, lease.run_id)).background

    @pytest.mark.usefixtures("settled")
    async def test_an_answer_outlives_whoever_picked_it_up(
        self, runs: Runs, forms: PostgresForms, owner: asyncpg.Connection
    ) -> None:
        lease, form = await waiting(runs, forms)
        await forms.answer(place_of(lease, form), RECEIVED)
        # A worker takes the run, and is killed before it has read anything.
        claimed = {each.lease.run_id: each for each in await runs.leases.claim_due("w", limit=1000)}
        await age(owner, claimed[lease.run_id].lease)

        assert await claims(runs, lease)
        (settled,) = await forms.settled(lease.tenant_id, lease.run_id)
        assert settled.status is FormStatus.ANSWERED

    async def test_of_many_answers_at_once_one_counts(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease, form = await waiting(runs, forms)
        answers = [FormAnswer(action="send", values={"words": str(n)}) for n in range(8)]

        outcomes = await asyncio.gather(
            *(forms.answer(place_of(lease, form), ReceivedAnswer(answer=each)) for each in answers),
            return_exceptions=True,
        )

        assert sum(isinstance(each, FormClosed) for each in outcomes) == 7
        assert (await forms.get(place_of(lease, form))).answer in answers

    async def test_a_running_run_hears_of_it_with_the_next_renewal(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease = await runs.born()
        form = await forms.open(lease.tenant_id, form_of(lease))
        before = (await runs.leases.renew([lease]))[lease.run_id]

        assert not await forms.answer(place_of(lease, form), RECEIVED)

        after = (await runs.leases.renew([lease]))[lease.run_id]
        assert (before.inbox, after.inbox) == (0, 1)

    async def test_an_answer_that_overtakes_the_pause_leaves_the_run_due(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease = await runs.born()
        form = await forms.open(lease.tenant_id, form_of(lease))
        await forms.answer(place_of(lease, form), RECEIVED)

        await pause(runs, lease, form)

        assert await claims(runs, lease)

    async def test_answers_and_pauses_at_once_never_lose_a_run(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        places = []
        for _ in range(12):
            lease = await runs.born()
            places.append((lease, await forms.open(lease.tenant_id, form_of(lease))))

        async with asyncio.timeout(30):
            await asyncio.gather(
                *(pause(runs, lease, form) for lease, form in places),
                *(forms.answer(place_of(lease, form), RECEIVED) for lease, form in places),
            )

        found = await runs.leases.claim_due("worker-1", limit=1000)
        assert {lease.run_id for lease, _ in places} <= {each.lease.run_id for each in found}

    async def test_what_was_paused_on_purpose_stays_so(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease, form = await waiting(runs, forms)
        await runs.control.desire(lease.tenant_id, lease.run_id, DesiredState.PAUSE)

        assert await forms.answer(place_of(lease, form), RECEIVED)
        assert await status_of(runs, lease) is RunStatus.PAUSED

        assert await runs.control.resume(lease.tenant_id, lease.run_id) is RunStatus.PAUSED
        assert await claims(runs, lease)

    async def test_the_end_of_the_run_closes_its_forms(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease = await runs.born()
        form = await forms.open(lease.tenant_id, form_of(lease))

        await runs.journal.finish(replace(ending(lease, 3), has_asked=True))

        assert (await forms.get(place_of(lease, form))).status is FormStatus.CLOSED
        with pytest.raises(FormClosed):
            await forms.answer(place_of(lease, form), RECEIVED)


class TestFiles:
    async def test_uploads_are_counted_up_to_a_limit_however_many_come_at_once(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease, form = await waiting(runs, forms)

        outcomes = await asyncio.gather(
            *(forms.count_upload(place_of(lease, form), at_most=3) for _ in range(8)),
            return_exceptions=True,
        )

        assert [isinstance(each, FormUploadsUsedUp) for each in outcomes].count(True) == 5

    async def test_nothing_is_handed_in_for_a_form_that_was_answered(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease, form = await waiting(runs, forms)
        await forms.answer(place_of(lease, form), RECEIVED)

        with pytest.raises(FormUploadsUsedUp):
            await forms.count_upload(place_of(lease, form), at_most=3)


class TestPauses:
    async def test_a_resume_that_overtakes_the_pause_leaves_the_run_due(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease = await runs.born()
        form = form_of(lease)
        await runs.control.desire(lease.tenant_id, lease.run_id, DesiredState.PAUSE)
        await runs.control.resume(lease.tenant_id, lease.run_id)

        await pause(runs, lease, form, requested=True)

        assert await claims(runs, lease)

    async def test_a_stop_that_overtakes_the_pause_leaves_the_run_due(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease = await runs.born()
        await runs.control.desire(lease.tenant_id, lease.run_id, DesiredState.STOP)

        await pause(runs, lease, form_of(lease))

        assert await claims(runs, lease)

    async def test_a_run_that_has_ended_is_not_resumed(self, runs: Runs) -> None:
        lease = await runs.born()
        await runs.journal.finish(ending(lease, 3))

        assert await runs.control.resume(lease.tenant_id, lease.run_id) is RunStatus.SUCCEEDED
        assert await status_of(runs, lease) is RunStatus.SUCCEEDED


class TestTimers:
    async def test_a_form_whose_time_is_up_makes_its_run_due(
        self, runs: Runs, forms: PostgresForms, timers: PostgresRunTimers
    ) -> None:
        lease, form = await waiting(runs, forms, due_at=NOW - timedelta(days=3650))

        told = {each.run_id: each.is_due for each in await timers.expire_forms(limit=1000)}

        assert told[lease.run_id]
        assert (await forms.get(place_of(lease, form))).status is FormStatus.EXPIRED
        assert await claims(runs, lease)

    async def test_a_late_answer_finds_the_form_closed(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease, form = await waiting(runs, forms, due_at=NOW - timedelta(days=3650))

        with pytest.raises(FormClosed):
            await forms.answer(place_of(lease, form), RECEIVED)

    async def test_a_late_timer_changes_nothing(
        self, runs: Runs, forms: PostgresForms, timers: PostgresRunTimers
    ) -> None:
        lease, form = await waiting(runs, forms)
        await forms.answer(place_of(lease, form), RECEIVED)

        told = await timers.expire_forms(limit=1000)

        assert lease.run_id not in {each.run_id for each in told}
        assert (await forms.get(place_of(lease, form))).status is FormStatus.ANSWERED

    async def test_a_paused_run_is_due_to_expire_when_its_time_is_up(
        self, runs: Runs, timers: PostgresRunTimers
    ) -> None:
        lease = await runs.born()
        await runs.control.desire(lease.tenant_id, lease.run_id, DesiredState.PAUSE)
        long_ago = NOW - timedelta(days=3650)
        await runs.journal.finish(
            replace(
                ending(lease, 3), status=RunStatus.PAUSED, due_at=long_ago, pause_requested=True
            )
        )

        told = await timers.expire_runs(limit=1000)

        assert lease.run_id in {each.run_id for each in told}
        stored = await runs.control.get(lease.tenant_id, lease.run_id)
        assert stored.desired_state is DesiredState.EXPIRE
        assert await claims(runs, lease)

    async def test_two_sweeps_share_the_work(
        self, runs: Runs, forms: PostgresForms, timers: PostgresRunTimers
    ) -> None:
        due = NOW - timedelta(days=3650)
        leases = [(await waiting(runs, forms, due_at=due))[0] for _ in range(6)]

        found = await asyncio.gather(*(timers.expire_forms(limit=1000) for _ in range(3)))

        told = [each.run_id for batch in found for each in batch]
        assert [told.count(lease.run_id) for lease in leases] == [1] * 6


class TestOwners:
    async def test_a_pause_starts_the_count_of_owners_anew(
        self, runs: Runs, forms: PostgresForms
    ) -> None:
        lease, form = await waiting(runs, forms)
        await forms.answer(place_of(lease, form), RECEIVED)
        await claims(runs, lease)

        assert (await runs.control.get(lease.tenant_id, lease.run_id)).owners == 1
