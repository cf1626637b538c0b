"""The files of forms: taking them in, and finding them when an answer names them."""

from dataclasses import dataclass
from datetime import datetime

from dify_hex.application.file.file_inputs import FileInput, FileInputs
from dify_hex.application.file.file_intake import FileDetails, FileIntake, NewFile
from dify_hex.application.file.ports import FileWork
from dify_hex.application.file.upload_file import IncomingFile
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.generated_files import RunOwner
from dify_hex.domain.file.errors import FileInputsInvalid
from dify_hex.domain.file.file import File, FileOwner, FileSource
from dify_hex.domain.file.limits import FileLimits
from dify_hex.domain.file.names import FileName
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.form import Form, GivenFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A file on its way in, the field that it is for, and whose run asks for it."""

    form: Form
    field: str
    owner: RunOwner
    incoming: IncomingFile


class FormFiles:
    """Keeps what is handed in with forms apart from all other files.

    Whoever answers has nothing but the form's token. What comes with it belongs to the form, and
    goes when the form's time is up, unless the answer names it.
    """

    def __init__(
        self, *, begin: BeginWork[FileWork], intake: FileIntake, limits: FileLimits, clock: Clock
    ) -> None:
        self._begin = begin
        self._intake = intake
        self._limits = limits
        self._clock = clock
        self._inputs = FileInputs(clock)

    async def take(self, given: HandedIn) -> File:
        """The file, stored for the form; `FileIntake` says how that can fail."""
        form, owner, incoming = given.form, given.owner, given.incoming

        async def details() -> FileDetails:
            # Read to its end, whatever it says: the form alone decides how long the file is kept.
            await incoming.details()
            remaining = form.due_at - self._clock.now()
            return FileDetails(user=owner.user, keep_for=self._limits.lifetime_within(remaining))

        new = NewFile(
            tenant_id=owner.tenant_id,
            name=FileName.parse(incoming.name),
            source=FileSource.UPLOAD,
            owner=FileOwner(app_id=owner.app_id, form_id=form.id),
            declared=incoming.media_type,
            rule=form.file_rule(given.field),
        )
        return await self._intake.take(new, incoming.content(), details)

    async def find(self, tenant_id: TenantId, form: Form, given: JsonObject) -> GivenFiles:
        """The files that an answer names, where they were handed in with this form."""
        asked = {
            f"inputs.{name}": FileInput(given=given[name], rule=rule)
            for name, rule in form.file_rules(given).items()
        }
        if not asked:
            return GivenFiles(found={})
        async with self._begin(tenant_id) as work:
            try:
                files = await self._inputs.find(asked, lambda owner: owner.form_id == form.id, work)
            except FileInputsInvalid as error:
                return GivenFiles(found={}, faults=error.faults)
        found: dict[str, JsonValue] = {}
        for path, references in files.items():
            name = path.removeprefix("inputs.")
            values = [file.to_json() for file in references]
            found[name] = values if form.takes_list(name) else values[0]
        return GivenFiles(found=found)

    def kept_until(self) -> datetime | None:
        """How long files are kept that an answer names; None is for good."""
        return self._limits.expiry(None, now=self._clock.now())
