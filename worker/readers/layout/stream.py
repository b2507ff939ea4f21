"""Lines without separators → records: labels and figures in reading order, blanks not to be seen."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas import Chunk, Numeral
from schemas.text import split_ordinal, squeeze
from worker.readers.layout.records import (
    ANY_CODE,
    CODE,
    Body,
    Ledger,
    Record,
    Text,
    Value,
    chunk_lines,
    is_column_numbers,
    is_head,
    is_head_word,
    is_nil,
    note_lines,
)
from worker.segment.lines import Line

_WORD = re.compile(r"\S+")
_ORDINALS = "一二三四五六七八九十"
_EXPENDITURE = re.compile(r"支出|还本|付息|结余分配|年末|结转下年")
_INCOME = re.compile(r"收入|拨款|资金|年初|上年|使用|弥补|专户")
_TOTAL = re.compile(r"^(?:本年|当年)?(?:收入|支出)?(?:合计|总计|小计)$")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a figure of a line."""

    text: str
    start: int
    end: int
    numeral: Numeral | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """How a form is printed: with codes (of what shape), sides abreast, line numbers, amounts with decimals."""

    coded: bool
    code: re.Pattern[str]
    sided: bool
    numbered: bool
    fractional: bool


def read_stream(chunk: Chunk, *, coded: bool, sided: bool) -> Body:
    """The records of a chunk whose lines have no separators.

    `coded`: whole numbers of 3, 5 or 7 digits (or 3 + 2 + 2) before a label are codes. `sided`: two or three
    lists stand side by side.
    """
    lines = chunk_lines(chunk)
    notes = note_lines(lines)
    ledger = Ledger(chunk)
    body = Body(header=[], records=[], roles={})
    tokens = {x.index: tokenise(x, ledger) for x in lines}
    numbered = any(re.search(r"行次|序号", x.squeezed) for x in lines)
    style = Style(
        coded, ANY_CODE if chunk.kind == "income_by_unit" else CODE, sided, numbered, _fractional(chunk)
    )
    rows: list[Line] = []
    for line in lines:
        if line.index in notes:
            body.roles.update((n.id, "note") for n in ledger.within(line.start, line.end))
        elif is_column_numbers(line):
            body.roles.update((n.id, "column_number") for n in ledger.within(line.start, line.end))
            body.header.append(line)
        elif is_head(line) or squeeze(line.text) == squeeze(chunk.title):
            body.header.append(line)
        elif not any(x.numerals for x in rows) and _only_years(tokens[line.index]):
            body.roles.update((t.numeral.id, "year") for t in tokens[line.index] if t.numeral)
            body.header.append(line)
        else:
            rows.append(line)
    if not sided and is_column_of_cells([tokens[x.index] for x in rows]):
        read_cells(rows, tokens, body, style)
    else:
        for line in rows:
            _read_line(line, tokens[line.index], body, style)
    _settle_header(body, lines)
    body.blocks = _settle_blocks(body) if sided else 1
    return body


def is_column_of_cells(lines: Sequence[Sequence[Token]]) -> bool:
    """Whether a table is printed one cell a line: nearly every line with a figure holds nothing else."""
    filled = [tokens for tokens in lines if any(t.numeral for t in tokens)]
    return len(filled) >= 6 and sum(len(tokens) == 1 for tokens in filled) >= 0.9 * len(filled)


def read_cells(rows: Sequence[Line], tokens: Mapping[int, list[Token]], body: Body, style: Style) -> None:
    """Rows of a table printed one cell a line: a row begins with its code or, failing that, with its name.

    The words before the first figure are the header, but for the name (and code) right before it.
    """
    rows = [x for x in rows if tokens[x.index]]  # a currency sign alone on its line is no name
    first = next((i for i, x in enumerate(rows) if any(t.numeral for t in tokens[x.index])), len(rows))
    start = max(0, first - 1) if not any(_is_code(t, style) for t in tokens[rows[first].index]) else first
    for line in rows[:start]:
        record = Record(line=line.index)
        words = tokens[line.index]
        record.label = Text(" ".join(t.text for t in words), words[0].start, words[-1].end)
        body.records.append(record)
    starts = [x.start for x in rows]
    before = len(body.records)
    _read_line(rows[start], [t for x in rows[start:] for t in tokens[x.index]], body, style)
    for record in body.records[before:]:
        place = record.codes[0].span.start if record.codes else record.label.start if record.label else 0
        record.line = rows[max(0, bisect_right(starts, place) - 1)].index


