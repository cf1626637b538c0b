"""Graphs in files, as people write them: JSON or YAML, alone or in an app's configuration."""

import json
from datetime import date

import yaml

from dify_hex.domain.workflow.graph.graph_kind import GraphKind


class GraphFileUnreadable(ValueError):
    """The text is neither JSON nor YAML, or holds something that JSON cannot."""


def graph_text(text: str) -> tuple[str, GraphKind | None]:
    """The graph as JSON, and what it is for, where the file says that.

    Raises:
        GraphFileUnreadable: with the reason.
    """
    tree = _tree_of(text)
    kind = None
    if isinstance(tree, dict) and "graph" in tree and "nodes" not in tree:
        kind = next((each for each in GraphKind if each.value == tree.get("mode")), None)
        tree = tree["graph"]
    try:
        return json.dumps(tree, ensure_ascii=False, default=_as_text), kind
    except (TypeError, ValueError) as error:
        raise GraphFileUnreadable(str(error)) from error


def _tree_of(text: str) -> object:
    try:
        tree: object = json.loads(text)
    except RecursionError:
        raise GraphFileUnreadable("it is nested too deeply") from None
    except ValueError:
        try:
            tree = yaml.safe_load(text)
        except RecursionError:
            raise GraphFileUnreadable("it is nested too deeply") from None
        except yaml.YAMLError as error:
            raise GraphFileUnreadable(" ".join(str(error).split())) from error
    return tree


def _as_text(value: object) -> str:
    if isinstance(value, date):
        # What looks like a date is a text in JSON.
        return value.isoformat()
    raise TypeError(f"JSON cannot hold {value!r}")
