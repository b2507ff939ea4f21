"""Lines with separators → records: columns are typed by what stands in them, blocks by their order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from schemas import Chunk, Numeral
from schemas.numerals import Printed, parse_numeral
from schemas.text import squeeze
from worker.readers.layout.records import (
    ANY_CODE,
    Body,
    Ledger,
    Record,
    Text,
    Value,
    is_column_numbers,
    is_head,
    is_head_word,
    is_nil,
    note_lines,
)
from worker.segment.heads import NAME_END, header_again, is_page_number
from worker.segment.lines import Field, Line

Type = Literal["line", "code", "number", "label", "amount", "blank"]
_CODE_HEAD = re.compile(r"^[类款项]{1,3}$")  # header cells that stand in the first row of the body
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_ITEM_NUMBER = re.compile(r"^[A-Z]{0,2}\d+(?:[.-]\d+)*\.?$")
_CURRENCY = re.compile(
    r"^(?:[$€£¥]|US\$|USD|EUR|GBP|RMB|CNY)\s?(\S.*)$|^(\S.*?)\s?(?:[$€£¥元]|USD|EUR|GBP|RMB|CNY)$"
)
_TOTAL = re.compile(r"^(?:本年)?(?:收入|支出)?(?:合计|总计)$")


def read_grid(chunk: Chunk, lines: list[Line], *, coded: bool) -> Body:
    """The records of a chunk whose lines are mostly separated.

    `coded` tells whether the kind has codes, so that whole numbers of 3, 5 or 7 digits left of a label are codes.
    """
    notes = note_lines(lines)
    ledger = Ledger(chunk)
    generic = chunk.kind in (None, "generic")
    header, rows = _split_header([x for x in lines if x.index not in notes], coded, sections=generic)
    header = [x for x in header if x.squeezed != squeeze(chunk.title)]
    body = Body(header=header, records=[], roles={}, separated=True)
    for line in lines:
        if line.index in notes:
            body.roles.update((n.id, "note") for n in ledger.within(line.start, line.end))
    for line in lines:
        if is_page_number(line, coded):
            body.roles.update((n.id, "page") for n in ledger.within(line.start, line.end))
    for line in header:
        inside = [n for n in ledger.within(line.start, line.end) if n.text.isdigit()]
        body.roles.update((n.id, "column_number" if is_column_numbers(line) else "label") for n in inside)
    types = _column_types(rows, coded)
    if generic:
        types |= _item_numbers(rows, types)
    blocks = _blocks(types)
    body.blocks = len(blocks)
    body.block_of = {column: number for number, columns in enumerate(blocks) for column in columns}
    for line in rows:
        _read_row(line, types, blocks, ledger, body, coded)
    return body


def _split_header(lines: list[Line], coded: bool, *, sections: bool = False) -> tuple[list[Line], list[Line]]:
    """Header lines and body lines; a header repeated on a later page is header again.

    `sections`: a label alone between the header and the first figures is a row, the heading of a section.
    """
    first = next((i for i, x in enumerate(lines) if is_body(x, coded)), len(lines))
    while sections and _is_section(lines, first - 1):
        first -= 1
    header, rows = lines[:first], []
    header = [x for x in header if len(x.fields) >= 3 or not is_head(x)]
    repeated = header_again(lines, first)
    for line in lines[first:]:
        if (is_head(line) and len(line.fields) < 3) or is_page_number(line, coded):
            continue
        if line.index in repeated or is_column_numbers(line) or _is_header(line):
            header.append(line)
        elif line.separated or line.numerals or line.delimiter or (sections and line.fields):
            rows.append(line)
    return header, rows


def _is_section(lines: list[Line], i: int) -> bool:
    """Whether line i holds a label alone, below a line that heads other columns."""
    if i < 1 or is_head(lines[i]) or is_column_numbers(lines[i]):
        return False
    fields = lines[i].fields
    alone = len(fields) == 1 and fields[0].column <= 0 and not _head_field(fields[0])
    return alone and any(field.column > 0 for line in lines[:i] for field in line.fields)


def _is_header(line: Line) -> bool:
    """Whether a line between rows holds header words alone, and not only what may end the name of a row."""
    return all(map(_head_field, line.fields)) and not all(
        NAME_END.match(squeeze(f.text)) for f in line.fields
    )


def _head_field(field: Field) -> bool:
    return is_head_word(field.text)


def is_body(line: Line, coded: bool) -> bool:
    """Whether a line holds figures or names of rows, not header words."""
    if is_column_numbers(line) or is_head(line):
        return False
    if line.has_amount:
        return True
    fields = [squeeze(f.text) for f in line.fields]
    numbers = [t for t in fields if parse_numeral(t) and not _YEAR.match(t)]
    if coded and len(fields) >= 2 and ANY_CODE.match(fields[0]) and not ANY_CODE.match(fields[1]):
        return True
    if any(re.match(r"^(?:[一二三四五六七八九十]+、|[(][一二三四五六七八九十]+[)])", t) for t in fields):
        return True
    if any(_TOTAL.match(t) for t in fields):
        return len(numbers) > 0 or len(fields) == 1
    if len(numbers) == len(fields):  # a form of one row without a name, in whole units
        return len(numbers) >= 2 and not _counts_up([p for t in numbers if (p := parse_numeral(t))])
    return len(numbers) >= 2 and not any("栏次" in t for t in fields)


def _column_types(rows: list[Line], coded: bool) -> dict[int, Type]:
    cells: dict[int, list[str]] = {}
    for line in rows:
        for field in line.fields:
            cells.setdefault(field.column, []).append(squeeze(field.text))
    types = {column: _type(texts, coded) for column, texts in sorted(cells.items())}
    following: Type = "blank"
    for column in reversed(types):  # codes stand before the name that they belong to
        if types[column] == "code" and following not in ("label", "code"):
            types[column] = "amount"
        following = types[column] if types[column] != "blank" else following
    return types


def _item_numbers(rows: list[Line], types: dict[int, Type]) -> dict[int, Type]:
    """The columns left of all names that number the rows: each number once; numbers that recur are names.

    Where no column has names, the first does, if its whole numbers go up or down from row to row: years, ages.
    """
    first = next((column for column, type_ in types.items() if type_ == "label"), None)
    found: dict[int, Type] = {}
    for column in types if first is not None else list(types)[:1]:
        texts = [squeeze(f.text) for line in rows for f in line.fields if f.column == column]
        plain = [text for text in texts if _ITEM_NUMBER.match(text)]
        if types[column] == "line" or len(plain) * 2 <= len(texts) or (first is not None and column > first):
            continue
        if first is not None and column < first:
            found[column] = "number" if len(set(plain)) == len(plain) else "label"
        elif first is None and len(types) > 2 and len(plain) == len(texts):
            steps = {a < b for a, b in pairwise(texts)}
            if len(steps) == 1 and len(set(texts)) == len(texts):
                found[column] = "label"
    return found


def _type(texts: list[str], coded: bool) -> Type:
    count: Counter[str] = Counter()
    numbers = []
    for text in texts:
        printed = figure_of(text)
        if printed is None:
            count["blank" if is_nil(text) or _CODE_HEAD.match(text) else "label"] += 1
        else:
            numbers.append((printed, text))
            whole = not printed.decimals and "," not in text and text.isdigit()
            count["code" if coded and whole and ANY_CODE.match(text) else "amount"] += 1
    parts = coded and not count["label"] and _is_code_part([t for _, t in numbers])
    if parts and any(text.startswith("0") for _, text in numbers):  # 01 02 03: no line numbers
        return "code"
    if numbers and not count["label"] and _counts_up([p for p, _ in numbers]):
        return "line"
    if count["code"] and count["code"] >= count["amount"] and count["code"] >= count["label"]:
        return "code"
    if parts:
        return "code"
    if count["amount"] + count["code"] > count["label"]:
        return "amount"
    return "label" if count["label"] else "blank"


def figure_of(text: str) -> Printed | None:
    """The figure that a cell is, a currency sign before or after it left out; None if it is anything else."""
    printed = parse_numeral(text)
    if printed is None and (match := _CURRENCY.match(text.strip())) and (inner := match[1] or match[2]):
        printed = parse_numeral(inner)
        at = text.index(inner)
        return printed._replace(start=printed.start + at, end=printed.end + at) if printed else None
    return printed


def _is_code_part(texts: list[str]) -> bool:
    """Two digits in every cell: the 款 or 项 of a code over three columns."""
    return bool(texts) and all(re.fullmatch(r"\d{2}", t) for t in texts)


def _counts_up(numbers: list[Printed]) -> bool:
    """Whole numbers that begin near 1 and go up by one: 行次, 序号."""
    values = [p.value for p in numbers]
    return (
        len(values) >= 3
        and values[0] <= 60
        and all(not p.decimals for p in numbers)
        and sum(b - a == 1 for a, b in pairwise(values)) >= 0.8 * (len(values) - 1)
    )


def _blocks(types: dict[int, Type]) -> list[list[int]]:
    """Columns of each block: a block is (line | code)* label+ line? amount*."""
    blocks: list[list[int]] = []
    seen: set[str] = set()
    for column, type_ in types.items():
        if type_ == "blank":
            continue
        opens = type_ in ("label", "code", "number", "line")
        closed = "amount" in seen or "numbered" in seen
        if not blocks or (opens and closed and not (type_ == "line" and "line" not in seen)):
            blocks.append([])
            seen = set()
        if type_ == "line" and "label" in seen and "amount" in seen and "line" in seen:
            blocks.append([])
            seen = set()
        blocks[-1].append(column)
        if type_ == "line" and "label" in seen:  # 行次 ends the names; 序号 before them does not
            seen.add("numbered")
        seen.add("label" if type_ in ("code", "number") and "label" in seen else type_)
    return blocks or [[]]


def _read_row(
    line: Line, types: dict[int, Type], blocks: list[list[int]], ledger: Ledger, body: Body, coded: bool
) -> None:
    fields = {f.column: f for f in line.fields}
    records = []
    for number, columns in enumerate(blocks):
        record = Record(line=line.index, block=number)
        for column in columns:
            if field := fields.pop(column, None):
                _take(field, types[column], record, ledger, body, coded)
        if record.label or record.code or record.values or record.texts:
            records.append(record)
    for field in fields.values():  # a column that is blank in all other rows
        if records:
            _take(field, "amount", records[-1], ledger, body, coded)
    body.records.extend(_merged(records, body))


def _take(field: Field, type_: Type, record: Record, ledger: Ledger, body: Body, coded: bool) -> None:
    if type_ == "number" and _ITEM_NUMBER.match(squeeze(field.text)):
        record.number = Text(field.text, field.start, field.end, field.column)
        body.roles.update((n.id, "code") for n in ledger.within(field.start, field.end))
        return
    printed = figure_of(field.text)
    numeral = ledger.at(field.start + printed.start) if printed else None
    if numeral is None or (type_ == "label" and not coded and squeeze(field.text).isdigit()):
        if not is_nil(field.text) and (type_ == "label" or not _CODE_HEAD.match(squeeze(field.text))):
            text = Text(field.text, field.start, field.end, field.column)
            record.texts.append(text)
            if type_ == "amount":
                body.unread.append(text)
            if record.label is None:
                record.label = text
        return
    if type_ == "line":
        body.roles[numeral.id] = "line_number"
    elif _is_code_here(numeral, type_, record, coded):
        record.codes.append(numeral)
        body.roles[numeral.id] = "code"
    else:
        record.values.append(Value(numeral, field.column))


def _is_code_here(numeral: Numeral, type_: Type, record: Record, coded: bool) -> bool:
    """A whole number in a code column, or one of a code's length in the column of names before any name."""
    if type_ == "code":
        return not numeral.decimals and not record.values
    in_names = coded and type_ == "label" and not record.codes and not record.label
    return in_names and bool(ANY_CODE.match(squeeze(numeral.text)))


def _merged(records: list[Record], body: Body) -> Iterator[Record]:
    """Figures of a block without label go to the label before it in the line: its cells were merged."""
    kept: list[Record] = []
    for record in records:
        if not record.label and not record.code:
            target = next((r for r in reversed(kept) if not r.values), None)
            if target is not None:
                target.values.extend(record.values)
            else:
                body.loose.append(record)
            continue
        kept.append(record)
    yield from kept
