"""Reading what is said to an app, whatever its mode."""

from collections.abc import Mapping

from dify_hex.application.app.flow_inputs import FlowInputs, GivenInputs
from dify_hex.application.app.runnable_apps import RunnableApp
from dify_hex.application.file.ports import FileWork
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.app.errors import AppTakesNoMessages
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.shared.values.json_value import JsonValue


class ReadRequest:
    """Holds query and inputs against what an app's version declares.

    - A prompt declares its variables, a graph those of its start.
    - All faults of the inputs are told at once.
    """

    def __init__(self, *, inputs: FlowInputs) -> None:
        self._inputs = inputs

    async def execute(
        self, actor: Actor, app: RunnableApp, query: str, given: GivenInputs, work: FileWork
    ) -> Mapping[str, JsonValue]:
        """A value for every input.

        Raises:
            AppTakesNoMessages: the app is a workflow.
            AppInputsInvalid: the query, or an input of a prompt, does not fit.
            RunInputsInvalid: an input of a graph does not fit.
        """
        configuration = app.configuration
        match configuration:
            case WorkflowConfiguration():
                raise AppTakesNoMessages
            case ChatflowConfiguration():
                configuration.check_query(query)
                return await self._inputs.read(actor, app.graph, given, work)
            case _:
                return configuration.read_request(query, given.inputs)
