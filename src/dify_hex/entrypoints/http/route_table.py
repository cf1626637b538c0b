"""What is known of every route before the first request: its template, its guard, its end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match

from dify_hex.entrypoints.http.guard import PUBLIC, Guard
from dify_hex.entrypoints.http.injection import dependencies_of

#: The mark of a route that reads its body as it comes: `openapi_extra=STREAMED_BODY`.
STREAMED_BODY: Mapping[str, str] = {"x-body": "streamed"}
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
    answers_bytes: bool
    deprecated: bool
    #: The day, as an HTTP date, after which a deprecated route may be gone.
    sunset: str | None
    context: RouteContext


class RouteTable:
    """Every operation, found by the function that serves it."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._facts = {facts.endpoint: facts for facts in _operations(routes)}
        names = [endpoint.__name__ for endpoint in self._facts]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise AmbiguousOperation(f"operations with the same name: {', '.join(doubled)}")
        unguarded = [facts.template for facts in self if facts.guard is None and not facts.public]
        if unguarded:
            raise UnguardedRoute(f"declare Requires(…) or PUBLIC for {', '.join(unguarded)}")

    def __iter__(self) -> Iterator[RouteFacts]:
        return iter(self._facts.values())

    def find(self, endpoint: Callable[..., Any] | None) -> RouteFacts | None:
        """The facts of the route that the function serves."""
        return self._facts.get(endpoint) if endpoint is not None else None

    @property
    def streamed_bodies(self) -> frozenset[tuple[str, str]]:
        """Method and path of the routes that read their bodies as they come; no path varies."""
        return frozenset(
            (method, facts.template)
            for facts in self
            if facts.streams_body
            for method in facts.methods
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
            answers_bytes=ANSWERS_BYTES.items() <= extra.items(),
            deprecated=bool(context.deprecated),
            sunset=extra.get("x-sunset"),
            context=context,
        )


def _matches(context: RouteContext, scope: dict[str, Any]) -> bool:
    match, _ = context.matches(dict(scope))
    return bool(match != Match.NONE)
