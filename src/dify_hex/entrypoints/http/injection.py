"""How a route asks for a use case or a reader: by its type."""

from collections.abc import Callable, Iterable, Mapping

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from starlette.requests import Request

#: What can be asked for, and how a fresh one is made.
UseCaseIndex = Mapping[type, Callable[[], object]]


class NotInIndex(RuntimeError):
    """A route asks for something that the container does not provide."""


class Injected:
    """The dependency behind `Inject`; a plain object, so that start-up can find what is wanted."""

    __slots__ = ("wanted",)

    def __init__(self, wanted: type) -> None:
        self.wanted = wanted

    async def __call__(self, request: Request) -> object:
        """A fresh instance for this request."""
        index: UseCaseIndex = request.app.state.use_cases
        return index[self.wanted]()


def Inject(wanted: type) -> object:  # noqa: N802 - reads as a marker in Annotated
    """Mark a parameter as a use case or a reader that the index provides."""
    return Depends(Injected(wanted), use_cache=False)


def dependencies_of(dependant: Dependant) -> Iterable[object]:
    """Every dependency that a route has, at any depth."""
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from dependencies_of(dependency)


def check_index(index: UseCaseIndex, dependants: Iterable[Dependant]) -> None:
    """Refuse to start when a route asks for something that nobody provides.

    Raises:
        NotInIndex: naming each missing type.
    """
    missing = {
        call.wanted.__name__
        for dependant in dependants
        for call in dependencies_of(dependant)
        if isinstance(call, Injected) and call.wanted not in index
    }
    if missing:
        raise NotInIndex(f"no provider for {', '.join(sorted(missing))}")
