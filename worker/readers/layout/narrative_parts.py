"""Which amounts of prose are parts of which: '总计 20 万元，其中：甲 15 万元；乙 5 万元。'"""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.amounts import UNITS
from schemas.kinds.narrative import ClaimRow
from worker.readers.layout.narrative_words import name_of, same

_LISTS = r"其中|包括(?!陪同)|如下|以下方面|具体(?:为|是)|of which|including|compris|consisting of"
_OPENS = re.compile(_LISTS)
_CARRIES = re.compile(rf"(?:{_LISTS})[^,，。;；]{{0,4}}[:：]$")
_OF = re.compile(r"(?:^|[。;；,，])(?P<name>[^。;；,，:：]{2,20})中[,，]")
_STYLES = (
    re.compile(r"\d{1,2}[.、．]"),
    re.compile(r"\([一二三四五六七八九十]{1,3}\)"),
    re.compile(r"\(\d{1,2}\)"),
)


class Listing:
    """Follows the words that open and end lists of parts, within a paragraph and over those below one."""

    def __init__(self) -> None:
        self.part_of: dict[int, ClaimRow] = {}
        self._wholes: Sequence[ClaimRow] = ()
        self._below: list[tuple[int | None, Sequence[ClaimRow]]] = []
        self._item = False

    def begin(self, text: str) -> None:
        """A paragraph begins: an item of the list that the paragraphs before opened, as long as it is marked alike."""
        self._wholes = ()
        style = next((i for i, pattern in enumerate(_STYLES) if pattern.match(text)), len(_STYLES))
        while self._below and self._below[-1][0] not in {None, style}:
            self._below.pop()
        if self._below:
            self._below[-1] = style, self._below[-1][1]
        self._item = bool(self._below)

    def end(self, text: str, claims: Sequence[ClaimRow]) -> None:
        """A paragraph ends, perhaps with words that make the paragraphs after it its parts."""
        if claims and _CARRIES.search(text):
            self._below.append((None, self._leading(claims)))

    def take(self, row: ClaimRow, gap: str, claims: Sequence[ClaimRow]) -> None:
        """A claim follows the words `gap` after the figure before; `claims` are those of its paragraph before it."""
        sentence = gap[gap.rfind("。") + 1 :]
        wholes: Sequence[ClaimRow] = ()
        if self._item and self._below:
            wholes = self._below[-1][1]
        self._item = False
        if named := _OF.search(sentence):
            name = name_of(named["name"])
            self._wholes = [claim for claim in claims if same(claim.name, name)]
        elif _OPENS.search(sentence):
            self._wholes = self._leading(claims) if "。" in gap else list(claims)
        elif "。" in gap or ". " in gap:
            self._wholes = ()
        for whole in reversed(self._wholes or wholes):
            if _comparable(whole, row):
                self.part_of[id(row)] = whole
                return

    def _leading(self, claims: Sequence[ClaimRow]) -> list[ClaimRow]:
        """The claims that a sentence of its own can go on about: those that are no parts themselves."""
        return [claim for claim in claims if id(claim) not in self.part_of] or list(claims)


def _comparable(whole: ClaimRow, part: ClaimRow) -> bool:
    """Whether two claims are amounts in the same unit, or both of money."""
    one, two = (row.unit.text if row.unit and row.amount else "" for row in (whole, part))
    return bool(one) and (one == two or (one in UNITS and two in UNITS))