def tokenise(line: Line, ledger: Ledger) -> list[Token]:
    """Words and figures of a line in order; a numeral inside a word ("30101基本") ends it."""
    found: list[Token] = []
    at = line.start
    for printed in line.numerals:
        numeral = ledger.at(printed.start)
        before = line.text[printed.start - 1 - line.start] if printed.start > line.start else " "
        after = line.text[printed.end - line.start] if printed.end < line.end else " "
        inside = before in "(第" or (after in ")、年月日号%" or (after == "." and not printed.decimals))
        if numeral is None or inside:
            continue
        found.extend(_words(line, at, printed.start))
        found.append(Token(squeeze(numeral.text), printed.start, printed.end, numeral))
        at = printed.end
    found.extend(_words(line, at, line.end))
    return found


def _words(line: Line, start: int, end: int) -> list[Token]:
    return [
        Token(m.group(), start + m.start(), start + m.end())
        for m in _WORD.finditer(line.text[start - line.start : end - line.start])
        if not is_nil(m.group())
    ]


def _only_years(tokens: Sequence[Token]) -> bool:
    """A header line whose only numbers are years: Item 2023 2022."""
    numbers = [t for t in tokens if t.numeral is not None]
    return bool(numbers) and all(re.fullmatch(r"(?:19|20)\d\d", t.text) for t in numbers)


def _fractional(chunk: Chunk) -> bool:
    """Whether the amounts of a chunk are printed with decimals, so that whole numbers are something else."""
    decimals = Counter(bool(n.decimals) for n in chunk.ledger)
    return decimals[True] >= 3


def _is_code(token: Token, style: Style) -> bool:
    return token.numeral is not None and token.text.isdigit() and bool(style.code.match(token.text))


def _trailing_code(numbers: Sequence[Token], style: Style) -> int:
    """How many tokens at the end of `numbers` make a code: one, or 3 + 2 (+ 2) digits over columns."""
    for size in (3, 2, 1):
        tail = numbers[-size:]
        if len(tail) < size or not all(t.text.isdigit() for t in tail):
            continue
        if size == 1 and style.code.match(tail[0].text):
            return 1
        if size > 1 and len(tail[0].text) == 3 and all(len(t.text) == 2 for t in tail[1:]):
            return size
    return 0


def _read_line(line: Line, tokens: list[Token], body: Body, style: Style) -> None:
    """(line number | code)? label figures, as often as it occurs in the line."""
    runs: list[tuple[list[Token], list[Token]]] = [([], [])]  # (words, figures after them)
    for token in tokens:
        if token.numeral is None:
            if runs[-1][1]:
                runs.append(([], []))
            runs[-1][0].append(token)
        else:
            runs[-1][1].append(token)
    codes: list[Token] = []
    if runs and not runs[0][0]:
        leading = runs.pop(0)[1]
        if not runs:
            _figures_only(line, leading, body, style)
            return
        size = _trailing_code(leading, style) if style.coded else 0
        codes = leading[len(leading) - size :] if size else []
        before = leading[: len(leading) - size]
        if all(t.text.isdigit() and len(t.text) <= 3 for t in before):
            for token in before:
                _line_number(token, body)
        else:  # figures whose label stands elsewhere
            values = [Value(t.numeral) for t in before if t.numeral]
            body.loose.append(Record(line=line.index, values=values))
    for number, (words, figures) in enumerate(runs):
        last = number == len(runs) - 1
        size = _trailing_code(figures, style) if style.coded and not last else 0
        own = figures[: len(figures) - size]
        labels = _several_labels(words, apart=style.sided and not own)
        record = Record(line=line.index, codes=[t.numeral for t in codes if t.numeral])
        for text in labels[:-1]:
            body.records.append(Record(line=line.index, label=text))
        record.label = labels[-1]
        for token in own:
            if token.numeral and _is_line_number(token, style):
                _line_number(token, body)
            elif token.numeral:
                record.values.append(Value(token.numeral))
        body.roles.update((n.id, "code") for n in record.codes)
        body.records.append(record)
        codes = figures[len(figures) - size :] if size else []


def _several_labels(words: list[Token], *, apart: bool) -> list[Text]:
    """The labels that words make: a new one at every word that begins with an ordinal, and at every total.

    `apart`: two words without figures are two labels, one of each side.
    """
    apart = apart and len(words) == 2 and all(len(w.text) >= 3 for w in words)
    groups: list[list[Token]] = []
    for word in words:
        ordinal = bool(split_ordinal(word.text)[0])
        opens = apart or ordinal or bool(_TOTAL.match(word.text)) or word.text.endswith("合计")
        if not groups or opens:
            groups.append([word])
        else:
            groups[-1].append(word)
    return [Text(" ".join(w.text for w in g), g[0].start, g[-1].end) for g in groups]


