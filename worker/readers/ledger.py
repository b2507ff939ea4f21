"""Roles of numerals that are evidently no cells: the side of the ledger that needs no reader.

Everything here errs towards leaving a numeral unexplained: a figure that looks like money (decimals, digit
groups, a sign) is only ever explained as part of a full date or of a sentence in a note.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from schemas.findings import Role
from schemas.source import Chunk, Numeral
from schemas.text import display_width, normalise, squeeze

_YEAR = re.compile(r"(?:19|20)\d\d")
_YEARS = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?: ?[-/~至到—] ?(?:19|20)?\d\d)? ?(?=年|财年|[Ff]iscal|FY)"
    r"|(?:(?<![A-Za-z])(?:FY|fiscal year|year ended|year) ?)(?:19|20)\d\d(?: ?[-/] ?(?:19|20)?\d\d)?(?!\d)",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DATES = re.compile(
    r"(?<!\d)(?:19|20)\d\d ?年 ?\d{1,2} ?月(?: ?\d{1,2} ?日)?"
    r"|(?<!\d)(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?![\d.])"
    r"|(?<!\d)(?:\d{1,2} ?[-至到~] ?)?(?:0?[1-9]|1[0-2]) ?月(?: ?(?:0?[1-9]|[12]\d|3[01]) ?日)?(?!份?[均度])"
    rf"|(?<![A-Za-z]){_MONTH}\.? ?\d{{1,2}}, ?(?:19|20)\d\d(?!\d)"
    rf"|(?<!\d)\d{{1,2}}\.? ?{_MONTH}\.?,? ?(?:19|20)\d\d(?!\d)",
    re.IGNORECASE,
)
_FORMS = re.compile(
    r"(?:公开|财决|部决|财预|部预|[预决]算(?:公开)?)\D{0,4}\d{1,3}(?: ?- ?\d{1,2})? ?表"
    r"|(?:[预决]算表|公开表|附表|附件) ?\d{1,2}(?: ?- ?\d{1,2})?(?![\d.,])"
    r"|表\d{1,2}(?: ?- ?\d{1,2})?(?![\d.,])"
    r"|(?<![A-Za-z])(?:table|form|annex|appendix|schedule|exhibit|tabelle|tableau) ?(?:no\.? ?)?"
    r"\d{1,3}(?:-\d{1,2})?(?![\d.,])",
    re.IGNORECASE,
)
_DOCUMENT_NUMBERS = re.compile(
    r"[〔\[(【] ?(?:19|20)\d\d ?[〕\])】] ?第? ?\d+ ?号|第 ?\d+ ?(?:部分|章|节|条|款|期|批)"
)
_PAGES = re.compile(r"第 ?\d+ ?页|共 ?\d+ ?页|(?<![A-Za-z])page ?\d+(?: ?(?:of|/) ?\d+)?", re.IGNORECASE)
_DASHED = re.compile(r"^\s*[-—·•] ?\d{1,4} ?[-—·•]\s*$")
_NIL = re.compile(r"(?:^|\s)[-—](?=\s|$)")
# Where a line, a cell or a clause begins; then "1." "1、" "(1)" and a word.
_ORDINALS = re.compile(
    r"(?:^|[\t|。；;:：]| {2})[ ]*(?:\d{1,2}[.、)]|\(\d{1,2}\)[、.]?) *(?=[^\W\d_]|(?:19|20)\d\d ?年)"
)
_FORMULA = re.compile(r"(?<!\d)\(?\d{1,2} ?= ?\(?\d{1,2}(?: ?[-+] ?\d{1,2})+\)?(?!\d)")
_NOTE = re.compile(r"^\s*(?:备?注|说明|附注|notes?|n\.b\.|remarks?|source)\s*[:：.\d]", re.IGNORECASE)
_AUTHOR = re.compile(r"^(?:编制|填报|公开)?(?:部门|单位)(?:[(]单位[)])?(?:名称|编码|代码|及)*[:：]")
_COLUMN_WORDS = re.compile(r"栏次|项目|行次|合计|序号|[*=+()（）,、.;:甲乙丙丁戊ABCDE|\s-]")
_SENTENCE = re.compile(r"[。，；,;]")
_RULE = re.compile(r"[\t|]")
_GAP = re.compile(r"[\t| ]*")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line in reading form; `offset` is its place in the document."""

    text: str
    offset: int
    numerals: tuple[Numeral, ...]

    @property
    def words(self) -> str:
        """The squeezed text without its numerals."""
        pieces, at = [], 0
        for numeral in self.numerals:
            pieces.append(self.text[at : numeral.span.start - self.offset])
            at = numeral.span.end - self.offset
        return squeeze("".join([*pieces, self.text[at:]]))

    def inside(self, pattern: re.Pattern[str]) -> Iterator[Numeral]:
        """Numerals that lie wholly within a match of `pattern`."""
        for match in pattern.finditer(self.text):
            for numeral in self.numerals:
                first, last = numeral.span.start - self.offset, numeral.span.end - self.offset
                if match.start() <= first and last <= match.end():
                    yield numeral


