"""HTML → text: blocks to lines, tables to one line a row with a tab between cells.

The grid of a table is kept: a cell that spans several rows or columns stands in its first place, the other
places are blank. What is not shown to a reader (scripts, styles, comments, hidden elements) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from schemas import TooLarge, Unreadable

_DROPPED = re.compile(r"script|style|template|noscript|iframe|object|svg|math|head|select")
_INLINE = re.compile(
    r"a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|img|input|ins|kbd|label|mark|nobr|o:p|q|s"
    r"|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# ASCII white space only: wide and fixed spaces are part of what is printed.
_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_LARGEST_SPAN = 1000
_MOST_CELLS = 2_000_000


def text_of_html(source: str, name: str) -> str:
    """The text of a page, its title first. Raises Unreadable for too deep nesting, TooLarge for tables."""
    root = _parse(source, name)
    lines = list(_Lines(name).of(root))
    title = _folded("".join(root.xpath("string(//head/title)")))
    if title and title != next((line for line in lines if line), ""):
        lines.insert(0, title)
    return "\n".join(lines)


def _parse(source: str, name: str) -> html.HtmlElement:
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    # Bytes, because a declared encoding that is no longer true makes lxml refuse a str.
    root = html.document_fromstring(source.encode() or b" ", parser=parser)
    if any("depth" in entry.message for entry in parser.error_log):
        raise Unreadable(name, "nests its elements too deeply", "save the page as text")
    return root


class _Lines:
    """Walks a tree; `of` yields the lines of an element."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cells = 0
        self.pending: list[str] = []

    def of(self, element: html.HtmlElement) -> Iterator[str]:
        yield from self._inside(element)
        yield from self._flush()

    def _inside(self, element: html.HtmlElement) -> Iterator[str]:
        """The lines that an element completes; the last one stays pending."""
        if element.text:
            self.pending.append(element.text)
        for child in element:
            yield from self._child(child)
            if child.tail:
                self.pending.append(child.tail)

    def _child(self, child: html.HtmlElement) -> Iterator[str]:
        tag = child.tag
        if not isinstance(tag, str) or _is_hidden(child):
            return
        if _INLINE.fullmatch(tag):
            yield from self._inside(child)
        elif tag in {"br", "hr"}:
            yield from self._flush()
        elif tag == "pre":
            yield from self._flush()
            yield from child.text_content().strip("\n").split("\n")
        elif tag == "table" and child.find(".//table") is None:
            yield from self._flush()
            yield from self._table(child)
        else:
            yield from self._flush()
            yield from self._inside(child)
            yield from self._flush()

    def _flush(self) -> Iterator[str]:
        line = _folded("".join(self.pending))
        self.pending.clear()
        if line:
            yield line

    def _table(self, table: html.HtmlElement) -> Iterator[str]:
        """The captions and one line a row; a table begins and ends with a blank line."""
        yield ""
        yield from (self._cell(caption) for caption in table.iterchildren("caption"))
        rows = list(self._grid(table))
        width = max((len(row) for row in rows), default=0)
        if width * len(rows) > _MOST_CELLS:
            raise self._too_large()
        for row in rows:
            filled = [cell for cell in row if cell]
            across = len(row) == width and row.whole and len(filled) == 1
            yield filled[0] if across else "\t".join([*row, *[""] * (width - len(row))])
        yield ""

    def _grid(self, table: html.HtmlElement) -> Iterator[_Row]:
        below: dict[int, int] = {}
        for line in table.iter("tr"):
            if _is_hidden(line):
                continue
            row = _Row()
            cells = [cell for cell in line if cell.tag in {"td", "th"} and not _is_hidden(cell)]
            for cell in cells:
                while below.get(len(row), 0):
                    row.append("")
                across, down = _span(cell, "colspan"), _span(cell, "rowspan")
                below.update(dict.fromkeys(range(len(row), len(row) + across), down))
                row.extend([self._cell(cell), *[""] * (across - 1)])
            row.whole = len(cells) == 1 and len(row) == _span(cells[0], "colspan")
            row.extend([""] * (max((at + 1 for at, rows in below.items() if rows), default=0) - len(row)))
            below = {at: rows - 1 for at, rows in below.items() if rows > 1}
            self.cells += len(row)
            if self.cells > _MOST_CELLS:
                raise self._too_large()
            yield row

    def _too_large(self) -> TooLarge:
        return TooLarge(
            self.name, f"its tables have over {_MOST_CELLS:,} cells", "split it into several files"
        )

    def _cell(self, cell: html.HtmlElement) -> str:
        return _folded(" ".join(_Lines(self.name).of(cell)))


class _Row(list[str]):
    """The cells of one line of a grid; `whole` where one cell is all of the line."""

    whole = False


def _span(cell: html.HtmlElement, attribute: str) -> int:
    """How many columns or rows a cell takes; what is no sensible number counts as 1."""
    value = cell.get(attribute, "1").strip()
    if not (value.isascii() and value.isdigit()):
        return 1
    if attribute == "rowspan" and int(value[:5]) == 0:
        # By the standard: all rows that follow.
        return _LARGEST_SPAN
    return min(max(int(value[:5]), 1), _LARGEST_SPAN)


def _is_hidden(element: html.HtmlElement) -> bool:
    if _DROPPED.fullmatch(element.tag) or "hidden" in element.attrib:
        return True
    style = element.get("style")
    return style is not None and _HIDDEN.search(style) is not None


def _folded(text: str) -> str:
    folded = _SPACES.sub(" ", text).strip(" ")
    return "" if folded.isspace() else folded
