"""Names that a narrow column breaks over lines: which lines are one row.

A name that fills its column may go on in the next line. Cells of one table are aligned alike: the figures of a row
stand beside the first line of its name, beside the last, or in the middle. What goes on for sure tells which; what
stays open is said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas import Chunk
from schemas.lexicon import is_name
from schemas.text import display_width, split_ordinal, squeeze
from worker.readers.layout.records import Body, Record, Text

_CONNECTOR = re.compile(r"(?:\b(?:and|or|of|for|to|the|in|on|by|from|with|net)|[&,/-])$", re.IGNORECASE)
_TOTAL = re.compile(r"^(?:(?:本年|当年)(?:收入|支出)?|收入|支出|收支)(?:合计|总计)$")
_BARE_TOTAL = re.compile(r"^(?:合计|总计)$")
_OF_SUM = re.compile(r"^(?:本年|当年)(?:收入|支出)$")
_SUM = re.compile(r"^(?:sub|grand )?total\b|(?:合计|总计|小计)$", re.IGNORECASE)
_SUM_END = re.compile(r"(?:合计|总计|小计)$")
_WORD = re.compile(r"[^\W\d_a-zA-ZÀ-ɏ]|\S+")  # an ideograph, or all up to the next blank
_BREAKS = re.compile(
    r"[^\x00-\xff]| "
)  # without either a text does not break, and may be wider than its column
_SEPARATOR = re.compile(r"[\t|]")
_LISTED = 0.6
"""The share of labels with ordinals from which on, in a column, one without is a piece."""
_PERHAPS, _LIKELY, _SURE = 1, 2, 4
"""What speaks for a name going on: letters that fill the column, ideographs that do, words that need it.