@dataclass(slots=True)
class _Region:
    """The lines of a chunk and the roles found so far."""

    chunk: Chunk
    lines: list[_Line]
    roles: dict[str, Role] = field(default_factory=dict)

    def open(self, numeral: Numeral) -> bool:
        return numeral.id not in self.roles


def plain(numeral: Numeral) -> bool:
    """Whether a numeral is a bare run of digits: no decimals, digit groups, sign, brackets or percent."""
    return normalise(numeral.text).isdigit()


def explain_rest(chunk: Chunk, used: Mapping[str, Role]) -> dict[str, Role]:
    """Roles of the numerals of `chunk` that are evidently not cells, beyond those in `used`.

    `used` maps the numeral ids that a reader has accounted for (cells, codes of rows, labels) to their
    roles; they are never given another. What is left out of both stays unexplained: a code whose row
    was not read, an amount that no row took.
    """
    region = _Region(chunk, _lines(chunk), dict(used))
    for rule in _RULES:
        for numeral, role in rule(region):
            region.roles.setdefault(numeral.id, role)
    return {key: role for key, role in region.roles.items() if key not in used}


def unexplained(chunk: Chunk, roles: Mapping[str, Role]) -> tuple[Numeral, ...]:
    """The numerals of `chunk` without a role, in reading order."""
    return tuple(numeral for numeral in chunk.ledger if numeral.id not in roles)


def _lines(chunk: Chunk) -> list[_Line]:
    text = normalise(chunk.text)
    starts = [0, *(match.end() for match in re.finditer(r"[\n\f]", text))]
    held: list[list[Numeral]] = [[] for _ in starts]
    for numeral in chunk.ledger:
        held[bisect_right(starts, numeral.span.start - chunk.start) - 1].append(numeral)
    ends = [*starts[1:], len(text)]
    return [
        _Line(text[start:end].rstrip("\n\f"), chunk.start + start, tuple(numerals))
        for start, end, numerals in zip(starts, ends, held, strict=True)
    ]


Found = Iterator[tuple[Numeral, Role]]


def _patterns(region: _Region) -> Found:
    """What its own wording tells: dates, years, numbers of forms, documents and pages, ordinals."""
    for line in region.lines:
        for numeral in line.inside(_DATES):
            year = _YEAR.fullmatch(normalise(numeral.text))
            yield numeral, "year" if year and "年" in line.text else "date"
        for numeral in line.inside(_DOCUMENT_NUMBERS):
            yield numeral, "label"
        worded: tuple[tuple[re.Pattern[str], Role], ...] = (
            (_YEARS, "year"),
            (_PAGES, "page"),
            (_FORMS, "form_number"),
        )
        for pattern, role in worded:
            for numeral in line.inside(pattern):
                alone = role != "form_number" or not any(n.decimals for n in line.numerals)
                if alone and numeral.decimals == 0:
                    yield numeral, role
        for numeral in line.inside(_ORDINALS):
            yield numeral, "ordinal"


