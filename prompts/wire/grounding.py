"""From strings to cells: every value of an answer is found in the source, or the answer is invalid.

A figure must equal a numeral of the ledger in value and decimals; names, codes and texts must stand in the
source, white space apart. `assign` says which occurrence is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from prompts.wire.assign import Assignment, Item, Want
from prompts.wire.base import Decoded, Draft, Drafts, Shape, signed_by_words
from prompts.wire.codes import CodeFinder
from prompts.wire.places import Place, Source, alike
from schemas.amounts import Amount
from schemas.errors import Invalid
from schemas.findings import Role
from schemas.source import Chunk, Numeral
from schemas.tables import Cell, Row
from schemas.text import canonical_name, fold

_NO_UNIT = re.compile(r".*_percent|score|weight|value")

Figures = Callable[[Source, str, bool], list[Place] | None]
"""(source, value, its sign may stand in words) → where the figure may stand; None if it is no figure."""


def by_value(source: Source, value: str, by_words: bool) -> list[Place] | None:
    """Figures given as they are printed."""
    return source.figures(value, signed_by_words=by_words)


def by_id(source: Source, value: str, _: bool) -> list[Place] | None:
    """Figures given by the id of their numeral, a minus before it where words give the sign."""
    match = re.fullmatch(r"-?(n\d+)", value.strip())
    if match is None:
        return None
    numeral = source.ledger.get(match[1])
    return [source.place(numeral)] if numeral else []


def ground(drafts: Drafts, chunk: Chunk, shape: Shape, *, ids: bool = False) -> Decoded:
    """The table that `drafts` mean, with the roles of its numerals. `ids`: figures and codes are given by id.

    Raises Invalid with everything that is wrong.
    """
    return _Grounding(chunk, shape, ids=ids).run(drafts)


class _Grounding:
    """Grounds one answer in one chunk."""

    def __init__(self, chunk: Chunk, shape: Shape, *, ids: bool) -> None:
        self._source = Source(chunk)
        self._shape = shape
        self._ids = ids
        self._figures: Figures = by_id if ids else by_value
        self._codes = CodeFinder(self._source, by_id=ids)
        self._problems: list[str] = []
        self._doubts: list[str] = []
        self._roles: dict[str, Role] = {}

    def run(self, drafts: Drafts) -> Decoded:
        self._problems.extend(drafts.problems)
        self._check_columns(drafts.columns)
        wants = [self._want(i, draft) for i, draft in enumerate(drafts.rows, start=1)]
        chunk = self._source.chunk
        if not wants and any(numeral.decimals for numeral in chunk.ledger):
            self._problems.append("there are no rows, though the source prints figures")
        assignment = Assignment(self._source)
        assignment.run(wants, wide=bool(self._shape.keys(None)))
        problems = [*self._problems, *assignment.problems]
        if problems:
            raise Invalid(tuple(dict.fromkeys(problems)))
        self._account(wants)
        table = self._shape.table(
            kind=self._shape.kind,
            title=chunk.title,
            form=chunk.form,
            unit=chunk.unit,
            stage=chunk.stage,
            year=chunk.year,
            columns=[key for key, _ in drafts.columns],
            headers={key: header for key, header in drafts.columns if header},
            rows=[self._row(want) for want in wants],
        )
        return Decoded(table, self._roles, tuple(self._doubts))

    def _check_columns(self, columns: Sequence[tuple[str, str]]) -> None:
        text = alike(self._source.chunk.header + self._source.chunk.text)
        seen: set[str] = set()
        for number, (key, header) in enumerate(columns, start=1):
            if not key:
                self._problems.append(f"column {number} has neither key nor header")
            elif key in seen:
                self._problems.append(f"column {number}: {key} is listed twice")
            elif key not in self._shape.columns and not all(alike(word) in text for word in header.split()):
                self._problems.append(f"column {number}: the header {header!r} is not in the source")
            seen.add(key)

    def _want(self, number: int, draft: Draft) -> Want:
        say = f"row {number}"
        if self._shape.sides and draft.side not in self._shape.sides:
            self._problems.append(f"{say}: the side {draft.side!r} is none of {', '.join(self._shape.sides)}")
        items = [
            self._item(say, draft, column, value)
            for column, value in draft.values.items()
            if value is not None
        ]
        name, labels = self._name(say, draft, items)
        codes = self._codes.find(draft.code) if draft.code else []
        if draft.code and not codes:
            self._problems.append(f"{say}: the code {draft.code} is not in the source")
        return Want(number, draft, name, items, codes, labels)

    def _name(self, say: str, draft: Draft, items: list[Item]) -> tuple[str, list[Place]]:
        """The name of a row as answered, and where it stands."""
        name = (draft.name or "").strip()
        if keys := self._shape.keys(draft.side):
            return self._key(say, name, keys), []
        if not name:
            naming = [i for column in self._shape.table.named_by for i in items if i.column == column]
            if naming:
                return naming[0].value, naming[0].texts
            if not (draft.code or any(item.texts for item in items)):
                self._doubts.append(f"{say} has no name")
            return "", []
        labels = self._source.texts(name)
        if not labels:
            self._problems.append(f"{say}: the name {name!r} is not in the source")
        return name, labels

    def _key(self, say: str, name: str, keys: Mapping[str, str]) -> str:
        if name in keys:
            return name
        printed = alike(canonical_name(name))
        for key, pattern in keys.items():
            if printed and re.fullmatch(pattern, printed):
                return key
        self._problems.append(f"{say}: the name {name!r} is none of {', '.join(keys)}")
        return name

    def _item(self, say: str, draft: Draft, column: str, value: str) -> Item:
        text = self._shape.is_text(column, draft.side)
        figures = None if text else self._figures(self._source, value, signed_by_words(column))
        if figures is not None:
            if not figures:
                self._problems.append(f"{say}, {column}: {value} is not in the source")
            return Item(column, value, figures)
        if text is False or (self._ids and not text and by_value(self._source, value, False)):
            wanted = "the id of a numeral" if self._ids else "a figure"
            self._problems.append(f"{say}, {column}: {value!r} is not {wanted}")
            return Item(column, value, [])
        texts = self._source.texts(value)
        if not texts:
            self._problems.append(f"{say}, {column}: {value!r} is not in the source")
        return Item(column, value, None, texts)

    def _account(self, wants: Sequence[Want]) -> None:
        for want in wants:
            for numeral in want.code.numerals if want.code else ():
                self._roles[numeral.id] = "code"
            for item in want.figures:
                if item.place and item.place.numeral:
                    self._roles[item.place.numeral.id] = "cell"

    def _row(self, want: Want) -> Row:
        side, code = want.draft.side, want.code
        keyed = bool(self._shape.keys(side))
        row = self._shape.row(
            side=side if self._shape.sides else None,
            code=code.text if code else None,
            name=want.name if keyed else canonical_name(want.name),
            label=self._text(want.label) if want.label and not keyed else None,
            code_cell=self._text(code.place) if code else None,
        )
        behind = want.label.end if want.label else 0
        for item in want.items:
            place = item.place or self._text_place(item, want, behind)
            numeral = item.place.numeral if item.place else None
            row.put(item.column, self._figure(item, numeral, want) if numeral else self._text(place))
            behind = place.end
        return row

    def _text_place(self, item: Item, want: Want, behind: int) -> Place:
        """The place of a text: on the lines of its row, behind what stands before it, or near them."""
        if want.label in item.texts and item.column in self._shape.table.named_by:
            return want.label
        low, high = want.lines or (0, 0)

        def order(place: Place) -> tuple[int, ...]:
            lines = max(low - place.line, place.line - high, 0)
            inside = self._source.within(place.start, place.end)
            taken = any(self._roles.get(numeral.id) in ("cell", "code") for numeral in inside)
            return (int(taken), lines, int(not place.bounded), int(place.start < behind), place.start)

        return min(item.texts, key=order)

    def _text(self, place: Place) -> Cell:
        chunk = self._source.chunk
        for numeral in self._source.within(place.start, place.end):
            self._roles.setdefault(numeral.id, "label")
        return Cell(text=fold(chunk.slice(place.start, place.end)), span=chunk.span(place.start, place.end))

    def _figure(self, item: Item, numeral: Numeral, want: Want) -> Cell:
        chunk = self._source.chunk
        value = numeral.value
        if signed_by_words(item.column):
            value = -abs(value) if item.value.strip().startswith("-") else abs(value)
        unit = want.draft.values.get("unit") if "unit" in self._shape.columns else chunk.unit
        return Cell(
            text=fold(chunk.slice(numeral.span.start, numeral.span.end)),
            amount=Amount(
                value=value,
                decimals=numeral.decimals,
                unit=None if _NO_UNIT.fullmatch(item.column) or numeral.percent else unit,
            ),
            span=numeral.span,
            numeral=numeral.id,
        )
