"""Forms of runs, on PostgreSQL: opened by nodes, answered by people."""

from collections.abc import Sequence

import asyncpg
import orjson

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.adapters.persistence.workflow import form_statements
from dify_hex.application.workflow.form_ports import (
    FormDesk,
    FormPlace,
    Forms,
    ReceivedAnswer,
    SettledForms,
)
from dify_hex.domain.shared.ids import FormId, TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import FormClosed, FormNotFound, FormUploadsUsedUp
from dify_hex.domain.workflow.form import Form, FormAnswer, FormStatus, address_of
from dify_hex.domain.workflow.statuses import RunStatus


class PostgresForms(Forms, SettledForms, FormDesk):
    """Works as the application, tenant by name."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def open(self, tenant_id: TenantId, form: Form) -> Form:
        """Keep the form once, whoever asks how often."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            await connection.execute(
                form_statements.OPEN,
                form.id,
                tenant_id,
                form.run_id,
                form.address.frame,
                form.address.node_id,
                form.content,
                orjson.dumps(form.inputs).decode(),
                orjson.dumps(form.actions).decode(),
                form.created_at,
                form.due_at,
            )
            return _form(await connection.fetchrow(form_statements.READ, tenant_id, form.id))

    async def settled(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[Form]:
        """Those that have come to an outcome."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            found = await connection.fetch(form_statements.SETTLED, tenant_id, run_id)
        return [_form(row) for row in found]

    async def get(self, place: FormPlace) -> Form:
        """The form."""
        async with tenant_connection(self._pool, place.tenant_id) as connection:
            row = await connection.fetchrow(form_statements.READ, place.tenant_id, place.form_id)
        if row is None:
            raise FormNotFound
        return _form(row)

    async def of_run(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[Form]:
        """All of a run."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            found = await connection.fetch(form_statements.OF_RUN, tenant_id, run_id)
        return [_form(row) for row in found]

    async def count_upload(self, place: FormPlace, *, at_most: int) -> None:
        """One statement counts and compares."""
        key = (place.tenant_id, place.form_id)
        async with tenant_connection(self._pool, place.tenant_id) as connection:
            if await connection.fetchval(form_statements.COUNT_UPLOAD, *key, at_most) is None:
                raise FormUploadsUsedUp(limit=at_most)

    async def answer(self, place: FormPlace, answer: ReceivedAnswer) -> bool:
        """Form and run change together, the run's row being locked first."""
        said = answer.answer
        kept = orjson.dumps({"action": said.action, "values": dict(said.values)}).decode()
        key = (place.tenant_id, place.form_id)
        async with tenant_connection(self._pool, place.tenant_id) as connection:
            run = await connection.fetchrow(form_statements.LOCK_RUN, *key)
            if run is None or RunStatus(run["status"]).is_final:
                raise FormClosed
            run_id = await connection.fetchval(form_statements.ANSWER, *key, kept, answer.sent_by)
            if run_id is None:
                raise FormClosed
            if said.files:
                until = answer.files_until
                await connection.execute(form_statements.KEEP_FILES, *key, said.files, until)
            return bool(await connection.fetchval(form_statements.TELL_RUN, run_id))


def _form(row: asyncpg.Record) -> Form:
    answer = None if row["answer"] is None else orjson.loads(row["answer"])
    return Form(
        id=FormId(row["id"]),
        run_id=WorkflowRunId(row["run_id"]),
        address=address_of(row["frame"], row["node_id"]),
        content=row["content"],
        inputs=tuple(orjson.loads(row["inputs"])),
        actions=tuple(orjson.loads(row["actions"])),
        status=FormStatus(row["status"]),
        created_at=row["created_at"],
        due_at=row["due_at"],
        answer=None if answer is None else FormAnswer(**answer),
        answered_at=row["answered_at"],
    )