def _is_line_number(token: Token, style: Style) -> bool:
    return style.numbered and style.fractional and token.text.isdigit() and len(token.text) <= 3


def _line_number(token: Token, body: Body) -> None:
    if token.numeral:
        body.roles[token.numeral.id] = "line_number"


def _figures_only(line: Line, tokens: list[Token], body: Body, style: Style) -> None:
    size = _trailing_code(tokens, style) if style.coded else 0
    if style.coded and size == len(tokens):
        body.pool.extend(t.numeral for t in tokens if t.numeral)
        return
    leading = next(
        (k for k in (3, 2, 1) if style.coded and k < len(tokens) and _trailing_code(tokens[:k], style) == k),
        0,
    )
    if leading and not tokens[leading].text.isdigit():
        record = Record(line=line.index, codes=[t.numeral for t in tokens[:leading] if t.numeral])
        record.values = [Value(t.numeral) for t in tokens[leading:] if t.numeral]
        body.roles.update((n.id, "code") for n in record.codes)
        body.records.append(record)
        return
    if (
        style.fractional
        and not _has_figures(body)
        and all(t.text.isdigit() and len(t.text) <= 2 for t in tokens)
    ):
        body.roles.update((t.numeral.id, "column_number") for t in tokens if t.numeral)
        return
    if all(_is_line_number(t, style) for t in tokens):
        for token in tokens:
            _line_number(token, body)
        return
    values = [Value(t.numeral) for t in tokens if t.numeral and not _is_line_number(t, style)]
    body.loose.append(Record(line=line.index, values=values))


def _has_figures(body: Body) -> bool:
    return any(r.values for r in (*body.records, *body.loose))


def _settle_header(body: Body, lines: list[Line]) -> None:
    """Labels without figures before the first and after the last figure are header words or labels apart.

    Between them a label without figures is a row whose cells are blank.
    """
    filled = [r.line for r in (*body.records, *body.loose) if r.values]
    low, high = (min(filled), max(filled)) if filled else (10**9, -1)
    by_index = {x.index: x for x in lines}
    kept = []
    for record in body.records:
        label = record.label.text if record.label else ""
        outside = not low <= record.line <= high
        listed = bool(split_ordinal(label)[0])
        if not record.values and not record.codes and ((outside and not listed) or is_head_word(label)):
            body.apart.append(record)
            if by_index[record.line] not in body.header:
                body.header.append(by_index[record.line])
        else:
            kept.append(record)
    body.records = kept


def _ordinal_value(label: str) -> int | None:
    """一、 → 1 … 二十六、 → 26; None without a Chinese ordinal."""
    match = re.match(rf"^([{_ORDINALS}]+)、", squeeze(label))
    if not match:
        return None
    text = match[1]
    if "十" not in text:
        return _ORDINALS.index(text) + 1 if len(text) == 1 else None
    tens, _, ones = text.partition("十")
    return (_ORDINALS.index(tens) + 1 if tens else 1) * 10 + (_ORDINALS.index(ones) + 1 if ones else 0)


def _settle_blocks(body: Body) -> int:
    """Give each record of a side-by-side summary its block; returns how many there are."""
    by_line: dict[int, list[Record]] = {}
    for record in body.records:
        by_line.setdefault(record.line, []).append(record)
    count = max((len(rs) for rs in by_line.values()), default=1)
    last: list[int | None] = [None] * count
    for records in by_line.values():
        used: set[int] = set()
        for record in records:
            full = len(records) == count
            block = records.index(record) if full else _block_of(record, last, used, count)
            record.block = block
            used.add(block)
            if (value := _ordinal_value(record.label.text if record.label else "")) is not None:
                last[block] = value
    return count


def _block_of(record: Record, last: list[int | None], used: set[int], count: int) -> int:
    free = [b for b in range(count) if b not in used and b > max(used, default=-1)] or [count - 1]
    label = squeeze(record.label.text) if record.label else ""
    value = _ordinal_value(label)
    if value is not None:
        following = [b for b in free if last[b] is not None and last[b] == value - 1]
        if len(following) == 1:
            return following[0]
        if following:
            free = following
    if count >= 2 and _EXPENDITURE.search(label) and not _INCOME.search(label) and 1 in free:
        return 1
    return free[0]
