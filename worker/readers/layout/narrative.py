"""Prose: what it claims in figures, one row a claim.

A claim begins with an amount and its subject; changes, shares and completion rates that follow belong to the last
claim, or to the claim whose subject they name. Where a budget and a final figure are given for one subject, the
claim's amount is the final one and the budget stands in the further column `budget_amount`. The figure of the year
before, where it is named with a change, stands in `previous_amount`.
"""

from __future__ import annotations

import re

from schemas import Cell, Chunk, Reading, canonical_name
from schemas.findings import Role
from schemas.kinds.narrative import ClaimRow, NarrativeFacts
from worker.readers.layout.narrative_english import Words, is_year, words_of
from worker.readers.layout.narrative_parts import Listing
from worker.readers.layout.narrative_prose import Figure, Paragraph, has_han, paragraphs
from worker.readers.layout.narrative_words import (
    BUDGET,
    Meaning,
    Sense,
    compared_year,
    ends_with,
    is_breakdown,
    is_execution,
    is_final_only,
    is_generic,
    is_outcome,
    last_clause,
    listed,
    meaning,
    name_of,
    noun_after,
    part_of_project,
    persons_of,
    previous,
    respective,
    same,
    sense,
    subject,
    without_budget,
    without_final,
    year_of,
)
from worker.readers.layout.places import Places
from worker.readers.ledger import explain_rest

_TOPIC = re.compile(
    r"^(?:\d{1,2}[.、]|\(\d{1,2}\))?(?P<topic>[^,，。;；:：]{2,40}?)"
    r"(?:(?:项目)?(?:绩效)?(?:自评|评价)(?:情况|综述|结果)?[:：]|[:：](?=[^,，。;；:：]{0,8}得分))"
)
_ROLES: dict[str, Role] = {
    "year": "year",
    "date": "date",
    "ordinal": "ordinal",
    "code": "code",
    "label": "label",
}


def read_narrative(chunk: Chunk) -> Reading:
    """The claims of one section of prose in reading order; a figure that no words explain stays without a role."""
    reader = _Narrator(chunk)
    for paragraph in paragraphs(chunk, reader.places):
        reader.read(paragraph)
    rows = reader.claims()
    table = NarrativeFacts(
        title=chunk.title,
        form=chunk.form,
        unit=chunk.unit,
        stage=chunk.stage,
        year=chunk.year,
        columns=list(dict.fromkeys(key for row in rows for key, _ in row.cells())),
        rows=rows,
    )
    return Reading(
        chunk=chunk.id,
        reader="layout",
        table=table,
        roles={**explain_rest(chunk, reader.places.roles), **reader.places.roles},
        incomplete=tuple(reader.incomplete),
    )


