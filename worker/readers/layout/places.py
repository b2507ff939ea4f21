"""Cells with their places: what a reader needs to point into its chunk and to account for the ledger."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from schemas import Amount, Cell, Chunk, Numeral, Span, fold
from schemas.findings import Role


class Places:
    """Makes cells of a chunk and keeps the roles of the numerals that they take up.

    All offsets are document offsets.
    """

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.roles: dict[str, Role] = {}
        self._starts = [numeral.span.start for numeral in chunk.ledger]
        self._breaks = [i for i, char in enumerate(chunk.text) if char == "\n"]

    def span(self, start: int, end: int) -> Span:
        """The span of [start, end); the page is that of the numeral before it, or of the chunk."""
        line = self.chunk.first_line + bisect_left(self._breaks, start - self.chunk.start)
        at = bisect_right(self._starts, start) - 1
        page = self.chunk.ledger[at].span.page if at >= 0 else self.chunk.page
        return Span(start=start, end=end, line=line, page=page)

    def numerals(self, start: int, end: int) -> tuple[Numeral, ...]:
        """The ledger entries that lie in [start, end)."""
        first = bisect_left(self._starts, start)
        last = bisect_left(self._starts, end)
        return tuple(n for n in self.chunk.ledger[first:last] if n.span.end <= end)

    def explain(self, start: int, end: int, role: Role) -> None:
        """Give the numerals of [start, end) a role, those that have one keep it."""
        for numeral in self.numerals(start, end):
            self.roles.setdefault(numeral.id, role)

    def text(self, start: int, end: int) -> Cell:
        """A cell of text; numerals in it are part of the text."""
        self.explain(start, end, "label")
        return Cell(text=fold(self.chunk.slice(start, end)), span=self.span(start, end))

    def figure(self, numeral: Numeral, unit: str | None = None, *, negative: bool = False) -> Cell:
        """A cell with the figure that a numeral is; `negative` where words say that it falls."""
        self.roles[numeral.id] = "cell"
        value = -abs(numeral.value) if negative else numeral.value
        return Cell(
            text=fold(self.chunk.slice(numeral.span.start, numeral.span.end)),
            amount=Amount(value=value, decimals=numeral.decimals, unit=unit),
            span=numeral.span,
            numeral=numeral.id,
        )
