"""The run that answers a message."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from dify_hex.application.app.run_workflow import resume_window_of
from dify_hex.application.app.runnable_apps import RunnableApp
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.application.workflow.start_run import StartRunCommand
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration
from dify_hex.domain.conversation.message import Message
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.conversation_values import conversation_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A new message, and what its conversation remembers for graphs."""

    message: Message
    variables: JsonObject = field(default_factory=dict)
    #: How many messages of the conversation came before this one.
    earlier: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringRuns:
    """Says how the run of a message begins; `resume_window` is the operator's."""

    graphs: GraphCodec
    resume_window: timedelta

    def begin(
        self, asked: Asked, app: RunnableApp, *, background: bool, resume_window: timedelta | None
    ) -> StartRunCommand:
        """The run that answers the message, by the graph that somebody drew or the built-in one."""
        message, configuration = asked.message, app.configuration
        run = StartRunCommand(
            run_id=message.run_id,
            app_id=message.app_id,
            app_version_id=app.version_id,
            graph=app.graph,
            user=message.user,
            inputs=message.inputs,
            query=message.query or None,
            files=tuple(file.to_json() for file in message.files),
            message_id=message.id,
            conversation_id=message.conversation_id,
            reply_to=message.parent_id,
            background=background,
            resume_window=self.resume_window if resume_window is None else resume_window,
        )
        if not isinstance(configuration, ChatflowConfiguration):
            return run
        return replace(
            run,
            dialogue_count=asked.earlier,
            conversation=conversation_values(self.graphs.parse(app.graph.json), asked.variables),
            durability=configuration.durability,
            bounds=configuration.limits.bounds,
            resume_window=resume_window_of(resume_window, configuration, self.resume_window),
        )