def _title(region: _Region) -> Found:
    """Bare numbers in the lines of the title, and the code beside the name of the unit that reports."""
    title = squeeze(region.chunk.title)
    for line in region.lines:
        text = squeeze(line.text)
        if text in title and len(line.words) > 1 and all(map(plain, line.numerals)):
            for numeral in line.numerals:
                yield numeral, "label"
        if _AUTHOR.match(text) and all(map(plain, line.numerals)):
            for numeral in line.numerals:
                yield numeral, "code"


def _page_breaks(region: _Region) -> Found:
    """A number alone on its line: between dashes (— 12 —), or beside a page break and near its page."""
    text, base = region.chunk.text, region.chunk.start
    dashed = [line for line in region.lines if _DASHED.match(line.text)]
    # Where dashes stand for nothing, a figure between two of them is a row of three columns.
    if not any(_NIL.search(line.text) for line in region.lines if line not in dashed):
        for line in dashed:
            for numeral in line.numerals:
                yield numeral, "page"
    for line in region.lines:
        if len(line.numerals) != 1 or line.words or not plain(line.numerals[0]):
            continue
        numeral = line.numerals[0]
        before = text[: numeral.span.start - base].rstrip(" \t\n")
        after = text[numeral.span.end - base :].lstrip(" \t\n")
        beside = before.endswith("\f") or after.startswith("\f")
        if beside and numeral.value >= 1 and abs(int(numeral.value) - numeral.span.page) <= 10:
            yield numeral, "page"


def _column_numbers(region: _Region) -> Found:
    """栏次: a line of 1 2 3 …, numbers on the line of that word or below it, and formulas such as 3=1+2."""
    beside = {
        int(n.value)
        for line in region.lines
        if "栏次" in squeeze(line.text)
        for n in line.numerals
        if plain(n)
    }
    named = any("栏次" in squeeze(line.text) for line in region.lines)
    first_amount = next(
        (i for i, line in enumerate(region.lines) if any(numeral.decimals for numeral in line.numerals)),
        len(region.lines),
    )
    below = 0  # the number that goes on with a column of them under the word
    for i, line in enumerate(region.lines):
        for numeral in line.inside(_FORMULA):
            yield numeral, "column_number"
        here = "栏次" in squeeze(line.text)
        row = tuple(n for n in line.numerals if region.open(n))
        wordless = not _COLUMN_WORDS.sub("", line.words)
        small = all(plain(n) and n.value < 100 for n in row)
        if not (row and wordless and small):
            below = 1 if here and not line.numerals else 0 if line.text.strip() else below
            continue
        enough = len(row) >= 3 or (len(row) == 2 and (named or i < first_amount))
        if here or (enough and _counted(row, beside)) or (len(row) == 1 and row[0].value == below):
            below = int(row[-1].value) + 1
            for numeral in row:
                yield numeral, "column_number"


def _counted(row: tuple[Numeral, ...], elsewhere: set[int]) -> bool:
    """Whether a row counts 1 2 3 …; numbers that stand beside the word 栏次 may be missing from it."""
    values = [int(numeral.value) for numeral in row]
    missing = set(range(1, values[-1] + 1)) - set(values)
    return values == sorted(set(values)) and values[0] == 1 and missing <= elsewhere


def _line_numbers(region: _Region) -> Found:
    """行次 and 序号: numbers that count the lines under such a header, on one side or two."""
    text = squeeze(region.chunk.header + region.chunk.text)
    if "行次" in text:
        role: Role = "line_number"
    elif re.search(r"序号|编号|(?i:\bno\.|№|\blfd\.? ?nr)", text):
        role = "ordinal"
    else:
        return
    free = [
        (i, numeral)
        for i, line in enumerate(region.lines)
        for numeral in line.numerals
        if region.open(numeral) and plain(numeral) and numeral.value < 1000
    ]
    wanted = min((int(numeral.value) for _, numeral in free), default=1) if region.chunk.part > 1 else 1
    while chain := _chain(free, wanted):
        taken = {numeral.id for _, numeral in chain}
        # Two numbers that happen to count up may be amounts, unless nothing else is left to explain.
        others = any(region.open(n) and n.id not in taken for n in region.chunk.ledger)
        if len(chain) < 3 and others:
            return
        for _, numeral in chain:
            yield numeral, role
        free = [(i, numeral) for i, numeral in free if numeral.id not in taken]
        wanted = int(chain[-1][1].value) + 1


