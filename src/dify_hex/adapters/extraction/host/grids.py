"""Tables as kreuzberg finds them, and those that it takes justified text for."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

#: Of the borders between two cells, so many may cut a sentence.
_MOST_CUT = 0.3
#: Of the cells, so many may hold the end of one sentence and the beginning of the next.
_MOST_ENDS = 0.1
_SENTENCE_INSIDE = re.compile(r"[.!?;]\s+\w|[。！？；]\w")

Grid = Mapping[str, Any]


def rows_of(grid: Grid) -> list[list[str]]:
    """The texts of the cells, rows of the same length."""
    rows: dict[int, dict[int, str]] = {}
    for cell in grid.get("cells") or ():
        rows.setdefault(cell["row"], {})[cell["col"]] = str(cell["content"])
    width = max((max(row) + 1 for row in rows.values()), default=0)
    return [[row.get(column, "") for column in range(width)] for _, row in sorted(rows.items())]


def is_prose(grid: Grid | None) -> bool:
    """Whether sentences run on through the cells: gaps between words look like columns."""
    rows = [[cell for cell in row if cell.strip()] for row in rows_of(grid or {})]
    borders = [pair for row in rows for pair in pairwise(row)]
    cells = [cell for row in rows for cell in row]
    if not borders:
        return False
    cut = sum(after[0].islower() and before[-1].isalpha() for before, after in borders)
    ends = sum(_SENTENCE_INSIDE.search(cell) is not None for cell in cells)
    return cut > _MOST_CUT * len(borders) or ends > _MOST_ENDS * len(cells)
