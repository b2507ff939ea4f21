"""Records: what a line says, before anybody knows what its columns mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from schemas import Chunk, Numeral
from schemas.findings import Role
from schemas.text import squeeze
from worker.readers.ledger import explain_rest
from worker.segment.anchors import anchor_of, is_note, is_page_mark, unit_of
from worker.segment.lines import Line, lines_of

CODE = re.compile(r"^(?:\d{3}|\d{5}|\d{7})$")  # 类, 款, 项
ANY_CODE = re.compile(r"^(?:\d{3}|\d{5,7}|\d{9})$")  # those, and codes of units
_NIL = re.compile(r"^(?:[-—–*/\\]+|[$€£¥]|USD|EUR|RMB|CNY)$")
_UNIT_LINE = re.compile(r"^\((?:in|amounts|all|dollars|expressed)\b[^()]*\)$", re.IGNORECASE)
_HEAD_WORD = re.compile(
    r"^(?:栏次|行次|序号|项目|收入|支出|科目(?:编码|代码|名称)|功能分类.*|经济分类.*|支出功能.*|编码|代码|名称"
    r"|[类款项]+|预算数|决算数|金额|收|支|入|出|目|\*+|甲|乙)$"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text with its document offsets; `column` as in `Field`."""

    text: str
    start: int
    end: int
    column: int = -1


@dataclass(frozen=True, slots=True)
class Value:
    """A figure of a record: its ledger entry; `column` among separated fields."""

    numeral: Numeral
    column: int = -1


@dataclass
class Record:
    """One row of one block: the block (0-based, left to right), code pieces, label, further texts, figures.

    `number` is an item number that a column of its own prints (1.2.1); `total` marks a row of figures that is
    taken for the total though no label stands beside it.
    """

    line: int
    block: int = 0
    codes: list[Numeral] = field(default_factory=list)
    number: Text | None = None
    label: Text | None = None
    texts: list[Text] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    total: bool = False

    @property
    def code(self) -> str | None:
        """The code, joined over its columns, or the item number."""
        if self.number:
            return squeeze(self.number.text).rstrip(".")
        return "".join(squeeze(n.text) for n in self.codes) or None


@dataclass
class Body:
    """What a region holds: header lines, records, and the roles of the numerals that were set aside.

    `blocks` is how many records stand side by side, `block_of` the block of a separated column; `loose` are records
    of figures without label or code; `pool` are codes that stand alone on their lines, apart from their rows,
    `unread` texts in columns of figures, `apart` texts without figures before the first and after the last figure.
    """

    header: list[Line]
    records: list[Record]
    roles: dict[str, Role]
    blocks: int = 1
    separated: bool = False
    block_of: dict[int, int] = field(default_factory=dict)
    loose: list[Record] = field(default_factory=list)
    pool: list[Numeral] = field(default_factory=list)
    unread: list[Text] = field(default_factory=list)
    apart: list[Record] = field(default_factory=list)

    @property
    def labels(self) -> list[Text]:
        """The texts that stand apart from all figures: header words, totals printed after the body."""
        return [r.label for r in self.apart if r.label]


class Ledger:
    """The ledger of a chunk by place."""

    def __init__(self, chunk: Chunk) -> None:
        evident = {
            i for i, role in explain_rest(chunk, {}).items() if role in ("date", "page", "form_number")
        }
        self._at = {n.span.start: n for n in chunk.ledger if n.id not in evident}
        self._all = chunk.ledger

    def at(self, start: int) -> Numeral | None:
        """The numeral that begins at a document offset; None for parts of dates, page and form numbers."""
        return self._at.get(start)

    def within(self, start: int, end: int) -> list[Numeral]:
        """The numerals between two document offsets."""
        return [n for n in self._all if start <= n.span.start and n.span.end <= end]


def chunk_lines(chunk: Chunk) -> list[Line]:
    """The visible lines of a chunk; page marks left out."""
    lines = lines_of(chunk.text, chunk.lines, chunk.start, chunk.delimiter)
    return [x for x in lines if not x.blank and not is_page_mark(x)]


def is_nil(text: str) -> bool:
    """A dash or stars in place of a figure, or a currency sign in a cell of its own: nothing stands there."""
    return bool(_NIL.match(squeeze(text)))


def is_column_numbers(line: Line) -> bool:
    """栏次 1 2 3 …: whole numbers one apart and no other text than header words."""
    numerals = line.numerals
    if not numerals or any(p.decimals for p in numerals):
        return False
    rest = re.sub(r"[\d=+\-()、,]", "", line.squeezed)
    words = [w for w in re.split(r"\s+|\t", line.text) if w]
    if "栏次" not in line.squeezed and "**" not in line.squeezed and rest not in ("", "栏次", "甲乙"):
        return False
    if "栏次" in line.squeezed or "**" in line.squeezed:
        return all(p.value < 100 for p in numerals) and len(words) >= 1
    values = [int(p.value) for p in numerals]
    return values == list(range(values[0], values[0] + len(values))) and values[0] == 1 and len(values) >= 2


def is_head(line: Line) -> bool:
    """A line that belongs to the head of a form: title, form number, department and unit line, column numbers."""
    if anchor_of(line) is not None:
        return True
    if unit_of(line.squeezed) and not line.has_amount:
        return True
    return bool(re.match(r"^(?:编制|预算|填报)?(?:部门|单位)(?:\(单位\))?(?:名称)?[:]", line.squeezed))


def is_unit(line: Line) -> bool:
    """A line that says in what amounts are told: 单位:万元, (in thousands of US dollars)."""
    return unit_of(line.squeezed) is not None or bool(_UNIT_LINE.match(line.text.strip()))


def is_head_word(text: str) -> bool:
    """A word that only headers use."""
    return bool(_HEAD_WORD.match(squeeze(text)))


def note_lines(lines: list[Line]) -> set[int]:
    """Indices of the lines from the first note after the figures to the end, as far as they are notes."""
    marked = {x.index for x in lines if is_note(x)}
    found: set[int] = set()
    inside = False
    for x in lines:
        if x.index in marked:
            inside = True
        elif inside and (x.separated or x.has_amount or not re.match(r"^(?:\d+[.、]|[(]\d+[)])", x.squeezed)):
            inside = False
        if inside:
            found.add(x.index)
    return found
