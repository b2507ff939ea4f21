"""The cases that a simulated model knows, found again by the text that is put to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from evals.cases import Case, GoldTable
from evals.typed import Held, as_printed, document_of, grounded, held_by, kind_of
from schemas import AnyTable, Chunk, Row, normalise
from worker.segment import segment

_SOURCE = re.compile(r"^(SOURCE(?:_X)*)\n(.*)\n\1$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^Mark before ids: (\S+)$", re.MULTILINE)


class Passage(NamedTuple):
    """A piece of the document of a case, by offsets."""

    case: Case
    start: int
    end: int


class Known(NamedTuple):
    """What a faithful reader finds in a chunk: the table, and for each of its rows the gold row that it is.

    `places` are the offsets at which the rows begin; a row of which nothing is printed goes with the one before.
    """

    chunk: Chunk
    held: Held
    table: AnyTable
    places: tuple[int, ...]

    def within(self, passage: Passage) -> tuple[Chunk, list[tuple[int, Row]]]:
        """The piece of the chunk that lies in a passage, and the rows there with their gold rows, as copies."""
        start, end = max(passage.start, self.chunk.start), min(passage.end, self.chunk.end)
        ledger = tuple(n for n in self.chunk.ledger if start <= n.span.start < end)
        piece = {"start": start, "end": end, "text": self.chunk.slice(start, end), "ledger": ledger}
        rows = [
            (number, row.model_copy(deep=True))
            for number, row, place in zip(self.held.rows, self.table.rows, self.places, strict=True)
            if start <= place < end
        ]
        return self.chunk.model_copy(update=piece), rows


class Library:
    """Cases by the lines of their texts. Documents are cut into chunks when they are first asked for."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._cases: list[Case] = []
        self._lines: list[list[tuple[int, int, str]]] = []
        self._at: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._read: dict[str, dict[str, Known]] = {}
        for case in cases:
            lines = list(_lines(document_of(case).reading))
            for number, (_, _, text) in enumerate(lines):
                self._at[text].append((len(self._cases), number))
            self._cases.append(case)
            self._lines.append(lines)

    def find(self, prompt: str) -> Iterator[Passage]:
        """The places whose text stands between the fences of a prompt."""
        source = _SOURCE.search(prompt)
        if source is None:
            return
        text = source[2]
        if mark := _MARK.search(prompt):
            sign = re.escape(mark[1])
            text = re.sub(rf"{sign}\d+(?:{sign})?", "", text)
        yield from self._standing([text for _, _, text in _lines(normalise(text))])

    def find_piece(self, text: str) -> Iterator[Passage]:
        """The places of a piece that may begin and end within a line; such lines are left out."""
        wanted = [line for _, _, line in _lines(normalise(text))]
        for lines in (wanted, wanted[1:], wanted[:-1], wanted[1:-1]):
            if found := list(self._standing(lines)):
                yield from found
                return

    def _standing(self, wanted: Sequence[str]) -> Iterator[Passage]:
        """Where lines stand one after the other."""
        if not wanted:
            return
        rarest = min(range(len(wanted)), key=lambda i: len(self._at.get(wanted[i], ())))
        for number, line in self._at.get(wanted[rarest], ()):
            first = line - rarest
            run = self._lines[number][max(first, 0) : first + len(wanted)]
            if [text for _, _, text in run] == wanted:
                yield Passage(self._cases[number], run[0][0], run[-1][1])

    def known(self, passage: Passage) -> Sequence[Known]:
        """What the chunks in which a passage lies hold, in document order."""
        if passage.case.id not in self._read:
            self._read[passage.case.id] = dict(_known(passage.case))
        return [
            known
            for known in self._read[passage.case.id].values()
            if known.chunk.start < passage.end and passage.start < known.chunk.end
        ]


def _known(case: Case) -> Iterator[tuple[str, Known]]:
    chunks = segment(document_of(case))
    held = held_by(chunks, as_printed(case))
    for chunk in chunks:
        # A region that is no table of the gold is answered with no rows.
        found = held.get(chunk.id) or Held(GoldTable(kind=kind_of(chunk), ordinal=0), ())
        table = grounded(chunk, found.part)
        yield chunk.id, Known(chunk, found, table, tuple(table.starts(chunk.start)))


def _lines(reading: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, text) of every line that is not blank, ends trimmed, as prompts show them."""
    for match in re.finditer(r"[^\n\f]+", reading):
        if text := match.group().rstrip():
            yield match.start(), match.end(), text
