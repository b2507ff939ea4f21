"""Performance tables: header facts, funds, indicators and total score out of a form's layout.

The form is walked once, line by line: labels say what a piece is, and what has no label is placed by its looks,
its neighbours and by arithmetic. Nothing depends on fixed columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from schemas import Chunk, Reading, squeeze, table_type
from schemas.findings import Role
from schemas.kinds.performance import PerformanceRow
from worker.readers.layout.performance_funds import FundRow, Funds
from worker.readers.layout.performance_indicators import Indicators, columns_of
from worker.readers.layout.performance_mend import mend
from worker.readers.layout.performance_points import settle_points
from worker.readers.layout.performance_words import (
    FORM_TITLE,
    FUNDS_HEAD,
    GOALS,
    INDICATOR_COLUMNS,
    LEVEL,
    NOTES,
    REMARK,
    SIDE,
    TOTAL,
    Token,
    fact_key,
    fund_key,
    role_of,
    tokens_of,
)
from worker.readers.layout.places import Places
from worker.readers.ledger import explain_rest
from worker.segment.anchors import unit_of

_FACT_ORDER = ("project", "supervisor", "unit_name", "level")
_COLON = re.compile(r"[:：]")


def read_performance(chunk: Chunk) -> Reading:
    """The reading of one self-evaluation or target form; a blank form gives a table without rows."""
    kind = chunk.kind if chunk.kind and chunk.kind.startswith("performance") else _kind(chunk)
    form = _Form(chunk)
    form.walk()
    rows = form.rows()
    if settle_points(rows):
        form.notes.append("points that stand alone in their rows are scores by the total")
    form.explain_placeholders()
    columns = list(dict.fromkeys(name for row in rows for name, _ in row.cells()))
    table = table_type(kind)(
        kind=kind,
        title=chunk.title,
        form=chunk.form,
        unit=form.funds.unit or chunk.unit,
        stage=chunk.stage,
        year=chunk.year,
        columns=columns,
        headers=form.headers(columns),
        rows=rows,
    )
    return Reading(
        chunk=chunk.id,
        reader="layout",
        table=table,
        roles={**explain_rest(chunk, form.places.roles), **form.places.roles},
        notes=tuple(form.notes),
        incomplete=tuple(form.incomplete),
    )


def _kind(chunk: Chunk) -> str:
    text = "".join(chunk.text.split())
    return "performance_self_evaluation" if "自评" in text or "执行数" in text else "performance_target"


class _Form:
    """One form as it is walked."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.places = Places(chunk)
        self.lines = mend(tokens_of(chunk))
        self.funds = Funds()
        self.facts: dict[str, tuple[Token, list[Token]]] = {}
        self.indicators: list[Indicators] = []
        self.totals: list[list[Token]] = []
        self.loose: list[Token] = []
        self.floating: list[str] = []
        self.notes: list[str] = []
        self.incomplete: list[str] = []

    # walking

    def walk(self) -> None:
        """Sort every line to the block that it belongs to."""
        section = "head"
        if self.chunk.header:
            section = self._carried_header() or section
        for tokens in self.lines:
            section = self._line(tokens, section)
        self._settle_facts()
        self.incomplete.extend(self.funds.settle())

    def _carried_header(self) -> str | None:
        bounds, at = [], 0
        for text in self.chunk.header.split("\n"):
            bounds.append((at, at + len(text)))
            at += len(text) + 1
        head = self.chunk.model_copy(update={"text": self.chunk.header, "start": 0, "lines": tuple(bounds)})
        section = None
        for tokens in tokens_of(head):
            if columns := columns_of(tokens):
                self.indicators.append(Indicators(self.places, columns))
                section = "indicators"
        return section

    def _line(self, tokens: list[Token], section: str) -> str:
        if columns := columns_of(tokens):
            self._explain(tokens, "label")
            if self.indicators and not self.indicators[-1].lines:
                self.indicators.pop()
            self.indicators.append(Indicators(self.places, columns))
            return "indicators"
        if self.funds.head(tokens):
            self._unit(tokens)
            self._explain(tokens, "label")
            return "funds"
        if section != "notes" and self._total(tokens):
            return "after"
        if self._labelled(tokens, section):
            return "head" if section == "goals" and fact_key(tokens[0].label) else section
        if section in ("after", "notes") or (section != "indicators" and NOTES.match(tokens[0].label)):
            return self._after(tokens, section)
        if section == "indicators":
            if all(_structural(t) for t in tokens) and any(_ends_indicators(t) for t in tokens):
                self._explain_head(tokens)
                return "head" if any(FORM_TITLE.fullmatch(t.label) for t in tokens) else "goals"
            first = tokens[0]
            if REMARK.match(first.word) or (
                NOTES.match(first.label) and first.shape == "text" and len(tokens) < 3
            ):
                return self._after(tokens, "notes" if REMARK.match(first.word) else "after")
            self.indicators[-1].lines.append(tokens)
            return section
        if any(GOALS.fullmatch(t.label) and t.label != "绩效指标" for t in tokens):
            self._explain(tokens, "note")
            return "goals"
        if section == "goals" and len(tokens) == 1 and FORM_TITLE.fullmatch(tokens[0].label):
            self._explain_head(tokens)
            return "head"
        return self._free(tokens, section)

    def _explain_head(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            form = re.search(r"表\d|\d表", token.label)
            for numeral in self.places.numerals(token.start, token.end):
                year = 1900 <= abs(numeral.value) <= 2100
                role: Role = "year" if year else "form_number" if form else "label"
                self.places.roles.setdefault(numeral.id, role)

    def _after(self, tokens: list[Token], section: str) -> str:
        first = tokens[0].label
        short = len(tokens) <= 2 and all(t.shape in ("text", "level1", "level2") for t in tokens)
        if section != "notes" and short and not NOTES.match(first) and not GOALS.fullmatch(first):
            self.loose.extend(tokens)
            return section
        self._explain(tokens, "note")
        return "notes" if section == "notes" or NOTES.match(first) else section

    def _free(self, tokens: list[Token], section: str) -> str:
        """A line without any label of its own."""
        figures = [t for t in tokens if t.shape in ("number", "dash")]
        if section != "goals" and len(figures) == len(tokens) and (len(tokens) > 1 or section == "funds"):
            self.funds.loose.append(tokens)
        elif len(tokens) == 1 and (unit := unit_of(tokens[0].word)):
            self.funds.unit = self.funds.unit or unit
        elif section == "goals":
            self._explain(tokens, "note")
            self.floating.extend(t.word for t in tokens if t.is_level)
        elif all(t.shape in ("text", "level1", "level2", "sentence") for t in tokens):
            self.loose.extend(t for t in tokens if not t.is_level)
            self.floating.extend(t.word for t in tokens if t.is_level)
        else:
            self._explain(tokens, "note" if any(t.shape == "sentence" for t in tokens) else None)
            self.loose.extend(t for t in tokens if t.shape == "text")
        return section

    def _explain(self, tokens: Sequence[Token], role: Role | None) -> None:
        if role is not None:
            for token in tokens:
                self.places.explain(token.start, token.end, role)

    def _unit(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            self.funds.unit = self.funds.unit or unit_of(token.word)

    def _total(self, tokens: list[Token]) -> bool:
        pieces = [p for t in tokens for p in _split_label(t)]
        first = next((t for t in pieces if t.shape != "placeholder"), pieces[0])
        if not TOTAL.fullmatch(first.label) or not self.indicators:
            return False
        self.totals.append(pieces)
        return True

    def _labelled(self, tokens: list[Token], section: str) -> bool:
        """Take the facts and funds of a line that carries their labels."""
        pieces = [p for t in tokens for p in _split_label(t)]
        pieces = self._without_funds_head(pieces)
        if not pieces:
            return True
        kinds = [self._label_kind(p, section) for p in pieces]
        if kinds[0] is None:
            return False
        block = -1
        fact: tuple[Token, list[Token]] | None = None
        row: FundRow | None = None
        for piece, kind in zip(pieces, kinds, strict=True):
            if kind and kind[0] == "fact":
                fact, row = (piece, []), None
                if kind[1] in self.facts and self.facts[kind[1]][1]:
                    fact = (piece, [])
                    self.facts[f"{kind[1]} (2)"] = fact
                else:
                    self.facts[kind[1]] = fact
            elif kind and kind[0] == "fund":
                block = 1 if row is not None or block == 1 else 0
                row, fact = FundRow(kind[1], piece, [], block), None
                self.funds.rows.append(row)
            elif row is not None:
                row.figures.append(piece)
            elif fact is not None:
                fact[1].append(piece)
        return True

    def _without_funds_head(self, pieces: list[Token]) -> list[Token]:
        kept = []
        for piece in pieces:
            unit = unit_of(piece.word) and len(piece.word) < 6
            if unit or (FUNDS_HEAD.fullmatch(piece.label) and not fund_key(piece.label)):
                self._unit([piece])
                self._explain([piece], "label")
            else:
                kept.append(piece)
        return kept

    def _label_kind(self, piece: Token, section: str) -> tuple[str, str] | None:
        if section != "indicators" and (key := fact_key(piece.label)):
            known = key in _FACT_ORDER or section not in ("after", "notes")
            return ("fact", key) if known else None
        if key := fund_key(piece.label):
            if section in ("indicators", "after") and piece.label in ("合计", "其他", "资金"):
                return None
            return "fund", key
        return None

    # results

    def _settle_facts(self) -> None:
        """Values that the text layer tore from their labels go to the labels in order, if the counts agree."""
        bare = [
            key
            for key, (label, values) in self.facts.items()
            if not values and key in _FACT_ORDER and label.column < 0
        ]
        free = [t for t in self.loose if t.shape in ("text", "sentence") and not _structural(t)]
        if bare and len(free) == len(bare):
            for key, token in zip(bare, free, strict=True):
                self.facts[key][1].append(token)
            self.loose = [t for t in self.loose if t not in free]
            self.notes.append("header values stood apart from their labels and were matched in order")
        if self.floating:
            self.incomplete.append("level labels apart from their rows: " + ", ".join(self.floating))
        left = [t.text for t in self.loose if not _structural(t)]
        if left:
            self.notes.append("text without a place: " + "; ".join(left))

    def rows(self) -> list[PerformanceRow]:
        """All rows: header, funds, indicators, total."""
        rows: list[PerformanceRow] = []
        for key, (label, values) in self.facts.items():
            if values:
                cell = self.places.text(values[0].start, values[-1].end)
                rows.append(
                    PerformanceRow(
                        side="header", name=key, label=self.places.text(label.start, label.end), value=cell
                    )
                )
        rows.extend(self.funds.rows_of(self.places, self.chunk.unit))
        indicators: list[PerformanceRow] = []
        for block in self.indicators:
            indicators.extend(block.rows())
            for token in block.lost:
                kept = self.notes if token.is_level else self.incomplete
                kept.append(f"indicators: no column for {token.text!r}")
        self.incomplete.extend(_without_weights(indicators))
        self.incomplete.extend(_levels_as_names(indicators))
        rows.extend(indicators)
        for tokens in self.totals:
            row = self._total_row(tokens, rows)
            if row is not None:
                rows.append(row)
        return rows

    def _total_row(self, tokens: list[Token], rows: Sequence[PerformanceRow]) -> PerformanceRow | None:
        label = next(t for t in tokens if TOTAL.fullmatch(t.label))
        numbers = [t for t in tokens if t.shape == "number" and t.start > label.start]
        # A figure that the text splits is one numeral, over more than one token.
        figures = [found[0] for t in numbers if (found := self.places.numerals(t.start, t.end))]
        if not figures:
            return None
        row = PerformanceRow(side="total", name="total_score", label=self.places.text(label.start, label.end))
        cells = [self.places.figure(numeral) for numeral in figures[:2]]
        has_scores = any(r.score is not None and r.score.amount for r in rows)
        if len(cells) == 2:
            row.weight, row.value = cells
        elif not has_scores and any(r.weight for r in rows):
            row.weight = cells[0]
        else:
            row.value = cells[0]
        return row

    def explain_placeholders(self) -> None:
        """Numerals of what a form prints where nothing is filled in: 指标1:, (合计100分)."""
        for line in self.lines:
            for token in line:
                if token.shape == "placeholder":
                    self.places.explain(token.start, token.end, "ordinal")

    def headers(self, columns: Sequence[str]) -> dict[str, str]:
        """Printed headers by column key."""
        known = {c.role: c.header for b in self.indicators for c in b.columns}
        known.update({c.role: c.header for c in self.funds.columns if c.role not in known})
        return {key: known.get(key, key) for key in columns if key in known}


def _split_label(token: Token) -> list[Token]:
    """'项目名称:某项目' as label and value."""
    match = _COLON.search(token.text)
    if match is None or match.end() == len(token.text):
        return [token]
    label = replace(token, text=token.text[: match.end()], end=token.start + match.end())
    if not (fact_key(label.label) or fund_key(label.label) or TOTAL.fullmatch(label.label)):
        return [token]
    rest = token.text[match.end() :]
    start = token.start + match.end() + len(rest) - len(rest.lstrip())
    return [label, replace(token, text=rest.strip(), start=start)]


def _ends_indicators(token: Token) -> bool:
    """A label that no indicator row has: a goal, the funds block, the form's title or number."""
    word = token.label
    if SIDE.fullmatch(word) or token.is_level:
        return False
    return bool(GOALS.fullmatch(word) or FUNDS_HEAD.fullmatch(word) or FORM_TITLE.fullmatch(word))


def _structural(token: Token) -> bool:
    """A label of the form itself, or its title."""
    word = token.label
    return bool(
        FUNDS_HEAD.fullmatch(word)
        or GOALS.fullmatch(word)
        or role_of(word, INDICATOR_COLUMNS)
        or token.is_level
        or FORM_TITLE.fullmatch(word)
        or unit_of(word)
    )


def _without_weights(indicators: Sequence[PerformanceRow]) -> list[str]:
    """What to say of numbers in a column of no known name, where no column holds the weights."""
    if any(row.weight or row.score for row in indicators):
        return []
    known = PerformanceRow.column_infos()
    columns = [
        key for row in indicators for key, cell in row.cells() if key not in known and cell.text.isdigit()
    ]
    return [f"no header names the column {key}" for key in dict.fromkeys(columns)]


def _levels_as_names(indicators: Sequence[PerformanceRow]) -> list[str]:
    """What to say of rows named by what is only ever a level: their own name went to another column."""
    names = [row.level3.text for row in indicators if row.level3 and not row.level2]
    return [f"a level in place of an indicator: {name}" for name in names if LEVEL.fullmatch(squeeze(name))]
