"""Texts of a request with the run's values in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT, Selector
from dify_hex.domain.workflow.variables.template import Segment, Template


@dataclass(frozen=True, slots=True)
class Written:
    """A text, and whether it holds anything of the environment, where secrets are."""

    text: str = field(repr=False)
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A name and its value: a header, a parameter, or a field of a form."""

    name: str
    value: Written


def write(text: str, variables: VariablePool) -> Written:
    """The text with every reference replaced.

    Raises:
        VariableMissing: a reference has no value.
    """
    return _written(Template.parse(text).segments, variables)


def write_lines(text: str, variables: VariablePool) -> Iterator[Field]:
    """The fields that a text says line by line, each as `name: value`.

    A line whose colon the author has written is one field, whatever its values hold. Any other
    line may come out of values as a whole, even as several lines.

    Raises:
        VariableMissing: a reference has no value.
    """
    for line in text.splitlines():
        segments = Template.parse(line).segments
        name, value = _split(segments)
        if value is not None:
            yield Field(_written(name, variables).text.strip(), _stripped(value, variables))
            continue
        whole = _written(segments, variables)
        for each in whole.text.splitlines():
            before, _, after = each.partition(":")
            if before.strip():
                yield Field(before.strip(), Written(after.strip(), whole.is_secret))


def _split(
    segments: tuple[Segment, ...],
) -> tuple[tuple[Segment, ...], tuple[Segment, ...] | None]:
    """What is before the first colon of the fixed text, and what is behind it."""
    for index, segment in enumerate(segments):
        if isinstance(segment, str) and ":" in segment:
            before, _, after = segment.partition(":")
            return (*segments[:index], before), (after, *segments[index + 1 :])
    return segments, None


def _stripped(segments: tuple[Segment, ...], variables: VariablePool) -> Written:
    found = _written(segments, variables)
    return Written(found.text.strip(), found.is_secret)


def _written(segments: tuple[Segment, ...], variables: VariablePool) -> Written:
    selectors = [segment for segment in segments if isinstance(segment, Selector)]
    return Written(
        variables.render(Template(segments)),
        any(selector.node_id == ENVIRONMENT for selector in selectors),
    )
