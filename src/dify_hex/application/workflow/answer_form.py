"""Answering a form that a run waits for."""

from dataclasses import dataclass

from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.form_files import FormFiles
from dify_hex.application.workflow.form_ports import FormDesk, FormTokens, ReceivedAnswer
from dify_hex.application.workflow.ports import RunSignals
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.form import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFormCommand:
    """Which form, what was filled in, and with which action it was sent."""

    token: str
    action: str
    inputs: JsonObject
    #: Where the answer came from, for the record.
    sent_by: str | None = None


class AnswerForm:
    """Keeps the answer and lets the run go on; the token is the only credential.

    - The first answer counts; a later one is told that the form is closed.
    - Files are named by what handing them in gave; those of other forms do not exist.
    - Nothing is kept of an answer that does not fit the form.
    - Answer and wake-up are one transaction: no crash leaves an answer that nobody hears of.
    """

    def __init__(
        self,
        *,
        desk: FormDesk,
        tokens: FormTokens,
        files: FormFiles,
        signals: RunSignals,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._tokens = tokens
        self._files = files
        self._signals = signals
        self._clock = clock

    async def execute(self, command: AnswerFormCommand) -> Form:
        """Answer the form; returned as it is now.

        Raises:
            FormNotFound: the token is not of ours, or its form is gone.
            FormClosed: it was answered before, or its time is up.
            FormAnswerInvalid: with a fault for each field that does not fit.
        """
        place = self._tokens.read(command.token)
        form = await self._desk.get(place)
        form.require_open(now=self._clock.now())
        files = await self._files.find(place.tenant_id, form, command.inputs)
        received = ReceivedAnswer(
            answer=form.read(command.action, command.inputs, files),
            sent_by=command.sent_by,
            files_until=self._files.kept_until(),
        )
        if await self._desk.answer(place, received):
            await self._signals.runs_waiting()
        else:
            await self._signals.run_changed(form.run_id)
        return await self._desk.get(place)
