"""Finds what has become of a run's forms, for the owner of the run."""

from collections.abc import Sequence

from dify_hex.application.workflow.engine.commands import AnswerForm
from dify_hex.application.workflow.form_ports import SettledForms
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId


class FormAnswers:
    """Forms as commands; one that the run has heard of before changes nothing."""

    def __init__(self, forms: SettledForms) -> None:
        self._forms = forms

    async def of_run(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[AnswerForm]:
        """What was answered, or not in time, in the order in which it came in."""
        found: list[AnswerForm] = []
        for form in await self._forms.settled(tenant_id, run_id):
            outcome = form.outcome()
            if outcome is not None:
                found.append(AnswerForm(form.id, outcome))
        return found
