"""Handing in a file for a form that a run waits for."""

from dataclasses import dataclass

from dify_hex.application.file.read_models import FileView
from dify_hex.application.file.upload_file import IncomingFile
from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.form_files import FormFiles, HandedIn
from dify_hex.application.workflow.form_ports import FormDesk, FormTokens
from dify_hex.application.workflow.generated_files import RunOwner
from dify_hex.application.workflow.ports import RunReader
from dify_hex.domain.shared.ids import EndUserName
from dify_hex.domain.workflow.errors import FormNotFound, WorkflowRunNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFormFileCommand:
    """The form's token, and the field that the file is for."""

    token: str
    field: str


class UploadFormFile:
    """Takes in a file for a field of a form; the token is the only credential.

    - The form is open, and the field is one that takes files handed in, of this type.
    - Only the answer to this form can name the file; it goes with the form's time unless it does.
    - A form takes a bounded number of files, also of those that are refused or never used.
    - The file belongs to the app and the end user of the run, under the limits of all files.
    """

    def __init__(
        self,
        *,
        desk: FormDesk,
        tokens: FormTokens,
        runs: RunReader,
        files: FormFiles,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._tokens = tokens
        self._runs = runs
        self._files = files
        self._clock = clock

    async def execute(self, command: UploadFormFileCommand, incoming: IncomingFile) -> FileView:
        """Take in the file.

        Raises:
            FormNotFound: the token is not of ours, or its form is gone.
            FormClosed: it was answered, or its time is up.
            FormFieldUnknown: the form has no such field, or it takes no files.
            FormUploadsUsedUp: too many files were handed in for the form.
            FileNameInvalid: it has no name that it could be kept under.
            FileInputsInvalid: the field does not take it.
            FileTypeUnsupported: it is not what it says it is, or of a blocked type.
            FileTooLarge: it is larger than files of its kind may be.
            FileEmpty: there is nothing in it.
            StorageUnavailable: its content cannot be stored at present.
        """
        place = self._tokens.read(command.token)
        form = await self._desk.get(place)
        form.require_open(now=self._clock.now())
        form.file_rule(command.field)
        try:
            run = await self._runs.get_run(place.tenant_id, form.run_id)
        except WorkflowRunNotFound:
            raise FormNotFound from None
        await self._desk.count_upload(place, at_most=form.most_uploads)
        owner = RunOwner(tenant_id=place.tenant_id, app_id=run.app_id, user=EndUserName(run.user))
        handed_in = HandedIn(form=form, field=command.field, owner=owner, incoming=incoming)
        file = await self._files.take(handed_in)
        return FileView.of(file, file.require_available(now=self._clock.now()))