class _Narrator:
    """Reads paragraphs in order; the claims of a paragraph are the context of its later figures."""

    def __init__(self, chunk: Chunk) -> None:
        self.places = Places(chunk)
        self.rows: list[ClaimRow] = []
        self.incomplete: list[str] = []
        self._listing = Listing()
        self._forget()
        self._topic = ""

    def claims(self) -> list[ClaimRow]:
        """The claims with figures in reading order, parts with the number of their whole."""
        rows = [row for row in self.rows if next(row.cells(), None)]
        number = {id(row): index for index, row in enumerate(rows)}
        for row in rows:
            whole = self._listing.part_of.get(id(row))
            row.part_of = number.get(id(whole)) if whole else None
        return rows

    def _forget(self) -> None:
        self._claims: list[ClaimRow] = []
        self._last: ClaimRow | None = None
        self._head: ClaimRow | None = None
        self._whole: ClaimRow | None = None
        self._budget: ClaimRow | None = None
        self._waiting: list[tuple[int, int]] = []
        self._group: list[ClaimRow] = []
        self._given: list[tuple[ClaimRow, Sense]] = []

    def read(self, paragraph: Paragraph) -> None:
        """Take the claims of one paragraph."""
        self._forget()
        topic = _TOPIC.match(paragraph.text)
        self._topic = topic["topic"] if topic else ""
        self._listing.begin(paragraph.text)
        if not has_han(paragraph.text):
            self._english(paragraph)
            return
        left = 0
        for figure in paragraph.figures:
            what = meaning(paragraph.text, figure.start, figure.end, percent=figure.numeral.percent)
            if role := _ROLES.get(what.kind):
                self.places.roles[figure.numeral.id] = role
                if what.kind == "ordinal":
                    left = figure.end
                    self._forget()
                continue
            if what.kind == "bare" and not figure.numeral.decimals:
                self._leave(figure, "no unit says what it is")
                continue
            self._figure(paragraph, figure, what, left)
            left = figure.end + what.reach
        self._listing.end(paragraph.text, self._claims)

    def _english(self, paragraph: Paragraph) -> None:
        text, left = paragraph.text, 0
        for figure in paragraph.figures:
            if is_year(text, figure.start, figure.end):
                self.places.roles[figure.numeral.id] = "year"
                continue
            words = words_of(text, left, figure.start, figure.end, percent=figure.numeral.percent)
            if words is None:
                self._leave(figure, "no unit says what it is")
                continue
            before = list(self._claims)
            row = self._english_claim(paragraph, words)
            if row is None:
                self._leave(figure, "no subject found")
                continue
            what = Meaning("percent" if words.unit == "%" else "money", words.unit, words.reach)
            change = row.figure("change_amount") if words.column == "change_percent" else None
            negative = words.negative or (change is not None and change.value < 0)
            self._put(row, words.column, paragraph, figure, what, negative=negative)
            row.year = row.year or (None if words.column == "previous_amount" else words.year)
            row.compared_year = words.compared_year or row.compared_year
            if words.column == "amount":
                self._listing.take(row, text[left : figure.start], before)
            left = max(figure.end + words.reach, words.end)

    def _english_claim(self, paragraph: Paragraph, words: Words) -> ClaimRow | None:
        """The claim that a figure belongs to: that of its subject, a new one, or the last."""
        named = canonical_name(paragraph.text[words.start : words.end])
        last = self._last
        if words.column == "amount" and not named and last is not None and last.amount is None:
            return last
        row = next((c for c in reversed(self._claims) if c.name.lower() == named.lower()), None)
        if words.column == "amount" or (named and row is None):
            return self._open(paragraph, words.start, words.end, name=named)
        row = row or last
        return row if row is not None and row.get(words.column) is None else None

    def _leave(self, figure: Figure, why: str) -> None:
        self.incomplete.append(f"{figure.numeral.text} (line {figure.numeral.span.line}): {why}")

    def _figure(self, paragraph: Paragraph, figure: Figure, what: Meaning, left: int) -> None:
        text = paragraph.text
        if text[left : figure.start] in ("、", "和", "及", "与", ",", "以及"):
            if self._waiting and (opened := self._open(paragraph, *self._waiting.pop(0))):
                self._group.append(opened)
                self._put(opened, "amount", paragraph, figure, what)
                self._listing.take(opened, "", self._claims[:-1])
                return
            if self._given:
                given, of = self._given.pop(0)
                self._put(given, of.column, paragraph, figure, what, negative=of.negative)
                return
        self._waiting, self._given = [], []
        found = sense(text, left, figure.start, what.kind)
        if found.column == "amount":
            self._amount(paragraph, figure, what, left)
            return
        start, end = subject(text, found.start, found.end)
        changed = found.column in ("change_amount", "change_percent")
        row = self._named(text[start:end], changed=changed, new="。" in text[left : figure.start])
        if start >= end and self._group and row is self._group[-1]:
            row = self._group[0]
            self._given = [(other, found) for other in self._group[1:]]
        if (many := respective(text, found.start, figure.start)) and len(self._claims) >= many:
            row, *others = self._claims[-many:]
            self._given = [(other, found) for other in others]
        if row is None or row.get(found.column) is not None:
            row = self._open(paragraph, start, end, name=row.name if row is not None and start >= end else "")
        if row is None:
            self._leave(figure, "nothing says what it is a part or a change of")
            return
        self._put(row, found.column, paragraph, figure, what, negative=found.negative)
        if changed and row.compared_year is None:
            row.compared_year = compared_year(text[: figure.start])

    def _amount(self, paragraph: Paragraph, figure: Figure, what: Meaning, left: int) -> None:
        text = paragraph.text
        clause = last_clause(text, left, figure.start)
        words = text[clause : figure.start].strip("、,，")
        budget, self._budget = self._budget, None
        money = what.kind in ("money", "bare")
        if budget is not None and budget.amount is not None and money and is_final_only(words):
            if not is_execution(words):
                budget.put("budget_amount", budget.amount)
                budget.amount = budget.unit = None
                budget.name = self._in_context(name_of(without_budget(budget.name)), None)
            elif opened := self._open(paragraph, clause, figure.start, name="执行数"):
                budget = opened
            self._put(budget, "amount", paragraph, figure, what)
            return
        self._group = []
        if self._last is not None and self._last.amount is None and is_outcome(words):
            self._put(self._last, "amount", paragraph, figure, what)
            return
        if money and self._previous(paragraph, figure, what, clause):
            return
        before = list(self._claims)
        if pieces := listed(text[clause : figure.start]):
            self._waiting = [(clause + a, clause + b) for a, b in pieces]
            row = self._open(paragraph, *self._waiting.pop(0))
            self._group = [row] if row else []
        else:
            row = self._open(paragraph, *self._subject(text, clause, figure, what, left), what.unit)
        if row is None:
            self._leave(figure, "no subject found")
            return
        self._put(row, "amount", paragraph, figure, what)
        self._listing.take(row, text[left : figure.start], before)
        if money and BUDGET.fullmatch(words):
            self._budget = row

    def _previous(self, paragraph: Paragraph, figure: Figure, what: Meaning, clause: int) -> bool:
        """Take a figure of the year before: '比上年 100 万元增加', '由上年的 100 万元增加到'."""
        words = paragraph.text[clause : figure.start]
        found = previous(words)
        if found is None:
            return False
        row = self._last
        if found:
            row = self._open(paragraph, clause, clause + found)
        elif row is not None and row.get("previous_amount") is not None:
            row = None
        if row is None:
            return False
        self._put(row, "previous_amount", paragraph, figure, what)
        row.compared_year = compared_year(words)
        return True

    @staticmethod
    def _subject(text: str, clause: int, figure: Figure, what: Meaning, left: int) -> tuple[int, int]:
        """Where the subject of an amount stands: in its clause, in one before, or after a count."""
        start, end = first = subject(text, clause, figure.start)
        if what.kind == "count" and (start >= end or text[start:end].endswith(("等", "对"))):
            noun = noun_after(text, figure.end + what.reach)
            if noun[0] < noun[1]:
                return noun
        while (start >= end or _only_budget(text[start:end])) and clause - 1 > left:
            earlier = last_clause(text, left, clause - 1)
            start, end = subject(text, earlier, clause - 1)
            clause = earlier
        return (start, end) if start < end else first

    def _named(self, words: str, *, changed: bool, new: bool) -> ClaimRow | None:
        """The claim of this paragraph that a subject names.

        Without a subject it is the last claim; a change that begins a sentence is one of the claim that the
        sentence before led with, and a change after the parts of an amount by year is one of that amount.
        """
        name = name_of(words)
        if not name:
            if changed and new:
                return self._head
            label = self._last.label if self._last else None
            part = label is not None and is_breakdown(label.text)
            return self._whole if changed and part else self._last
        for row in reversed(self._claims):
            if same(row.name, name):
                return row
        if is_generic(name) and not is_breakdown(name):
            return self._head
        return next((row for row in reversed(self._claims) if ends_with(row.name, name)), None)

    def _in_context(self, name: str, unit: str | None) -> str:
        """A name that says nothing without the claims before it, with what they say."""
        last = self._last
        if self._topic and (part := part_of_project(name)):
            return self._topic + part
        if self._topic and is_generic(name):
            return self._topic
        if last is not None and (not name or name == "累计"):
            return persons_of(last.name, unit or "") or name or _visitors(last, unit or "")
        if last is not None and is_generic(name) and last.unit and last.unit.text.startswith("人"):
            return last.name
        if is_breakdown(name) and self._whole is not None:
            whole = without_budget(self._whole.name)
            return whole + name if whole.endswith("费") else name
        return name

    def _open(
        self, paragraph: Paragraph, start: int, end: int, unit: str | None = None, *, name: str = ""
    ) -> ClaimRow | None:
        """A new claim of the subject [start, end); None if neither it nor the context gives a name."""
        text = paragraph.text
        start, end = subject(text, start, end)
        own = name or (without_final(name_of(text[start:end])) if start < end else "")
        name = self._in_context(own, unit)
        if not name:
            return None
        label = None
        if start < end:
            label = self.places.text(*paragraph.document_range(start, end))
            label = label.model_copy(update={"text": text[start:end]})
        row = ClaimRow(name=name, label=label, topic=self._topic, year=year_of(text[:start]))
        self.rows.append(row)
        self._claims.append(row)
        if not is_breakdown(text[start:end]):
            self._whole = row
            sentence = text.rfind("。", 0, start) + 1
            if self._head is None or "其中" not in text[sentence:start]:
                self._head = row
        return row

    def _put(
        self,
        row: ClaimRow,
        column: str,
        paragraph: Paragraph,
        figure: Figure,
        what: Meaning,
        *,
        negative: bool = False,
    ) -> None:
        self._last = row
        cell = self.places.figure(figure.numeral, what.unit, negative=negative)
        row.put(column, cell)
        if column in ("amount", "change_amount", "previous_amount") and row.unit is None and what.unit:
            row.unit = self._unit(paragraph, figure, what)

    def _unit(self, paragraph: Paragraph, figure: Figure, what: Meaning) -> Cell:
        unit = what.unit or ""
        end = figure.end + what.reach
        first, last = paragraph.document_range(end - len(unit), end)
        return Cell(text=unit, span=self.places.span(first, last))


def _visitors(groups: ClaimRow, unit: str) -> str:
    """The name for persons counted beside their groups: '国内接待 30 批次 300 人次'."""
    counted = groups.unit is not None and groups.unit.text in ("批次", "批", "次", "个")
    return groups.name if counted and unit.startswith("人") else ""


def _only_budget(words: str) -> bool:
    match = BUDGET.fullmatch(words)
    return match is not None and not match["before"]
