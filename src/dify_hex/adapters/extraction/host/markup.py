"""Writes HTML anew as the library reads all of it: it passes over much of what people write.

It leaves out, and says nothing of it, what is nested more than 62 deep, elements that were never
closed counting as well, and text that stands beside paragraphs instead of in one.
"""

import io
from collections import Counter
from html.parser import HTMLParser

_DEEPEST = 60
#: Elements that mean nothing to a reader of text get so many of these places.
_DEEPEST_PLAIN = 24
_PIECE = 1 << 20

_IN_LINES = (
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small "
    "span strike strong sub sup time tt u var"
)
_INLINE = frozenset(_IN_LINES.split())
#: What is read with all that is inside of it; text in none of them needs one.
_HOLDERS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "pre", "td", "th"})
_STRUCTURE = _HOLDERS | {"ol", "table", "tbody", "tfoot", "thead", "tr", "ul"}
_EMPTY = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_EMPTY.split())
_NO_TEXT = "iframe noscript script style svg template textarea title"
_UNREAD = frozenset(_NO_TEXT.split())
#: What an element ends that was never closed, when it begins right inside of that.
_ENDS = {
    "li": frozenset({"li"}),
    "tbody": frozenset({"td", "th", "tr", "thead", "tbody"}),
    "tfoot": frozenset({"td", "th", "tr", "thead", "tbody"}),
    "tr": frozenset({"td", "th", "tr"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
}
_NONE: frozenset[str] = frozenset()


def readable(html: str) -> str:
    """The same text, every part of it in an element, every element closed, and none too deep."""
    writer = _Rewriting()
    try:
        for start in range(0, len(html), _PIECE):
            writer.feed(html[start : start + _PIECE])
        writer.close()
    except AssertionError:
        # So the parser says that a declaration is none; the library bears those.
        return html
    return writer.result()


class _Rewriting(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._written = io.StringIO()
        #: What is open, and whether it was written.
        self._open: list[tuple[str, bool]] = []
        #: Where those of them stand that are not inside of a line.
        self._blocks: list[int] = []
        self._count: Counter[str] = Counter()
        self._depth = self._plain = self._held = self._unread = 0

    def result(self) -> str:
        """All of it."""
        while self._open:
            self._close()
        return self._written.getvalue()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write it, unless it is too deep."""
        del attrs
        self._make_room(tag)
        if tag in _VOID:
            self._written.write(self._raw())
        else:
            self._begin(tag, self._raw())

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, as XHTML writes it."""
        del attrs
        self._make_room(tag)
        if not self._unread:
            self._written.write(self._raw())

    def handle_endtag(self, tag: str) -> None:
        """Close it and what is open inside of it; what closes nothing is passed over."""
        if self._count[tag]:
            while self._open[-1][0] != tag:
                self._close()
            self._close()

    def handle_data(self, data: str) -> None:
        """Write text, in a paragraph of its own where it has none."""
        if self._unread:
            return
        if not self._held and self._depth < _DEEPEST and not data.isspace():
            self._begin("p", "<p>")
        self._written.write(data)

    def handle_entityref(self, name: str) -> None:
        """Write a character as it was written."""
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Write a character as it was written."""
        self.handle_data(f"&#{name};")

    def _raw(self) -> str:
        return self.get_starttag_text() or ""

    def _make_room(self, tag: str) -> None:
        """Begin a paragraph around what stands in a line, and end what cannot hold this."""
        if tag in _INLINE:
            if not self._held and not self._unread and self._depth < _DEEPEST:
                self._begin("p", "<p>")
            return
        if tag in _VOID:
            return
        if self._innermost() == "p":
            self.handle_endtag("p")
        while self._innermost() in _ENDS.get(tag, _NONE):
            self.handle_endtag(self._innermost())

    def _innermost(self) -> str:
        return self._open[self._blocks[-1]][0] if self._blocks else ""

    def _begin(self, tag: str, written: str) -> None:
        is_plain = tag not in _STRUCTURE
        fits = self._depth < _DEEPEST and not (is_plain and self._plain >= _DEEPEST_PLAIN)
        if tag in _UNREAD or self._unread:
            self._unread += 1
            fits = False
        if fits:
            self._written.write(written)
            self._depth += 1
            self._plain += is_plain
        elif tag not in _INLINE:
            self._written.write("<br>")
        if tag not in _INLINE:
            self._blocks.append(len(self._open))
        self._open.append((tag, fits))
        self._count[tag] += 1
        self._held += tag in _HOLDERS and fits

    def _close(self) -> None:
        tag, was_written = self._open.pop()
        self._count[tag] -= 1
        if tag not in _INLINE:
            self._blocks.pop()
        if self._unread:
            self._unread -= 1
        if was_written:
            self._written.write(f"</{tag}>")
            self._depth -= 1
            self._plain -= tag not in _STRUCTURE
            self._held -= tag in _HOLDERS
