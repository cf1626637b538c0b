"""Looking at forms: at one with its token, at all that a run has asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.form_ports import FormDesk, FormPlace, FormTokens
from dify_hex.application.workflow.ports import RunReader
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.form import Form


@dataclass(frozen=True, slots=True)
class FormWithToken:
    """A form, and what somebody needs to answer it."""

    form: Form
    token: str


class ShowForm:
    """Shows a form to whoever was given its token.

    - A form that cannot be answered any more is not shown any more either.
    """

    def __init__(self, *, desk: FormDesk, tokens: FormTokens, clock: Clock) -> None:
        self._desk = desk
        self._tokens = tokens
        self._clock = clock

    async def execute(self, token: str) -> Form:
        """The form.

        Raises:
            FormNotFound: the token is not of ours, or its form is gone.
            FormClosed: it was answered, or its time is up.
        """
        form = await self._desk.get(self._tokens.read(token))
        form.require_open(now=self._clock.now())
        return form


class ListForms:
    """Hands out the forms of a run.

    - With a form's token anybody can answer it, so only those get them who may control the run.
    """

    def __init__(self, *, desk: FormDesk, tokens: FormTokens, runs: RunReader) -> None:
        self._desk = desk
        self._tokens = tokens
        self._runs = runs

    async def execute(self, actor: Actor, run_id: WorkflowRunId) -> Sequence[FormWithToken]:
        """All forms that the run has asked for, the oldest first.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """
        run = await self._runs.get_run(actor.tenant_id, run_id)
        actor.require_app(run.app_id, Permission.RUN_CONTROL)
        return [
            FormWithToken(form, self._tokens.issue(FormPlace(actor.tenant_id, form.id)))
            for form in await self._desk.of_run(actor.tenant_id, run_id)
        ]
