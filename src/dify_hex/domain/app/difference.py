"""What two configurations of an app set differently, besides their graphs."""

from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.shared.difference import differing_paths

#: What a graph means is known elsewhere; as texts, two that mean the same may differ.
_GRAPH = "graph"


def changed_fields(before: Configuration, after: Configuration) -> tuple[str, ...]:
    """The settings that differ, as paths within the configuration."""
    return tuple(
        path
        for path in differing_paths(before, after)
        if path != _GRAPH and not path.startswith(f"{_GRAPH}.")
    )