def _chain(free: list[tuple[int, Numeral]], first: int) -> list[tuple[int, Numeral]]:
    """The numerals first, first+1, … each on a line below the one before."""
    chain: list[tuple[int, Numeral]] = []
    line, wanted = -1, first
    for i, numeral in free:
        if i > line and numeral.value == wanted:
            chain.append((i, numeral))
            line, wanted = i, wanted + 1
    return chain


def _codes_of_blank_rows(region: _Region) -> Found:
    """Codes of rows without figures, which readers leave out: printed where, and in the parts in which, the codes of
    other rows are, with a name behind them."""
    codes = {key for key, role in region.roles.items() if role == "code"}
    runs = [(line, run) for line in region.lines for run in _runs(line)]
    known = {
        _shape(region, line, run) for line, run in runs if codes.issuperset(numeral.id for numeral in run)
    }
    for line, run in runs:
        behind = line.text[run[-1].span.end - line.offset :]
        named = re.match(r"[\t| ]*[^\W\d_]", behind)
        if named and all(map(region.open, run)) and _shape(region, line, run) in known:
            for numeral in run:
                yield numeral, "code"


def _runs(line: _Line) -> Iterator[tuple[Numeral, ...]]:
    """Bare numbers that only rules and blanks part, where a cell begins."""
    run: list[Numeral] = []
    for numeral in line.numerals:
        at = numeral.span.start - line.offset
        between = line.text[run[-1].span.end - line.offset if run else 0 : at]
        if run and not (plain(numeral) and _GAP.fullmatch(between)):
            yield tuple(run)
            run = []
        begins = _GAP.fullmatch(between) or between.endswith("  ") or _RULE.search(between.rstrip(" ")[-1:])
        if plain(numeral) and (run or begins):
            run.append(numeral)
    if run:
        yield tuple(run)


def _shape(region: _Region, line: _Line, run: Sequence[Numeral]) -> tuple[int, ...]:
    """Where a run stands, by the rules before it or by the width of the print, and how many digits its numbers have."""
    before = region.chunk.slice(line.offset, run[0].span.start)
    rules = len(_RULE.findall(before))
    width = 0 if rules else display_width(before)
    return rules, width, *(len(normalise(numeral.text)) for numeral in run)


def _header_years(region: _Region) -> Found:
    """Bare years over the columns: a line above all figures whose numerals are successive years."""
    for line in region.lines:
        row = tuple(n for n in line.numerals if region.open(n))
        if not row:
            continue
        if not all(plain(n) and _YEAR.fullmatch(normalise(n.text)) for n in row):
            return
        steps = {int(b.value - a.value) for a, b in pairwise(row)}
        if len(row) < 2 or steps not in ({1}, {-1}):
            return
        for numeral in row:
            yield numeral, "year"


def _notes(region: _Region) -> Found:
    """Numbers inside notes under the table (注：…) and the sentences that go on from them."""
    inside, last = False, ""
    for line in region.lines:
        if not line.text.strip():
            continue
        ordinal = bool(_ORDINALS.match(line.text))
        going_on = inside and (ordinal or not last.endswith(("。", ".", ";", "；")))
        inside = bool(_NOTE.match(line.text)) or (going_on and bool(_SENTENCE.search(line.text)))
        last = line.text.rstrip()
        if not inside:
            continue
        for numeral in line.numerals:
            rest = line.text[numeral.span.end - line.offset :].lstrip()
            if plain(numeral) or numeral.percent or re.match(r"[万亿千百]*元", rest):
                yield numeral, "note"


_RULES: tuple[Callable[[_Region], Found], ...] = (
    _patterns,
    _title,
    _page_breaks,
    _column_numbers,
    _line_numbers,
    _codes_of_blank_rows,
    _header_years,
    _notes,
)
