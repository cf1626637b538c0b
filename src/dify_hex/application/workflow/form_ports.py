"""What runs and those who answer need so that a form can be kept, found and filled."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dify_hex.domain.shared.ids import FormId, TenantId, WorkflowRunId
from dify_hex.domain.workflow.form import Form, FormAnswer


@dataclass(frozen=True, slots=True)
class FormPlace:
    """Where a form is: all that its token says."""

    tenant_id: TenantId
    form_id: FormId


class FormTokens(Protocol):
    """Makes the tokens with which forms are answered; nobody else can make one."""

    @abstractmethod
    def issue(self, place: FormPlace) -> str:
        """The form's token, fit for an address."""

    @abstractmethod
    def read(self, token: str) -> FormPlace:
        """The form that the token is for.

        Raises:
            FormNotFound: it was not made here.
        """


class Forms(Protocol):
    """Where the nodes of runs open their forms."""

    @abstractmethod
    async def open(self, tenant_id: TenantId, form: Form) -> Form:
        """Keep the form, unless it is kept already; returns it as it is kept."""


class SettledForms(Protocol):
    """What has become of a run's forms."""

    @abstractmethod
    async def settled(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[Form]:
        """The run's forms that were answered, or whose time is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedAnswer:
    """An answer, where it came from, and until when its files are kept; None is for good."""

    answer: FormAnswer
    sent_by: str | None = None
    files_until: datetime | None = None


class FormDesk(Protocol):
    """Where forms are looked at and answered."""

    @abstractmethod
    async def get(self, place: FormPlace) -> Form:
        """The form.

        Raises:
            FormNotFound: there is none.
        """

    @abstractmethod
    async def of_run(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[Form]:
        """All forms of a run, the oldest first."""

    @abstractmethod
    async def count_upload(self, place: FormPlace, *, at_most: int) -> None:
        """Count a file that is about to be handed in.

        Raises:
            FormUploadsUsedUp: so many were handed in before, or the form was closed meanwhile.
        """

    @abstractmethod
    async def answer(self, place: FormPlace, answer: ReceivedAnswer) -> bool:
        """Keep the answer and its files and tell the run's owner; whether a run is due now.

        All of it at once. A paused run has no owner, and becomes due for whoever claims it, unless
        somebody has paused it on purpose.

        Raises:
            FormClosed: somebody was faster, its time is up, or its run has ended.
        """


@dataclass(frozen=True, slots=True)
class TimedRun:
    """A run that a timer has told something; one that is due waits for whoever claims it."""

    run_id: WorkflowRunId
    is_due: bool


class RunTimers(Protocol):
    """What has become due in runs, of all tenants."""

    @abstractmethod
    async def expire_forms(self, *, limit: int) -> Sequence[TimedRun]:
        """End the waiting of forms whose time is up; their runs."""

    @abstractmethod
    async def expire_runs(self, *, limit: int) -> Sequence[TimedRun]:
        """Have paused runs ended that nobody came back to."""


class UnkeptForms(Forms, SettledForms):
    """Forms of runs that nothing is stored of: they can be asked for, and not answered."""

    async def open(self, tenant_id: TenantId, form: Form) -> Form:
        """The form as it was given."""
        del tenant_id
        return form

    async def settled(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[Form]:
        """None."""
        del tenant_id, run_id
        return ()
