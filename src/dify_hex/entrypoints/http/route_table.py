"""What is known of every route before the first request: its template, its guard, its end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from dify_hex.entrypoints.http.guard import PUBLIC, Guard
from dify_hex.entrypoints.http.injection import dependencies_of

#: The mark of a route that reads its body as it comes: `openapi_extra=STREAMED_BODY`.
STREAMED_BODY: Mapping[str, str] = {"x-body": "streamed"}
#: The mark of a route that does so with forms, and takes JSON besides.
STREAMED_FORM: Mapping[str, str] = {"x-body": "streamed-form"}
#: The mark of a route that answers with whatever media type a file has.
ANSWERS_BYTES: Mapping[str, str] = {"x-answers": "bytes"}


class UnguardedRoute(RuntimeError):
    """A route neither asks for a caller nor says that it is public."""


class AmbiguousOperation(RuntimeError):
    """Two routes are served by functions of the same name, which is their operation's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """One operation of the API."""

    template: str
    methods: frozenset[str]
    endpoint: Callable[..., Any]
    dependant: Dependant
    guard: Guard | None
    public: bool
    streams_body: bool
    streams_forms: bool
    answers_bytes: bool
    deprecated: bool
    #: The day, as an HTTP date, after which a deprecated route may be gone.
    sunset: str | None
    context: RouteContext

    def reads_as_it_comes(self, content_type: bytes) -> bool:
        """Whether the route reads a body of this type as it comes, instead of whole."""
        kind = content_type.partition(b";")[0].strip().lower()
        return self.streams_body or (self.streams_forms and kind == b"multipart/form-data")


class RouteTable:
    """Every operation, found by the function that serves it."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._facts = {facts.endpoint: facts for facts in _operations(routes)}
        names = [endpoint.__name__ for endpoint in self._facts]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise AmbiguousOperation(f"operations with the same name: {', '.join(doubled)}")
        unguarded = [facts.template for facts in self if facts.guard is None and not facts.public]
        self._streaming = [facts for facts in self if facts.streams_body or facts.streams_forms]
        if unguarded:
            raise UnguardedRoute(f"declare Requires(…) or PUBLIC for {', '.join(unguarded)}")

    def __iter__(self) -> Iterator[RouteFacts]:
        return iter(self._facts.values())

    def find(self, endpoint: Callable[..., Any] | None) -> RouteFacts | None:
        """The facts of the route that the function serves."""
        return self._facts.get(endpoint) if endpoint is not None else None

    def reads_as_it_comes(self, scope: Scope) -> bool:
        """Whether the route of a request reads its body as it comes."""
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        return any(
            scope["method"] in facts.methods
            and facts.reads_as_it_comes(kind)
            and _matches(facts.context, dict(scope))
            for facts in self._streaming
        )

    def answers_bytes(self, path: str) -> bool:
        """Whether some route at this path answers with whatever media type a file has."""
        scope = {"type": "http", "path": path, "method": "GET", "headers": [], "root_path": ""}
        return any(facts.answers_bytes and _matches(facts.context, scope) for facts in self)

    def allowed_methods(self, path: str) -> tuple[str, ...]:
        """Every method that some route offers at this path, in alphabetical order."""
        scope = {"type": "http", "path": path, "method": "", "headers": [], "root_path": ""}
        return tuple(
            sorted(
                {
                    method
                    for facts in self
                    if _matches(facts.context, scope)
                    for method in facts.methods
                }
            )
        )


def _operations(routes: Sequence[BaseRoute]) -> Iterator[RouteFacts]:
    for context in iter_route_contexts(routes):
        dependant = getattr(context, "dependant", None)
        if dependant is None or context.endpoint is None or context.path_format is None:
            continue
        extra: dict[str, Any] = context.openapi_extra or {}
        calls = list(dependencies_of(dependant))
        yield RouteFacts(
            template=context.path_format,
            methods=frozenset(context.methods or ()),
            endpoint=context.endpoint,
            dependant=dependant,
            guard=next((call for call in calls if isinstance(call, Guard)), None),
            public=PUBLIC.items() <= extra.items(),
            streams_body=STREAMED_BODY.items() <= extra.items(),
            streams_forms=STREAMED_FORM.items() <= extra.items(),
            answers_bytes=ANSWERS_BYTES.items() <= extra.items(),
            deprecated=bool(context.deprecated),
            sunset=extra.get("x-sunset"),
            context=context,
        )


def _matches(context: RouteContext, scope: dict[str, Any]) -> bool:
    match, _ = context.matches(dict(scope))
    return bool(match != Match.NONE)
