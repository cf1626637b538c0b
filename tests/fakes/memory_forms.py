"""Forms of runs in memory."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dify_hex.application.workflow.form_ports import (
    FormDesk,
    FormPlace,
    Forms,
    FormTokens,
    ReceivedAnswer,
    RunTimers,
    SettledForms,
    TimedRun,
)
from dify_hex.domain.shared.ids import FormId, TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import FormClosed, FormNotFound, FormUploadsUsedUp
from dify_hex.domain.workflow.form import Form, FormStatus


class _Told(Protocol):
    def tell(self) -> bool: ...


class _Runs(Protocol):
    @property
    def runs(self) -> Mapping[WorkflowRunId, _Told]: ...


class MemoryForms(Forms, SettledForms, FormDesk):
    """Forms by id; their runs are told as the database would."""

    def __init__(self, runs: _Runs) -> None:
        self._runs = runs
        self.kept: dict[FormId, Form] = {}
        self.uploads: Counter[FormId] = Counter()
        #: Until when the files of an answer are kept.
        self.files_until: dict[FormId, datetime | None] = {}

    async def open(self, tenant_id: TenantId, form: Form) -> Form:
        del tenant_id
        return self.kept.setdefault(form.id, form)

    async def settled(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[Form]:
        done = {FormStatus.ANSWERED, FormStatus.EXPIRED}
        return [form for form in await self.of_run(tenant_id, run_id) if form.status in done]

    async def get(self, place: FormPlace) -> Form:
        if place.form_id not in self.kept:
            raise FormNotFound
        return self.kept[place.form_id]

    async def of_run(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[Form]:
        del tenant_id
        return [form for form in self.kept.values() if form.run_id == run_id]

    async def count_upload(self, place: FormPlace, *, at_most: int) -> None:
        if self.uploads[place.form_id] >= at_most:
            raise FormUploadsUsedUp(limit=at_most)
        self.uploads[place.form_id] += 1

    async def answer(self, place: FormPlace, answer: ReceivedAnswer) -> bool:
        form = await self.get(place)
        if form.status is not FormStatus.OPEN:
            raise FormClosed
        self.kept[form.id] = replace(form, status=FormStatus.ANSWERED, answer=answer.answer)
        self.files_until[form.id] = answer.files_until
        return self._runs.runs[form.run_id].tell()

    def expire(self, form_id: FormId) -> bool:
        """Let a form's time be up."""
        form = self.kept[form_id]
        self.kept[form_id] = replace(form, status=FormStatus.EXPIRED)
        return self._runs.runs[form.run_id].tell()

    def close(self, run_id: WorkflowRunId) -> None:
        """What the end of a run does to its forms."""
        for form in self.kept.values():
            if form.run_id == run_id and form.status is FormStatus.OPEN:
                self.kept[form.id] = replace(form, status=FormStatus.CLOSED)


class MemoryTimers(RunTimers):
    """Expires what is due at a moment that the test says."""

    def __init__(self, forms: MemoryForms, now: Callable[[], datetime]) -> None:
        self._forms = forms
        self._now = now

    async def expire_forms(self, *, limit: int) -> Sequence[TimedRun]:
        due = [
            form
            for form in self._forms.kept.values()
            if form.status is FormStatus.OPEN and form.due_at <= self._now()
        ][:limit]
        return [TimedRun(form.run_id, self._forms.expire(form.id)) for form in due]

    async def expire_runs(self, *, limit: int) -> Sequence[TimedRun]:
        del limit
        return []


class PlainTokens(FormTokens):
    """Tokens that say what they are for."""

    def issue(self, place: FormPlace) -> str:
        return f"{place.tenant_id}.{place.form_id}"

    def read(self, token: str) -> FormPlace:
        tenant, _, form = token.partition(".")
        if not form:
            raise FormNotFound
        return FormPlace(TenantId(UUID(tenant)), FormId(UUID(form)))
