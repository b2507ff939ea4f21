"""Records and a mapping of their columns → a typed table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from schemas import (
    Amount,
    AnyTable,
    Cell,
    Chunk,
    Numeral,
    Row,
    Span,
    canonical_name,
    fold,
    squeeze,
    table_type,
)
from worker.readers.layout.records import Record, Text

_STEP = "  "
_SUM = re.compile(r"^(?:小计|合计|(?i:sub)?-?(?i:total))$")


class Builder:
    """Builds tables of one chunk; remembers the line starts, so that a cell knows its line."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._lines = chunk.lines

    def text_cell(self, text: Text) -> Cell:
        """A cell that is text."""
        return Cell(text=fold(text.text), span=self.span(text.start, text.end))

    def label_cell(self, label: Text) -> Cell:
        """The label of a row: the blanks before it are kept, they tell what it belongs to."""
        start = label.start - self._chunk.start
        blanks = start - len(self._chunk.text[:start].rstrip(" "))
        cell = self.text_cell(label)
        return cell.model_copy(update={"text": " " * blanks + cell.text}) if blanks else cell

    def amount_cell(self, numeral: Numeral) -> Cell:
        """A cell that is a figure of the ledger."""
        amount = Amount(value=numeral.value, decimals=numeral.decimals, unit=self._chunk.unit)
        return Cell(text=fold(numeral.text), amount=amount, span=numeral.span, numeral=numeral.id)

    def span(self, start: int, end: int) -> Span:
        """The span of two document offsets."""
        index = next(i for i in range(len(self._lines) - 1, -1, -1) if self._lines[i][0] <= start)
        return Span(start=start, end=end, line=self._chunk.first_line + index, page=self._chunk.page)

    def code_cell(self, record: Record) -> Cell | None:
        """The code of a record as a text cell over all its pieces."""
        if record.number:
            return self.text_cell(record.number)
        if not record.codes:
            return None
        first, last = record.codes[0].span, record.codes[-1].span
        return Cell(text=" ".join(n.text for n in record.codes), span=self.span(first.start, last.end))

    def row(self, model: type[Row], record: Record, side: str | None) -> Row:
        """A row without figures: side, code, name, label."""
        return model(
            side=side,
            code=record.code,
            name=canonical_name(record.label.text) if record.label else "",
            label=self.label_cell(record.label) if record.label else None,
            code_cell=self.code_cell(record),
        )

    def table(self, rows: Sequence[Row], columns: Sequence[str], headers: Mapping[str, str]) -> AnyTable:
        """The table of the chunk's kind with these rows."""
        chunk = self._chunk
        model = table_type(chunk.kind)
        return model(
            kind=chunk.kind or "generic",
            title=chunk.title,
            form=chunk.form,
            unit=chunk.unit,
            stage=chunk.stage,
            year=chunk.year,
            columns=list(columns),
            headers=dict(headers),
            rows=list(rows),
        )

    def build(
        self,
        records: Sequence[Record],
        sides: Sequence[str | None],
        placing: Sequence[Sequence[str | None]],
        texts: Sequence[Mapping[str, Text]],
        columns: Sequence[str],
        headers: Mapping[str, str],
    ) -> AnyTable:
        """A table from records; `placing[i][j]` is the column of figure j of record i, None to leave it out."""
        model = table_type(self._chunk.kind).row_type()
        heads = _head_column(records)
        rows = []
        for record, side, keys, extra in zip(records, sides, placing, texts, strict=True):
            row = self.row(model, record, side)
            if row.label and record.label and heads is not None and record.label.column > heads:
                row.label = row.label.model_copy(update={"text": _STEP + row.label.text})
            for value, key in zip(record.values, keys, strict=True):
                if key is not None:
                    row.put(key, self.amount_cell(value.numeral))
            for key, text in extra.items():
                row.put(key, self.text_cell(text))
            rows.append(row)
        return self.table(rows, columns, headers)


def _head_column(records: Sequence[Record]) -> int | None:
    """The column of the names of groups whose rows are named in the next; None where names stand otherwise.

    Beside the name of a group stands nothing, or the word for its sum.
    """
    columns = {record.label.column for record in records if record.label}
    first = min(columns, default=-1)
    if first < 0 or len(columns) != 2 or any(record.block or record.codes for record in records):
        return None
    beside = [
        squeeze(text.text)
        for record in records
        if record.label and record.label.column == first
        for text in record.texts
        if first < text.column <= max(columns)
    ]
    return first if beside and all(map(_SUM.match, beside)) else None
