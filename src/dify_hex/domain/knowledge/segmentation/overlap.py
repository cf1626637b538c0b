"""What a segment repeats of the one before it: its last whole sentences."""

from collections.abc import Sequence

from dify_hex.domain.knowledge.block import BlockKind
from dify_hex.domain.knowledge.segmentation.borders import sentence_starts
from dify_hex.domain.knowledge.segmentation.unit import Measure, Unit, concatenated

#: Repeating half a table or half a function helps nobody.
_REPEATED = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST})
#: More characters than this many per token are not looked at.
_CHARACTERS_PER_TOKEN = 12


def overlap(units: Sequence[Unit], limit: int, measure: Measure) -> Unit | None:
    """As many of the last sentences as fit into the limit, but never all of the text."""
    tail = _prose_at_the_end(units, limit * _CHARACTERS_PER_TOKEN)
    tokens, begin = 0, len(tail)
    for start in reversed(list(sentence_starts(tail))):
        more = measure(tail[start:begin])
        if tokens + more > limit:
            break
        tokens, begin = tokens + more, start
    text = tail[begin:]
    if not text.strip():
        return None
    last = units[-1]
    return Unit(text=text, kind=last.kind, tokens=tokens, page=last.page, repeats=True)


def _prose_at_the_end(units: Sequence[Unit], length: int) -> str:
    run: list[Unit] = []
    size = 0
    for unit in reversed(units):
        if unit.kind not in _REPEATED or size > length:
            break
        run.append(unit)
        size += len(unit.text)
    return concatenated(run[::-1])[-length:] if length else ""
