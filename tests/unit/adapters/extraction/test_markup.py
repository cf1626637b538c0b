"""Pages as a library reads them that passes over what is deep, open, or outside of paragraphs."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.extraction.host.markup import readable


class Outline(HTMLParser):
    """How deep a page is, and which of its texts stand in no element that holds text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.deepest = 0
        self.loose: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in {"br", "img"}:
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        holders = {"p", "li", "td", "th", "h2", "pre"}
        if not data.isspace() and not holders & {*self.open}:
            self.loose.append(data)


def outline(html: str) -> Outline:
    seen = Outline()
    seen.feed(html)
    seen.close()
    assert seen.open == []
    return seen


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a &amp; b &#228;</p>", "<p>a &amp; b &#228;</p>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<div>a<p>b</p>c</div>", "<div><p>a</p><p>b</p><p>c</p></div>"),
        ("<div><b>a</b> b</div>", "<div><p><b>a</b> b</p></div>"),
        ("<a href='u'><div>a</div>b</a>", "<p><a href='u'></a></p><div><p>a</p></div><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        (
            "<table><tr><th>a<td>b<tr><td>c</table>d",
            "<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table><p>d</p>",
        ),
        ("<script>if (a < b) {}</script><style>p {}</style><p>a", "<p>a</p>"),
        ("</div>a</p>", "<p>a</p>"),
        ('<p>a<a id="x"/>b</p>', '<p>a<a id="x"/>b</p>'),
        ("<h2><span>a", "<h2><span>a</span></h2>"),
        ("<![unheard[ of ]]>a", "<![unheard[ of ]]>a"),
    ],
)
def test_every_text_gets_an_element_and_every_element_its_end(html: str, expected: str) -> None:
    assert re.sub("<br>", "", readable(html)) == expected


@pytest.mark.parametrize("tag", ["div", "span", "p", "blockquote", "table><tr><td", "ul><li"])
def test_no_text_is_lost_however_deep_it_stands(tag: str) -> None:
    written = readable("".join(f"<{tag}>word{number}" for number in range(500)))

    assert outline(written).deepest <= 60
    assert re.findall(r"word\d+", written) == [f"word{number}" for number in range(500)]


def test_a_table_deep_inside_of_wrappers_stays_one() -> None:
    written = readable("<div>" * 300 + "<table><tr><td>a</table>")

    assert "<table><tr><td>a</td></tr></table>" in written


TAGS = ("div", "p", "b", "ul", "li", "table", "tr", "td", "h2", "pre")
PIECES = st.one_of(
    st.sampled_from(TAGS).map("<{}>".format),
    st.sampled_from(TAGS).map("</{}>".format),
    st.sampled_from(["<br>", "<!-- x -->", "word ", " "]),
)


@given(st.lists(PIECES, max_size=80).map("".join))
def test_whatever_is_written_comes_out_whole_and_in_order(html: str) -> None:
    written = readable(html)

    seen = outline(written)
    assert (seen.loose, seen.deepest <= 60) == ([], True)
    assert written.count("word") == html.count("word")
