"""Background jobs over HTTP: looked at, tried again, cancelled, dropped."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.application.task.results import keep_result
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.task import TaskProblem
from tests.contract.running_api import RunningApi
from tests.contract.world import World

PROBLEM = TaskProblem(code="sys_unavailable", message="The lamp oil has run out.")


@pytest.fixture
def tenant_id(world: World) -> TenantId:
    me = world.call("GET", "/v1/accounts/me", world.tokens[Role.OWNER]).json()["data"]
    return TenantId(UUID(me["tenant_id"]))


@pytest.fixture
def jobs(api: RunningApi, tenant_id: TenantId) -> "Jobs":
    return Jobs(api, tenant_id)


class Jobs:
    """Asks for jobs and ends them, beside any worker."""

    def __init__(self, api: RunningApi, tenant_id: TenantId) -> None:
        self._api = api
        self._tenant_id = tenant_id
        self.kind = f"kind_{uuid4().hex}"

    def waiting(
        self, queue: JobQueue = JobQueue.LOW, key: str | None = None, kind: str | None = None
    ) -> str:
        """A job that nobody begins."""
        now = datetime.now(UTC)
        request = JobRequest(
            kind=kind or self.kind,
            queue=queue,
            key=key,
            arguments={"lamp": 1},
            max_attempts=1,
            not_before=now + timedelta(days=1000),
        )

        async def ask() -> TaskId:
            async with self._work() as work:
                task_id = await work.jobs.enqueue(request, now=now)
                await work.commit()
            return task_id

        return str(self._api.do(ask()))

    def dead(self, key: str | None = None, kind: str | None = None) -> str:
        """A job that was given up."""
        task_id = self.waiting(key=key, kind=kind)

        async def fail() -> None:
            async with self._work() as work:
                task, now = await work.tasks.get(TaskId(UUID(task_id))), datetime.now(UTC)
                task.stumble(task.begin("tests", now=now), PROBLEM, now=now, jitter=0)
                await work.commit()

        self._api.do(fail())
        return task_id

    def done(self, result: dict[str, Any]) -> str:
        """A job that is over, with what came out."""
        task_id = self.waiting()
        self.end(task_id, result)
        return task_id

    def end(self, task_id: str, result: dict[str, Any] | None = None) -> None:
        """Do a job that waits."""
        known = TaskId(UUID(task_id))

        async def finish() -> None:
            blobs = self._api.container.objects().blobs()
            kept = await keep_result(blobs, self._tenant_id, known, result or {})
            async with self._work() as work:
                task, now = await work.tasks.get(known), datetime.now(UTC)
                task.succeed(task.begin("tests", now=now), kept, now=now)
                await work.commit()

        self._api.do(finish())

    def _work(self) -> SqlUnitOfWork:
        work: SqlUnitOfWork = self._api.container.shared().begin()(self._tenant_id)
        return work


async def test_a_task_shows_where_it_stands(client: httpx.AsyncClient, jobs: Jobs) -> None:
    task_id = jobs.waiting(JobQueue.HIGH, key="lamp 1")

    answer = await client.get(f"/v1/tasks/{task_id}")

    task = answer.json()["data"]
    assert answer.status_code == 200
    assert task["status"] == "pending"
    assert (task["queue"], task["key"]) == ("high", "lamp 1")
    assert (task["progress"], task["arguments"]) == (0.0, {"lamp": 1})
    assert task["error"] is None
    assert task["result"] is None


async def test_a_list_is_filtered_and_goes_on_from_a_cursor(
    client: httpx.AsyncClient, jobs: Jobs
) -> None:
    made = [jobs.waiting(), jobs.waiting(JobQueue.HIGH), jobs.dead()]

    async def listed(**query: Any) -> list[str]:
        answer = await client.get("/v1/tasks", params={"kind": jobs.kind, **query})
        return [task["id"] for task in answer.json()["data"]]

    assert await listed() == list(reversed(made))
    assert await listed(queue="high") == [made[1]]
    assert await listed(status="failure") == [made[2]]
    assert await listed(dead=True) == [made[2]]
    first = (await client.get("/v1/tasks", params={"kind": jobs.kind, "limit": 2})).json()
    assert first["pagination"]["has_more"]
    assert await listed(after=first["pagination"]["next_cursor"]) == [made[0]]


async def test_a_cancelled_task_fails_with_a_code_of_its_own(
    client: httpx.AsyncClient, jobs: Jobs
) -> None:
    task_id = jobs.waiting()

    answer = await client.post(f"/v1/tasks/{task_id}/cancel")

    task = answer.json()["data"]
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/tasks/{task_id}"
    assert (task["status"], task["error"]["code"]) == ("failure", "task_cancelled")
    assert not task["dead"]
    again = await client.post(f"/v1/tasks/{task_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "task_is_over")


async def test_a_dead_letter_says_why_and_is_tried_again(
    client: httpx.AsyncClient, jobs: Jobs
) -> None:
    task_id = jobs.dead()
    dead = (await client.get(f"/v1/tasks/{task_id}")).json()["data"]

    answer = await client.post(f"/v1/tasks/{task_id}/retry")

    assert dead["dead"]
    assert dead["error"] == {"code": PROBLEM.code, "message": PROBLEM.message}
    task = answer.json()["data"]
    assert answer.status_code == 202
    assert (task["status"], task["dead"], task["attempts"]) == ("pending", False, 0)
    again = await client.post(f"/v1/tasks/{task_id}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "task_not_failed")


async def test_work_that_another_task_does_is_not_tried_again(
    client: httpx.AsyncClient, jobs: Jobs
) -> None:
    task_id = jobs.dead(key="the lamp")
    jobs.waiting(key="the lamp")

    answer = await client.post(f"/v1/tasks/{task_id}/retry")

    assert (answer.status_code, answer.json()["code"]) == (409, "task_key_busy")


async def test_a_dead_letter_is_dropped(client: httpx.AsyncClient, jobs: Jobs) -> None:
    task_id = jobs.dead()

    answer = await client.delete(f"/v1/tasks/{task_id}")

    assert answer.status_code == 204
    assert (await client.get(f"/v1/tasks/{task_id}")).status_code == 404


async def test_what_has_not_failed_cannot_be_dropped(client: httpx.AsyncClient, jobs: Jobs) -> None:
    answer = await client.delete(f"/v1/tasks/{jobs.waiting()}")

    assert (answer.status_code, answer.json()["code"]) == (409, "task_not_failed")


@pytest.mark.parametrize("kind", ["delete_document", "delete_knowledge", "reembed_knowledge"])
async def test_what_is_owed_is_neither_cancelled_nor_dropped(
    client: httpx.AsyncClient, jobs: Jobs, kind: str
) -> None:
    cancelled = await client.post(f"/v1/tasks/{jobs.waiting(kind=kind)}/cancel")
    dropped = await client.delete(f"/v1/tasks/{jobs.dead(kind=kind)}")

    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "task_is_owed")
    assert (dropped.status_code, dropped.json()["code"]) == (409, "task_is_owed")


async def test_who_may_not_change_documents_does_not_steer_their_tasks(
    world: World, jobs: Jobs
) -> None:
    waiting, dead = jobs.waiting(kind="index_document"), jobs.dead(kind="index_document")
    operator = world.tokens[Role.OPERATOR]

    for method, path in (
        ("POST", f"/v1/tasks/{waiting}/cancel"),
        ("POST", f"/v1/tasks/{dead}/retry"),
        ("DELETE", f"/v1/tasks/{dead}"),
    ):
        assert world.call(method, path, operator).status_code == 403
    assert world.call("POST", f"/v1/tasks/{jobs.waiting()}/cancel", operator).status_code == 202


async def test_a_long_result_is_whole_in_the_task_and_left_out_of_lists(
    client: httpx.AsyncClient, jobs: Jobs
) -> None:
    result = {"lamps": ["lit"] * 5000}
    task_id = jobs.done(result)

    shown = (await client.get(f"/v1/tasks/{task_id}")).json()["data"]
    [listed] = (await client.get("/v1/tasks", params={"kind": jobs.kind})).json()["data"]

    assert shown["result"] == result
    assert listed["result"] is None


@pytest.mark.parametrize("query", ["status=done", "queue=slow", "kind=", "after=1", "dead=perhaps"])
async def test_nonsense_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/tasks?{query}")

    assert answer.status_code == 422


async def test_a_kind_that_no_text_can_be_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/tasks?kind=%00")

    assert answer.status_code in {400, 422}
