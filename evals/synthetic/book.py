"""A document in the making: tables and prose in reading order, with their gold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evals.cases import GoldRow, GoldTable
from evals.paper import Block, Paper, Prose
from evals.synthetic.dice import Dice
from evals.synthetic.ledger import Books
from evals.synthetic.sheet import Column, Form, Panel, Sheet, set_panels
from evals.synthetic.style import Style

Sums = Mapping[str, tuple[str, ...]]
"""The columns that totals are made of, by the column of the total."""

_CLAIM = re.compile(r"\[([^|\]]+)\|(\w+)\|(-?)([^\]]*)\]")


_HEAD_WORDS = (("部门", "单位："), ("编制单位", "金额单位："), ("单位名称", "单位:"), ("部门", "单位: "))
_NUMERALS = "一二三四五六七八九"


def chinese(number: int) -> str:
    """一 to 九十九."""
    tens, ones = divmod(number, 10)
    head = ("" if tens == 1 else _NUMERALS[tens - 1]) + "十" if tens else ""
    return head + (_NUMERALS[ones - 1] if ones else "")


def claim(subject: str, printed: str, column: str = "amount", *, fell: bool = False) -> str:
    """A figure in prose with what it says; a fall is printed without its sign."""
    return f"[{subject}|{column}|{'-' if fell else ''}{printed}]"


@dataclass
class Book:
    """Collects the blocks of a document of a department."""

    books: Books
    style: Style
    dice: Dice
    blocks: list[Block] = field(default_factory=list)
    gold: list[GoldTable] = field(default_factory=list)
    claims: list[GoldRow] = field(default_factory=list)
    forms: int = 0
    _ordinals: Counter[str] = field(default_factory=Counter)

    def show(self, cents: int | None) -> str:
        """A figure of a table."""
        return self.style.table.show(cents)

    def word(self, *options: str) -> str:
        """One wording of several."""
        return self.dice.choose(options)

    def say(self, *lines: str) -> None:
        """Paragraphs; what they claim in figures goes to the gold."""
        printed = []
        for line in lines:
            for match in _CLAIM.finditer(line):
                self._claim(match[1], match[2], match[3] + match[4].replace(",", ""))
            printed.append(_CLAIM.sub(lambda m: m[4], line))
        self.blocks.append(Prose(lines=tuple(printed)))

    def _claim(self, subject: str, column: str, value: str) -> None:
        last = self.claims[-1] if self.claims else None
        if last is not None and last.name == subject and column not in last.cells:
            self.claims[-1] = last.model_copy(update={"cells": {**last.cells, column: value}})
        else:
            self.claims.append(GoldRow(name=subject, cells={column: value}))

    def form(
        self, kind: str, title: str, *, unit: str | None = None, sentence: str = "", plain: bool = False
    ) -> Form:
        """The head of the next form, as the style has it; `sentence` says why it is blank, `plain` is a title alone."""
        self._ordinals[kind] += 1
        if plain:
            return Form(kind, self._ordinals[kind], title, unit, self.books.stage, (title,))
        self.forms += 1
        unit = unit or self.style.table.unit
        printed = f"{self.books.year}年度{title}" if self.style.year_in_title else title
        number = self.style.forms.format(self.forms) if self.style.forms else ""
        body = self.books.body.name
        label, money = _HEAD_WORDS[self.style.head]
        who, money = f"{label}：{body}", f"{money}{unit}"
        head = (
            [printed, number, f"{who}\t{money}"],
            [number, printed, who, money],
            [printed, f"{number}\t{money}" if number else money, who],
            [f"{body}{printed}\t\t{money}", number],
        )[self.style.head]
        below = tuple(filter(None, (self._note(title) if self.style.notes else "", sentence)))
        heading = f"{chinese(self.forms)}、{title}" if self.style.headings else ""
        above = tuple(filter(None, (heading, *head)))
        return Form(kind, self._ordinals[kind], printed, unit, self.books.stage, above, below)

    def _note(self, title: str) -> str:
        what = title.removesuffix("表").removesuffix("总")
        last = self.books.year - 1
        return self.dice.choose(
            (
                f"注：本表反映{self.books.year}年度{what}情况。",
                "注：本表金额转换单位时可能存在尾差。",
                f"注：1. 本表数据不含{last}年度以前已核销的项目。",
            )
        )

    def add(self, sheet: Sheet) -> None:
        """A table that is done."""
        self.blocks.append(sheet.printed)
        self.gold.append(sheet.gold)

    def panels(self, form: Form, panels: Sequence[Panel], sums: Sums | None = None) -> None:
        """A table of panels; `sums` tells what totals are made of, where the style prints formulas."""
        columns = [column for panel in panels for column in panel.columns]
        numbers = [numbered(columns, sums or {}, self.style.numbers == "formulas")]
        self.add(set_panels(form, panels, numbers if self.style.numbers else []))

    def finish(self) -> tuple[Paper, tuple[GoldTable, ...]]:
        """The document and its gold; all claims of the prose are one table, the last."""
        claims = [
            GoldTable(kind="narrative_facts", ordinal=1, stage=self.books.stage, rows=tuple(self.claims))
        ]
        return Paper(blocks=tuple(self.blocks)), (*self.gold, *(claims if self.claims else []))


def numbered(columns: Sequence[Column], sums: Sums, formulas: bool) -> list[str]:
    """The row that numbers the columns with figures: 栏次 1 2 3, or 1=2+3 where a total is made of others."""
    keys = [c.key for c in columns if c.key not in {"", "#"}]
    order = {key: str(place) for place, key in enumerate(keys, start=1)}
    texts: list[str] = []
    number = 0
    labelled = False
    for column in columns:
        if column.key in {"", "#"}:
            texts.append("" if labelled or column.key == "#" else "栏次")
            labelled = labelled or not column.key
            continue
        labelled = False
        number += 1
        parts = [order[part] for part in sums.get(column.key, ()) if part in order]
        texts.append(f"{number}={'+'.join(parts)}" if formulas and len(parts) > 1 else str(number))
    return texts