Two likely ones say as much as a sure one of how the table is aligned: one may be chance.
"""


def join_middles(body: Body, chunk: Chunk) -> list[str]:
    """Join names above and below figures that have none beside them; returns what stays doubtful.

    The figures are rows then, and loose no more.
    """
    rows = _Rows(body, chunk)
    doubts = list(rows.join_middles())
    found = rows.left()
    body.records = [r for r in found if r.texts or r.label or r.code]
    body.loose = [r for r in found if not (r.texts or r.label or r.code)]
    return doubts


def join_ends(body: Body, chunk: Chunk) -> list[str]:
    """Join names with the lines above or below that are pieces of them; returns what stays doubtful."""
    rows = _Rows(body, chunk)
    doubts = list(rows.join_ends())
    body.records = rows.left()
    return doubts


class _Gap(NamedTuple):
    """Names without figures between two rows, and how well each goes on from above, and each in what is below."""

    block: int
    above: Record | None
    pieces: list[Record]
    below: Record | None
    down: list[int]
    up: list[int]


class _Rows:
    """The rows of a body by block, those without a name included, and how wide the columns of their names are."""

    def __init__(self, body: Body, chunk: Chunk) -> None:
        self._chunk = chunk
        self._known = chunk.kind not in (None, "generic")
        self._separated = body.separated
        self._blocks: dict[int, list[Record]] = defaultdict(list)
        for record in sorted([*body.records, *body.loose], key=lambda r: (r.block, r.line)):
            self._blocks[record.block].append(record)
        self._indents: dict[int, int] = {}
        self._edges: dict[int, int] = {}
        self._widths: dict[tuple[int, int], int] = {}
        for block, records in self._blocks.items():
            self._measure(block, records)
        labels = [r.label.text for r in body.records if r.label and r.values]
        letters = [text for text in labels if text[0].isalpha() and text[0].isascii()]
        self._capitals = sum(text[0].isupper() for text in letters) * 2 > len(letters)
        self._sums = [_key(_SUM.sub("", text)) for text in labels if _SUM.search(text)]
        seconds = [word for text in letters for word in text.split()[1:2] if not _CONNECTOR.search(word)]
        self._small = self._capitals and sum(word[0].islower() for word in seconds) * 2 > len(seconds)
        self._listed = {
            block: sum(bool(r.label and split_ordinal(r.label.text)[0]) for r in found) > _LISTED * len(found)
            for block, found in self._blocks.items()
        }

    def left(self) -> list[Record]:
        """The rows that are left, block by block."""
        return [record for records in self._blocks.values() for record in records]

    def _measure(self, block: int, records: Sequence[Record]) -> None:
        """The right edge of every text from the left one of its column, and the widest of texts that can break."""
        last = max((i for i, r in enumerate(records) if r.values), default=-1)
        texts = [text for record in records[: last + 1] for text in _texts(record)]
        begins: dict[int, int] = {}
        for text in texts:
            at = self._indent(text)
            begins[_column(text)] = min(begins.get(_column(text), at), at)
        for text in texts:
            self._indents[text.start] = self._indent(text) - begins[_column(text)]
            edge = self._indents[text.start] + display_width(text.text)
            self._edges[text.start] = edge
            # What is joined already says nothing of the width.
            if _BREAKS.search(text.text) and "\n" not in self._chunk.slice(text.start, text.end):
                key = block, _column(text)
                self._widths[key] = max(self._widths.get(key, 0), edge)

    def _indent(self, text: Text) -> int:
        start = max(a for a, _ in self._chunk.lines if a <= text.start)
        before = self._chunk.slice(start, text.start)
        return display_width(_SEPARATOR.split(before)[-1])

    def _goes_on(self, block: int, text: Text, following: Text) -> int:
        """How well a text goes on in one below it, 0 if it does not."""
        first, second = text.text, following.text
        if first.endswith((":", "：")) or split_ordinal(second)[0] or _TOTAL.match(squeeze(second)):
            return 0
        if self._indents.get(text.start, 0) < self._indents.get(following.start, 0):
            return 0  # what is set in deeper begins a name
        if _SUM_END.search(first):
            return 0
        if first.count("(") > first.count(")") and ")" in second:
            return _SURE
        if (self._known or split_ordinal(first)[0]) and _BARE_TOTAL.match(squeeze(second)):
            return 0
        if _is_whole(split_ordinal(first)[1], squeeze(second)):
            return _SURE
        if self._chunk.whole:
            return 0
        width = self._widths.get((block, _column(text)), 0)
        word = _WORD.match(second)
        letters = first[-1].isascii() and second[0].isascii()
        edge = self._edges.get(text.start, 0) + letters
        fills = word is not None and edge + display_width(word.group()) > width
        if letters and self._capitals and (second[0].islower() or _CONNECTOR.search(first)):
            return _SURE
        if not fills or display_width(second) > (width or edge) + 1:
            return 0
        if letters:  # in sentences written small a capital begins the next name
            return 0 if self._small and second[0].isupper() else _PERHAPS
        return _SURE if split_ordinal(first)[0] and self._listed[block] else _LIKELY

    def _link(self, block: int, upper: Record, lower: Record, *, down: bool) -> int:
        """How well a row goes on in the one below it; `down`: it is the lower one that is a piece, else the upper."""
        if (lower if down else upper).code or (upper.code and not upper.values):
            return 0
        above, below = ({_column(t): t for t in _texts(r)} for r in (upper, lower))
        pieces, whole = (below, above) if down else (above, below)
        if not pieces or not pieces.keys() <= whole.keys():
            return 0
        if down and upper.values and any(text.text.endswith((":", "：")) for text in pieces.values()):
            return 0  # a heading
        texts = [text.text for text in pieces.values() if not down or text.text.isascii()]
        small = self._capitals and all(text[0].islower() for text in texts)
        if not small and any(_key(text) in self._sums for text in texts):
            return 0  # a heading, whose sum says its name again
        return min(self._goes_on(block, above[column], below[column]) for column in pieces)

    def join_middles(self) -> Iterator[str]:
        """Join what stands above figures with what stands below them, where beside them nothing does."""
        found = [
            (block, [above, row, below], link)
            for block, records in self._blocks.items()
            for above, row, below in zip(records, records[1:], records[2:], strict=False)
            if row.values and not (above.values or below.values) and _apart(above, row, below)
            if (link := self._link(block, above, below, down=True))
        ]
        certain = sum(link for _, _, link in found if link >= _LIKELY) >= _SURE
        for block, parts, link in found:
            if not all(any(r is part for r in self._blocks[block]) for part in parts):
                continue
            if link == _SURE or (certain and link == _LIKELY):
                self._join(block, parts, parts[1])
            elif not parts[1].code:
                yield f"{_said(parts[0])}: may go on below the figures, in {_said(parts[2])}"

    def join_ends(self) -> Iterator[str]:
        """Join names with the lines below them or above them, in the one way of the table."""
        gaps = [gap for block, records in self._blocks.items() for gap in self._gaps(block, records)]
        first = sum(gap.down[0] for gap in gaps if gap.down and not gap.up) >= _SURE
        last = sum(gap.up[-1] for gap in gaps if gap.up and not gap.down) >= _SURE
        for block, above, pieces, below, down, up in gaps:
            if len(down) + len(up) > len(pieces):
                if first != last:  # the one way of the table
                    down, up = (down, []) if first else ([], up)
                elif down[0] == up[-1]:
                    yield f"{_said(pieces[0])}: may belong to {_said(above)} or to {_said(below)}"
                    continue
                else:
                    down, up = (down, []) if down[0] > up[-1] else ([], up)
            if above and down:
                if down[0] == _SURE or (first and down[0] == _LIKELY):
                    self._join(block, [above, *pieces[: len(down)]], above)
                elif not above.code:  # what a code names needs no name
                    yield f"{_said(above)}: may go on in {_said(pieces[0])}"
            if below and up:
                if up[-1] == _SURE or (last and up[-1] == _LIKELY):
                    self._join(block, [*pieces[-len(up) :], below], below)
                elif not below.code:
                    yield f"{_said(pieces[-1])}: may go on in {_said(below)}"

    def _gaps(self, block: int, records: Sequence[Record]) -> Iterator[_Gap]:
        """The names without figures between rows with figures, in order."""
        above: Record | None = None
        pieces: list[Record] = []
        for record in [*records, None]:
            if record is not None and not record.values:
                pieces.append(record)
                continue
            if pieces:
                yield self._gap(block, above, pieces, record)
            above, pieces = record, []

    def _gap(self, block: int, above: Record | None, pieces: list[Record], below: Record | None) -> _Gap:
        down: list[int] = []
        upper = above
        for piece in pieces:
            if upper is None or not (link := self._link(block, upper, piece, down=True)):
                break
            down.append(link)
            upper = piece
        up: list[int] = []
        lower = below
        for piece in reversed(pieces):
            if lower is None or not (link := self._link(block, piece, lower, down=False)):
                break
            up.insert(0, link)
            lower = piece
        return _Gap(block, above, pieces, below, down, up)

    def _join(self, block: int, parts: Sequence[Record], whole: Record) -> None:
        texts: dict[int, list[Text]] = defaultdict(list)
        for part in parts:
            for text in _texts(part):
                texts[_column(text)].append(text)
        joined = {column: _joined(found) for column, found in sorted(texts.items())}
        column = _column(whole.label) if whole.label else next(iter(joined))
        whole.label = joined[column]
        whole.texts = list(joined.values())
        self._blocks[block] = [
            r for r in self._blocks[block] if r is whole or not any(r is part for part in parts)
        ]


def _is_whole(first: str, second: str) -> bool:
    """Whether two pieces, as at the break of a page, are the name of a code together and not alone, or of a sum."""
    if second == "小计":
        return bool(_OF_SUM.match(first))
    return is_name(first + second) and not is_name(first) and not is_name(second)


def _texts(record: Record) -> list[Text]:
    return record.texts or ([record.label] if record.label else [])


def _column(text: Text) -> int:
    """The column of a text; one alone on its line stands in the first."""
    return max(0, text.column)


def _apart(above: Record, row: Record, below: Record) -> bool:
    """Whether names stand above and below a row in the same columns, and in none of them beside it."""
    columns = {_column(t) for t in _texts(above)}
    return columns == {_column(t) for t in _texts(below)} and columns.isdisjoint(map(_column, _texts(row)))


def _joined(texts: Sequence[Text]) -> Text:
    text = texts[0].text
    for following in texts[1:]:
        text += (" " if text[-1].isascii() and following.text[0].isascii() else "") + following.text
    return Text(text, texts[0].start, texts[-1].end, texts[0].column)


def _key(text: str) -> str:
    return squeeze(text).rstrip(":：").casefold()


def _said(record: Record | None) -> str:
    return " ".join(text.text for text in _texts(record)) if record else ""
