"""Cuts a Markdown table between its rows, and repeats its head over each part."""

from collections.abc import Iterator

from dify_hex.domain.knowledge.segmentation.unit import Measure

_OF_A_RULE = frozenset("|-: \t")


def parts_of_table(text: str, limit: int, measure: Measure) -> Iterator[tuple[str, int]] | None:
    """The parts with their tokens, each within the limit; None when it cannot be cut like that.

    A row that does not fit below the head stands in a part of its own, which may be over the limit.
    """
    lines = text.split("\n")
    if len(lines) < 3 or not lines[0].startswith("|") or not _is_rule(lines[1]):
        return None
    head = "\n".join(lines[:2])
    head_tokens = measure(head)
    if head_tokens > limit // 2:
        return None
    return _parts(head, head_tokens, lines[2:], limit, measure)


def _parts(
    head: str, head_tokens: int, rows: list[str], limit: int, measure: Measure
) -> Iterator[tuple[str, int]]:
    part: list[str] = []
    tokens = head_tokens
    for row in rows:
        more = measure(row) + 1
        if part and tokens + more > limit:
            yield "\n".join([head, *part]), tokens
            part, tokens = [], head_tokens
        if head_tokens + more > limit:
            yield row, more
            continue
        part.append(row)
        tokens += more
    if part:
        yield "\n".join([head, *part]), tokens


def _is_rule(line: str) -> bool:
    return "-" in line and _OF_A_RULE.issuperset(line)
