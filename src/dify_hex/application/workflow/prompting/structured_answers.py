"""Has a model answer as a JSON Schema says."""

import json
from dataclasses import dataclass, replace

from dify_hex.application.model_provider.ports import ChatMessage, ChatRequest, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompting.model_answer import ModelAnswer
from dify_hex.application.workflow.prompting.model_calls import ModelCalls, again
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import AnswerOutOfSchema, AnswerSchemaInvalid
from dify_hex.domain.workflow.prompting.json_answer import object_in

_INSTRUCTION = (
    "Answer with one JSON object and nothing else: no explanation, no code fence. "
    "The object has to satisfy this JSON Schema:\n{schema}"
)
_REPAIR = (
    "That was not what was asked for:\n{misfits}\n"
    "Answer again, with one JSON object that satisfies this JSON Schema and nothing else:\n{schema}"
)
_NO_OBJECT = ("The answer holds no JSON object.",)


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuredAnswer:
    """An answer that fits, as an object too, and what all calls for it have taken."""

    answer: ModelAnswer
    value: JsonObject
    usage: Usage


class StructuredAnswers:
    """Asks by schema where the provider can hold the model to it, else in words.

    - A provider that refuses a request with a schema is asked again in words.
    - Whoever promised what: the answer is held against the schema, and if it does not fit, the
      model is told why and asked once more.
    - Each of these calls has an idempotency key of its own, the same in every attempt.
    """

    def __init__(self, services: NodeServices, calls: ModelCalls) -> None:
        self._validator = services.schema_validator
        self._calls = calls

    async def ask(
        self, context: NodeContext, model: ResolvedModel, request: ChatRequest, schema: JsonObject
    ) -> StructuredAnswer:
        """An answer that fits.

        Raises:
            AnswerSchemaInvalid: the schema is none.
            AnswerOutOfSchema: the second answer does not fit either; `misfits` says why.
        """
        if (flaw := self._validator.flaw(schema)) is not None:
            raise AnswerSchemaInvalid(reason=flaw)
        request, answer, usage = await self._calls.ask_by_schema(
            context, model, _in_words(request, schema), schema, plain=request
        )
        value, misfits = self._read(answer, schema)
        if misfits:
            complaint = _REPAIR.format(misfits="\n".join(misfits), schema=_written(schema))
            repair = again(
                request,
                "repair",
                ChatMessage(role=ChatRole.ASSISTANT, content=answer.text),
                ChatMessage(role=ChatRole.USER, content=complaint),
            )
            answer, spent = await self._calls.ask(context, repair)
            usage = usage.plus(spent)
            value, misfits = self._read(answer, schema)
        if misfits:
            raise AnswerOutOfSchema(misfits=list(misfits))
        return StructuredAnswer(answer=answer, value=value, usage=usage)

    def _read(self, answer: ModelAnswer, schema: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
        value = object_in(answer.text)
        if value is None:
            return {}, _NO_OBJECT
        return value, self._validator.misfits(schema, value)


def _in_words(request: ChatRequest, schema: JsonObject) -> ChatRequest:
    instruction = _INSTRUCTION.format(schema=_written(schema))
    if request.messages and request.messages[0].role is ChatRole.SYSTEM:
        first = request.messages[0]
        told = replace(first, content=f"{first.content}\n\n{instruction}")
        return replace(request, messages=(told, *request.messages[1:]))
    told = ChatMessage(role=ChatRole.SYSTEM, content=instruction)
    return replace(request, messages=(told, *request.messages))


def _written(schema: JsonObject) -> str:
    return json.dumps(schema, ensure_ascii=False)
