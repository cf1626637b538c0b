"""What a model has said so far, with its thinking kept apart."""

from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.prompting.json_answer import storable
from dify_hex.domain.workflow.prompting.reasoning import ReasoningForm, Spoken

#: Characters of the arguments of one call; no tool of ours takes more.
_MAX_ARGUMENTS = 1 << 20


class ModelAnswer:
    """Takes a call's events one by one; joined, what it has shown is `text`."""

    def __init__(self, context: NodeContext, form: ReasoningForm) -> None:
        self._context = context
        self._form = form
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, tuple[str, list[str]]] = {}
        self._called = 0
        self.finish_reason = "stop"
        #: What the provider says it took; None when it says nothing.
        self.usage: Usage | None = None
        #: From the run's beginning.
        self.first_token_seconds: float | None = None

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        """What was thought before and between."""
        return "".join(self._reasoning).strip()

    def take(self, event: ChatEvent) -> str:
        """Take an event in; returns what of it the end user is shown."""
        match event:
            case TextDelta():
                return self._keep(self._form.say(storable(event.text)))
            case ReasoningDelta():
                return self._keep(self._form.think(storable(event.text)))
            case ToolCallDelta():
                self._note(event)
                return ""
            case ChatFinished():
                self.finish_reason = event.finish_reason
                self.usage = event.usage
                return self._keep(self._form.finish())

    def arguments_of(self, tool: str) -> str | None:
        """What the model wants the tool called with, as it wrote it; None when it does not."""
        for name, pieces in self._calls.values():
            if name == tool:
                return "".join(pieces)
        return None

    def _keep(self, spoken: Spoken) -> str:
        if spoken.reasoning:
            self._reasoning.append(spoken.reasoning)
        if spoken.text:
            if self.first_token_seconds is None:
                since = self._context.clock.now() - self._context.facts.at
                self.first_token_seconds = since.total_seconds()
            self._text.append(spoken.text)
        return spoken.text

    def _note(self, delta: ToolCallDelta) -> None:
        name, pieces = self._calls.get(delta.index, ("", []))
        self._called += len(delta.arguments)
        if self._called <= _MAX_ARGUMENTS:
            pieces.append(delta.arguments)
        self._calls[delta.index] = (name or delta.name or "", pieces)


def usage_shown(usage: Usage) -> JsonObject:
    """Usage as a node puts it out."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
