"""From strings to cells: every value of an answer is found in the source, or the answer is invalid.

A figure must equal a numeral of the ledger in value and decimals; names, codes and texts must stand in the
source, white space apart. `assign` says which occurrence is meant. What is given by reference stands where it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from prompts.wire.assign import Assignment, Item, Want
from prompts.wire.base import Decoded, Draft, Drafts, Given, Shape, Value, signed_by_words, text_of
from prompts.wire.codes import Code, CodeFinder
from prompts.wire.doubts import doubts_of
from prompts.wire.places import Place, Source, alike
from schemas.amounts import UNITS, Amount
from schemas.errors import Invalid
from schemas.findings import Role
from schemas.source import Chunk, Numeral
from schemas.tables import Cell, Row
from schemas.text import canonical_name, fold

_NO_UNIT = re.compile(r".*_percent|score|weight|value")
_MONEY = re.compile(rf"\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})")
_LONGEST = 8


def ground(drafts: Drafts, chunk: Chunk, shape: Shape, *, salvage: bool = False) -> Decoded:
    """The table that `drafts` mean, with the roles of its numerals. Raises Invalid with everything that is wrong.

    `salvage`: rows that are wrong are left out and said in `dropped`; Invalid is raised where it is no row that
    is wrong, or no row is left.
    """
    dropped: list[str] = []
    while True:
        try:
            return replace(_Grounding(chunk, shape).run(drafts), dropped=tuple(dropped))
        except Invalid as error:
            sound = _sound(drafts, error.problems) if salvage else None
            if sound is None:
                raise Invalid((*dropped, *error.problems)) from None
            # What is left is grounded anew: a figure that a bad row had taken is free again.
            dropped.extend(error.problems)
            drafts = sound


def _sound(drafts: Drafts, problems: Sequence[str]) -> Drafts | None:
    """The rows that no problem names; None if there are none, or if a problem is not that of a row."""
    # Every problem begins with what it is about: "row 4, total: …", "columns: …".
    bad = {re.split("[:,]", problem, maxsplit=1)[0] for problem in problems}
    rows = tuple(draft for draft in drafts.rows if draft.said not in bad)
    if not rows or bad - {draft.said for draft in drafts.rows}:
        return None
    return replace(drafts, rows=rows, problems=())


class _Grounding:
    """Grounds one answer in one chunk."""

    def __init__(self, chunk: Chunk, shape: Shape) -> None:
        self._source = Source(chunk)
        self._shape = shape
        self._codes = CodeFinder(self._source)
        self._problems: list[str] = []
        self._doubts: list[str] = []
        self._roles: dict[str, Role] = {}

    def run(self, drafts: Drafts) -> Decoded:
        self._problems.extend(drafts.problems)
        self._check_columns(drafts)
        wants = [self._want(i, draft) for i, draft in enumerate(drafts.rows, start=1)]
        chunk = self._source.chunk
        if not wants and any(numeral.decimals for numeral in chunk.ledger):
            self._problems.append("there are no rows, though the source prints figures")
        assignment = Assignment(self._source)
        assignment.run(wants, wide=bool(self._shape.keys(None)))
        problems = [*self._problems, *assignment.problems]
        if problems:
            raise Invalid(tuple(dict.fromkeys(problems)))
        self._doubts.extend(doubts_of(wants, chunk))
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

    def _check_columns(self, drafts: Drafts) -> None:
        text = alike(self._source.chunk.header + self._source.chunk.text)
        seen: set[str] = set()
        known = {*self._shape.columns, *drafts.pointed}
        for number, (key, header) in enumerate(drafts.columns, start=1):
            if not key:
                self._problems.append(f"column {number} has neither key nor header")
            elif key in seen:
                self._problems.append(f"column {number}: {key} is listed twice")
            elif key not in known and not all(alike(word) in text for word in header.split()):
                self._problems.append(f"column {number}: the header {header!r} is not in the source")
            seen.add(key)

    def _want(self, number: int, draft: Draft) -> Want:
        say = draft.said or f"row {number}"
        if self._shape.sides and draft.side not in self._shape.sides:
            self._problems.append(f"{say}: the side {draft.side!r} is none of {', '.join(self._shape.sides)}")
        items = [
            self._item(say, draft, column, value)
            for column, value in draft.values.items()
            if value is not None
        ]
        name, labels = self._name(say, draft, items)
        return Want(number, draft, name, items, self._code(say, draft.code), labels, say)

    def _code(self, say: str, code: Value) -> list[Code]:
        if isinstance(code, Given):
            return [self._codes.given(code)]
        found = self._codes.find(code) if code else []
        if code and not found:
            self._problems.append(f"{say}: the code {code} is not in the source")
        return found

    def _name(self, say: str, draft: Draft, items: list[Item]) -> tuple[str, list[Place]]:
        """The name of a row as answered, and where it stands."""
        given = draft.name if isinstance(draft.name, Given) else None
        name = given.text if given else str(draft.name or "").strip()
        if keys := self._shape.keys(draft.side):
            return self._key(say, name, keys), []
        if not name:
            naming = [i for column in self._shape.table.named_by for i in items if i.column == column]
            if naming:
                return naming[0].value, naming[0].texts
            if not (draft.code or any(item.texts for item in items)):
                self._doubts.append(f"{say} has no name")
            return "", []
        labels = [self._source.at(given)] if given else self._source.texts(name)
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

    def _item(self, say: str, draft: Draft, column: str, value: str | Given) -> Item:
        text = self._shape.is_text(column, draft.side)
        if isinstance(value, Given):
            return self._pointed(say, column, value, text)
        figures = None if text else self._source.figures(value, signed_by_words=signed_by_words(column))
        if figures is not None:
            if not figures:
                self._problems.append(f"{say}, {column}: {value} is not in the source")
            return Item(column, value, figures, negative=value.strip().startswith("-"))
        if text is False:
            self._problems.append(f"{say}, {column}: {value!r} is not a figure")
            return Item(column, value, [])
        texts = self._source.texts(value)
        if not texts:
            self._problems.append(f"{say}, {column}: {value!r} is not in the source")
        return Item(column, value, None, texts)

    def _pointed(self, say: str, column: str, given: Given, text: bool | None) -> Item:
        """A cell given by reference: a figure, or where the column may hold texts the text of the pieces."""
        numeral = given.pieces[0].numeral if len(given.pieces) == 1 else None
        if numeral and not text:
            figure = f"{given} ({numeral.text})"
            return Item(column, figure, [self._source.place(numeral)], negative=given.negative)
        if text is False:
            self._problems.append(f"{say}, {column}: {given} ({given.text}) is not a figure")
            return Item(column, given.text, [])
        return Item(column, given.text, None, [self._source.at(given)])

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
        if "unit" in self._shape.columns:
            printed = (
                self._unit(item.place.numeral) for item in want.figures if item.place and item.place.numeral
            )
            if unit := next(filter(None, printed), None):
                row.put("unit", unit)
        return row

    def _unit(self, numeral: Numeral) -> Cell | None:
        """The unit of money printed behind a numeral: whatever is answered, print decides."""
        chunk = self._source.chunk
        end = numeral.span.end
        found = _MONEY.match(chunk.slice(end, min(end + _LONGEST, chunk.end)))
        return (
            Cell(text=found[1], span=chunk.span(end + found.start(1), end + found.end(1))) if found else None
        )

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
            value = -abs(value) if item.negative else abs(value)
        unit = chunk.unit
        if "unit" in self._shape.columns:
            printed = self._unit(numeral)
            unit = printed.text if printed else text_of(want.draft.values.get("unit"))
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
