"""One conversation with an app: each message is sent, streamed, and can be stopped."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from dify_hex.entrypoints.cli.answer_text import AnswerText
from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.failures import CommandFailed
from dify_hex.entrypoints.cli.following import Following, Opening, Told


@dataclass(slots=True, kw_only=True)
class Reply:
    """What came of one message; `error` is why it has no answer, or only a part of one."""

    message_id: str | None = None
    conversation_id: str | None = None
    status: str = "failed"
    answer: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    #: The passages that the model was shown, in their order.
    citations: list[Mapping[str, Any]] = field(default_factory=list)
    error: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)


class Screen(Protocol):
    """Where an answer appears."""

    def waiting(self) -> None:
        """A message is on its way."""
        ...

    def show(self, text: str, *, anew: bool) -> None:
        """More of the answer; `anew` when what was shown does not hold any more."""
        ...

    def complete(self, reply: Reply) -> None:
        """The end of it."""
        ...


class Conversing:
    """Talks with one app as one end user; each message goes on where the last one ended."""

    def __init__(
        self,
        api: Api,
        app_id: str,
        screen: Screen,
        *,
        user: str,
        conversation_id: str | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        self._api = api
        self._path = f"/v1/apps/{app_id}/messages"
        self._screen = screen
        self._user = user
        self._inputs = dict(inputs or {})
        self.conversation_id = conversation_id

    def send(self, query: str) -> Reply:
        """Send a message and show its answer; Ctrl-C stops the answer, twice it leaves.

        Raises:
            CommandFailed: the API refuses it, or cannot be reached any more.
        """
        following = Following(self._api, self._opening(query))
        text, reply = AnswerText(), Reply()
        self._screen.waiting()
        try:
            self._take(following.events(), text, reply)
        except KeyboardInterrupt:
            if following.message_id is None:
                raise
            # The events that are still to come say how it ended.
            self._stop(following.message_id)
            self._take(following.events(), text, reply)
        self.conversation_id = reply.conversation_id or self.conversation_id
        reply.answer = text.text
        self._screen.complete(reply)
        return reply

    def _opening(self, query: str) -> Opening:
        body: dict[str, Any] = {
            "query": query,
            "inputs": self._inputs,
            "user": self._user,
            "response": "stream",
        }
        if self.conversation_id is not None:
            body["conversation_id"] = self.conversation_id
        headers = {"Idempotency-Key": uuid4().hex}
        return Opening(method="POST", path=self._path, body=body, headers=headers)

    def _take(self, events: Iterator[Told], text: AnswerText, reply: Reply) -> None:
        for event in events:
            text.take(event.type, event.data)
            _note(event, reply)
            anew, more = text.unseen()
            if more:
                self._screen.show(more, anew=anew)
        anew, more = text.settle()
        if more or anew:
            self._screen.show(more, anew=anew)

    def _stop(self, message_id: str) -> None:
        try:
            self._api.call("POST", f"/v1/messages/{message_id}/stop", body={"user": self._user})
        except CommandFailed as failure:
            failure.message = f"The message could not be stopped: {failure.message}"
            raise


def _note(event: Told, reply: Reply) -> None:
    data = event.data
    match event.type:
        case "message.started":
            reply.message_id = data["message_id"]
            reply.conversation_id = data.get("conversation_id")
        case "message.retrieval":
            reply.citations += data["citations"]
        case "message.complete":
            reply.status = data["status"]
            reply.citations = data.get("citations", reply.citations)
            reply.usage = data.get("usage") or {}
        case "run.failed":
            reply.error = data.get("error")
        case "error":
            reply.error = {name: data.get(name) for name in ("code", "message")}
        case _:
            pass
