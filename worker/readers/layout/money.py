"""Tables of figures: chunk → records → columns → typed table, with every numeral accounted for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from schemas import AnyTable, Chunk, ColumnInfo, Reading, canonical_name, squeeze, table_type
from schemas.findings import Role
from schemas.kinds.summaries import FiscalAppropriationSummary, IncomeExpenditureSummary
from schemas.rules import CodeHierarchy, RowBalance, RowSum
from worker.readers.layout import headers
from worker.readers.layout.broken import join_ends, join_middles
from worker.readers.layout.build import Builder
from worker.readers.layout.columns import Layout, by_headers, by_order, header_words
from worker.readers.layout.grid import read_grid
from worker.readers.layout.gutters import in_columns
from worker.readers.layout.records import Body, Record, Text, chunk_lines
from worker.readers.layout.stream import read_stream
from worker.readers.layout.wide import is_wide, item_of, read_wide
from worker.readers.layout.wrapped import mend_labels
from worker.readers.ledger import explain_rest

_SIDED = (IncomeExpenditureSummary, FiscalAppropriationSummary)
_TOTAL = re.compile(r"^(?:本年|当年)?(?:收入|支出)?(?:合计|总计)$")
_HEADED = re.compile(
    r"^(?!其中|加|减|of which|including|less|add|plus)[^:：]*[^\d\s:：][:：] *\S", re.IGNORECASE
)
_FUNCTION = re.compile(r"支出$")
_FOOT = re.compile(r"(?:合计|总计)$")
_TOTAL_LABEL = re.compile(r"total", re.IGNORECASE)
_HEADING = re.compile(r"[:：]$")
_IDEOGRAPH = re.compile(r"^[\u3400-\u9fff]$")


def read_money(chunk: Chunk) -> Reading:
    """The layout reading of a table of figures of any kind."""
    builder = Builder(chunk)
    if chunk.blank:
        return _reading(chunk, builder.table([], [], {}), {}, [])
    model = table_type(chunk.kind)
    body = _body(chunk)
    if chunk.kind == "three_public" and is_wide(body):
        table, doubts = read_wide(chunk, body, builder)
        return _reading(chunk, table, body.roles, doubts)
    coded = any(r.codes for r in body.records)
    doubts = _run_together(body, chunk)
    if body.separated or not (coded or _sided_stream(body)):
        doubts.extend(join_middles(body, chunk))
    if _sided_stream(body):
        doubts.extend(f"line {_line(chunk, r)}: figures apart from their name" for r in body.loose)
    _adopt_loose(body)
    if chunk.kind in (None, "generic"):
        nameless = [r for r in body.records if r.total and r.label is None]
        doubts.extend(
            f"line {_line(chunk, r)}: figures without a name, taken for the total" for r in nameless
        )
    if body.blocks == 1 and (not body.separated or coded):
        body.records = mend_labels(body.records, body.apart)
    if body.separated or not (coded or _sided_stream(body)):
        doubts.extend(join_ends(body, chunk))
    doubts.extend(_adopt_pool(body))
    doubts.extend(_fragments(body))
    doubts.extend(_shifted(body, chunk))
    records = _ordered(body)
    if not any(r.values for r in records):
        return _reading(chunk, builder.table([], [], {}), body.roles, doubts)
    sides = _sides(body, records, model.sides if issubclass(model, _SIDED) else ())
    doubts.extend(_on_other_side(records, sides))
    infos = model.row_type().column_infos()
    texts = _texts(chunk, body, records, infos)
    if chunk.kind == "project_expenditure":
        for record, cells in zip(records, texts, strict=True):
            record.label = cells.get("second_level") or cells.get("first_level") or record.label
    names = [_name(r, chunk) for r in records]

    def make(layout: Layout) -> AnyTable:
        table = builder.build(records, sides, layout.placing, texts, layout.columns, layout.headers)
        for row, name in zip(table.rows, names, strict=True):
            row.name = name or row.name
        return table

    money = {k: i for k, i in infos.items() if not i.text and k not in _foreign(chunk)}
    if body.separated:
        layout = by_headers(body, records, money, make)
    else:
        per_block = {
            r.block: _allowed(money, side, chunk, body) for r, side in zip(records, sides, strict=True)
        }
        layout = by_order(body, records, per_block, model.rules, make)
    table = make(layout)
    doubts.extend(
        f"line {_line(chunk, records[i])} {records[i].label.text if records[i].label else ''}: "  # type: ignore[union-attr]
        f"{len(records[i].values)} figures fit several columns"
        for i in layout.doubtful
    )
    doubts.extend(f"no header names the column {key}" for key in layout.guessed)
    doubts.extend(_without_total(table))
    bare = {id(text) for record in records if not record.values for text in record.texts}
    known = chunk.kind not in (None, "generic")
    doubts.extend(f"in a column of figures: {text.text}" for text in body.unread if known or id(text) in bare)
    if known:
        doubts.extend(_names_together(body, infos))
    notes = [layout.moved] if layout.moved else []
    return _reading(chunk, table, body.roles, doubts, notes)


def _body(chunk: Chunk) -> Body:
    lines = chunk_lines(chunk)
    filled = [x for x in lines if x.numerals]
    separated = sum(x.separated for x in filled) * 2 >= len(filled) if filled else False
    model = table_type(chunk.kind)
    coded = any(isinstance(r, CodeHierarchy) for r in model.rules)
    cut = lines if separated else in_columns(chunk, lines, coded=coded)
    if cut:
        return read_grid(chunk, cut, coded=coded)
    return read_stream(chunk, coded=coded, sided=issubclass(model, _SIDED))


def _run_together(body: Body, chunk: Chunk) -> list[str]:
    """What to say of names that may be several: a heading before them, or the lines of a table without rows."""
    found = []
    for record in body.records:
        if record.label is None or record.codes or not record.values:
            continue
        text = record.label.text
        lines = not body.separated and "\n" in chunk.slice(record.label.start, record.label.end)
        if lines or (chunk.kind in (None, "generic") and _HEADED.search(text)):
            found.append(f"{text}: may be several names")
    return found


def _shifted(body: Body, chunk: Chunk) -> list[str]:
    """What to say of figures that may stand a row too high, and of names that may be the rest of a broken one.

    A form of no known kind that prints figures beside a heading and none beside a total has them moved: they add up
    either way.
    """
    if chunk.kind not in (None, "generic"):
        return []
    named = [(r, squeeze(r.label.text)) for r in body.records if r.label]
    named += [(r, squeeze(r.label.text)) for r in body.apart if r.label]
    bare = any(_FOOT.search(name) or _TOTAL_LABEL.match(name) for record, name in named if not record.values)
    filled = [(record, name) for record, name in named if record.values]
    found = [f"{name} has figures, a total has none" for _, name in filled if bare and _HEADING.search(name)]
    return found + [f"{name}: may be the rest of a name" for _, name in filled if _IDEOGRAPH.match(name)]


def _sided_stream(body: Body) -> bool:
    """Whether lists stand side by side whose columns nothing tells."""
    return body.blocks > 1 and not body.separated


def _line(chunk: Chunk, record: Record) -> int:
    return chunk.first_line + record.line


def _adopt_loose(body: Body) -> None:
    """Figures without a label get one that stands apart: totals by their order, a lone first or last row 合计."""
    feet = [t for t in body.labels if _FOOT.search(squeeze(t.text)) and not _TOTAL.match(squeeze(t.text))]
    total = next((t for t in body.labels if _TOTAL.match(squeeze(t.text))), None)
    for record in list(body.loose):
        before = _label_before(body, record)
        if before is not None:
            before.values = record.values
            body.loose.remove(record)
        elif len(feet) == len(record.values) > 1:
            body.records.extend(
                Record(line=record.line, label=foot, values=[value])
                for foot, value in zip(feet, record.values, strict=True)
            )
            body.loose.remove(record)
        elif _may_be_total(body, record):
            record.label, record.total = total, True
            body.records.append(record)
            body.loose.remove(record)
        elif body.separated:  # a row whose name is blank: its figures stay, without a name
            body.records.append(record)
            body.loose.remove(record)


def _may_be_total(body: Body, record: Record) -> bool:
    """Whether figures without a name may be the total: there is none, and they stand first or last."""
    if any(r.total or (r.label and _TOTAL.match(squeeze(r.label.text))) for r in body.records):
        return False
    others = [r.line for r in (*body.records, *body.loose) if r.values and r is not record]
    return bool(record.values) and (not others or not min(others) <= record.line <= max(others))


def _label_before(body: Body, record: Record) -> Record | None:
    """The record on the line before that has a label and lacks figures, where it is the only one there."""
    near = [r for r in body.records if r.line in (record.line - 1, record.line - 2) and r.label]
    empty = [r for r in near if not r.values]
    return empty[0] if len(near) == 1 and len(empty) == 1 else None


def _adopt_pool(body: Body) -> list[str]:
    """Codes that stand apart from their rows: printed forms list codes in order, so sorted codes fit rows in order.

    Returns what stays doubtful.
    """
    lone = [r for r in body.records if r.codes and not (r.label or r.values or r.texts)]
    if body.separated and 2 * len(lone) > sum(
        bool(r.codes) for r in body.records
    ):  # a column of codes torn off
        body.pool.extend(n for r in lone for n in r.codes)
        body.records = [r for r in body.records if r not in lone]
    if not body.pool:
        return []
    rows = sorted(
        (
            r
            for r in body.records
            if not r.codes and r.label and not _FOOT.search(canonical_name(r.label.text))
        ),
        key=lambda r: r.line,
    )
    codes = sorted(body.pool, key=lambda n: n.text)
    if len(rows) != len(codes):
        return [f"{len(codes)} codes stand apart from {len(rows)} rows"]
    for row, code in zip(rows, codes, strict=True):
        row.codes = [code]
        body.roles[code.id] = "code"
    body.pool = []
    return []


def _ordered(body: Body) -> list[Record]:
    return (
        sorted((r for r in body.records if r.values or r.codes or r.label), key=lambda r: (r.block, r.line))
        if body.blocks > 1
        else sorted(body.records, key=lambda r: r.line)
    )


def _sides(body: Body, records: Sequence[Record], sides: Sequence[str]) -> list[str | None]:
    if not sides:
        return [None for _ in records]
    if body.blocks > 1:
        return [sides[min(r.block, len(sides) - 1)] for r in records]
    found: list[str | None] = []
    side = 0
    for record in records:
        label = canonical_name(record.label.text) if record.label else ""
        restarts = bool(record.label) and squeeze(record.label.text).startswith(("一、", "(一)"))  # type: ignore[union-attr]
        if side == 0 and found and restarts and re.search(r"支出", label):
            side = 1
        found.append(sides[side])
    return found


def _on_other_side(records: Sequence[Record], sides: Sequence[str | None]) -> list[str]:
    """What to say of functions of expenditure among income: the lists got mixed."""
    names = [r.label.text for r, side in zip(records, sides, strict=True) if r.label and side == "income"]
    return [f"among income: {name}" for name in names if _FUNCTION.search(canonical_name(name))]


def _texts(
    chunk: Chunk, body: Body, records: Sequence[Record], infos: Mapping[str, ColumnInfo]
) -> list[dict[str, Text]]:
    """The text cells of every record beside its label, under their columns."""
    columns = sorted({t.column for r in records for t in r.texts if t.column >= 0})
    wanted = {k: i for k, i in infos.items() if i.text}
    generic = chunk.kind in (None, "generic")
    if not body.separated or not (wanted or generic or len(columns) > body.blocks):
        return [{} for _ in records]
    keys = headers.assign(headers.paths(body.header, columns), wanted)
    found = []
    for record in records:
        cells = {}
        for text in record.texts:
            key = keys.get(text.column)
            if key is not None and (key in wanted or text is not record.label):
                cells[key] = text
        found.append(cells)
    return found


def _name(record: Record, chunk: Chunk) -> str | None:
    """The name of a row where it is not simply its label."""
    if chunk.kind == "three_public" and record.label:
        return item_of(canonical_name(record.label.text))
    return "合计" if record.label is None and record.total else None


def _foreign(chunk: Chunk) -> frozenset[str]:
    """Columns of a kind that the forms of the other stage print: a budget has no 预算数 beside a 决算数."""
    budget = chunk.kind == "three_public" and chunk.stage == "budget" and "决算数" not in squeeze(chunk.text)
    return frozenset({"budget", "final"}) if budget else frozenset()


def _allowed(
    money: Mapping[str, ColumnInfo], side: str | None, chunk: Chunk, body: Body
) -> Mapping[str, ColumnInfo]:
    """The columns that a side may have: in a summary of appropriations only expenditure is split by budget."""
    if chunk.kind != "fiscal_appropriation_summary":
        return money
    split = any(
        "一般公共预算" in x.squeezed and "政府性基金" in "".join(h.squeezed for h in body.header)
        for x in body.header
    )
    funds = ("total", "general_budget", "government_fund", "state_capital")
    if side == "income" or not split:
        return {k: i for k, i in money.items() if k not in funds}
    return {k: i for k, i in money.items() if k in funds}


def _fragments(body: Body) -> list[str]:
    """What to say of names without code and figures among rows with codes: pieces of names that are broken."""
    if sum(bool(r.codes) for r in body.records) * 2 < len(body.records):
        return []
    rest = [r.label.text for r in body.records if r.label and not r.code and not r.values]
    return [f"a piece of a name: {text}" for text in rest if not _FOOT.search(squeeze(text))]


def _names_together(body: Body, infos: Mapping[str, ColumnInfo]) -> list[str]:
    """What to say of a form without separators that prints more than one column of names: they run together."""
    texts = {k: i for k, i in infos.items() if i.text}
    if body.separated or not texts:
        return []
    words = header_words(body)
    named = [k for k, i in texts.items() if any(re.fullmatch(a, w) for a in i.aliases for w in words)]
    return [f"the columns {', '.join(named)} run together"] if len(named) > 1 else []


def _without_total(table: AnyTable) -> list[str]:
    """What to say of a table of a known kind in which no column is recognised as the one that sums up the others.

    Its identities may close all the same, under headers that mean something else.
    """
    infos = [k for k, i in type(table).row_type().column_infos().items() if not i.text]
    sums = [r for r in type(table).rules if isinstance(r, RowSum)]
    balanced = {k for r in type(table).rules if isinstance(r, RowBalance) for k in r.left}
    main = {r.total for r in sums} - {p for r in sums for p in r.parts}
    wanted = main | (set(infos[:1]) - balanced) if main else set(infos)
    if not wanted:
        return []
    sides = {row.side for row in table.rows if any(c.amount for _, c in row.cells())}
    named = {row.side for row in table.rows if any(row.figure(k) for k in wanted)}
    return [f"no header names the column {' or '.join(sorted(wanted))}"] if sides - named else []


def _in_words(chunk: Chunk) -> dict[str, Role]:
    """Numerals that are part of a word of the header: 类型1."""
    found: dict[str, Role] = {}
    first = next((n.span.line for n in chunk.ledger if n.decimals), 0)
    for numeral in chunk.ledger:
        at = numeral.span.start - chunk.start
        if numeral.span.line < first and not numeral.decimals and at and chunk.text[at - 1].isalpha():
            found[numeral.id] = "label"
    return found


def _reading(
    chunk: Chunk, table: AnyTable, roles: Mapping[str, Role], doubts: Sequence[str], notes: Sequence[str] = ()
) -> Reading:
    known = {**_in_words(chunk), **roles}
    cells = [cell for row in table.rows for cell in (row.label, *(c for _, c in row.cells())) if cell]
    for cell in cells:
        if not cell.numeral:
            inside = (n.id for n in chunk.ledger if cell.span.start <= n.span.start < cell.span.end)
            known.update(dict.fromkeys(inside, "label"))
    # A name broken over lines reaches over the figures that stand between them.
    known.update({cell.numeral: "cell" for cell in cells if cell.numeral})
    return Reading(
        chunk=chunk.id,
        reader="layout",
        table=table,
        roles={**explain_rest(chunk, known), **known},
        notes=tuple(notes),
        incomplete=tuple(doubts),
    )
