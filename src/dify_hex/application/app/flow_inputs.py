"""Reading what a caller gives to the start of a graph."""

from collections.abc import Iterator
from dataclasses import dataclass

from dify_hex.application.file.file_inputs import FileInput
from dify_hex.application.file.ports import FileWork
from dify_hex.application.file.resolve_file_inputs import (
    ResolveFileInputs,
    ResolveFileInputsCommand,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.json_schemas import SchemaValidator
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.file.errors import FileInputsInvalid
from dify_hex.domain.shared.ids import AppId, EndUserName
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import RunInputsInvalid
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.start_variables import StartInputType
from dify_hex.domain.workflow.starting import start_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenInputs:
    """What was given, to which app and for which of its users."""

    app_id: AppId
    user: EndUserName
    inputs: JsonObject


class FlowInputs:
    """Holds inputs against the declaration of the graph's start, and finds the files in them."""

    def __init__(
        self, *, graphs: GraphCodec, resolve_files: ResolveFileInputs, schemas: SchemaValidator
    ) -> None:
        self._graphs = graphs
        self._resolve_files = resolve_files
        self._schemas = schemas

    async def read(
        self, actor: Actor, document: GraphDocument, given: GivenInputs, work: FileWork
    ) -> JsonObject:
        """A value for every input that is declared.

        Raises:
            RunInputsInvalid: with everything that does not fit.
        """
        start = start_of(self._graphs.parse(document.json))
        return await self.read_for(start, actor, given, work)

    async def read_for(
        self, start: StartConfig, actor: Actor, given: GivenInputs, work: FileWork
    ) -> JsonObject:
        """A value for every input that this start declares.

        Raises:
            RunInputsInvalid: with everything that does not fit.
        """
        reading = start.read_inputs(given.inputs)
        faults = [*reading.faults, *self.misfits(start, reading.values)]
        files: JsonObject = {}
        try:
            files = await self._files(actor, start, reading.values, given, work)
        except FileInputsInvalid as error:
            faults += error.faults
        if faults:
            raise RunInputsInvalid(faults)
        return {**reading.values, **files}

    def misfits(self, start: StartConfig, values: JsonObject) -> Iterator[Fault]:
        """Objects that do not fit the JSON Schemas that their inputs declare."""
        for variable in start.variables:
            schema, value = variable.json_schema, values.get(variable.variable)
            if schema is None or value is None:
                continue
            for misfit in self._schemas.misfits(schema, value):
                path = f"inputs.{variable.variable}"
                yield Fault(code="input_out_of_schema", path=path, message=misfit)

    async def _files(
        self,
        actor: Actor,
        start: StartConfig,
        values: JsonObject,
        given: GivenInputs,
        work: FileWork,
    ) -> JsonObject:
        asked = {
            f"inputs.{variable.variable}": (
                variable,
                FileInput(given=values[variable.variable], rule=rule),
            )
            for variable in start.variables
            if (rule := variable.file_rule) is not None and values.get(variable.variable)
        }
        if not asked:
            return {}
        command = ResolveFileInputsCommand(
            app_id=given.app_id,
            user=given.user,
            inputs={path: wanted for path, (_, wanted) in asked.items()},
        )
        found = await self._resolve_files.execute(actor, command, work)
        files: dict[str, JsonValue] = {}
        for path, (variable, _) in asked.items():
            references = [file.to_json() for file in found[path]]
            is_one = variable.type is StartInputType.FILE
            files[variable.variable] = references[0] if is_one else references
        return files
