"""The export as Parquet: the same columns as the CSV files, typed."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from worker.export.flatten import Listed
from worker.export.rows import SHEETS, ExportRow, Sheet
from worker.pipeline import Extraction

DIGITS, PLACES = 38, 12
"""Figures are decimal128(38, 12): rounded to 12 places, null where 26 digits before the point are too few."""

_CONTEXT = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_STEP = Decimal(1).scaleb(-PLACES)
_BATCH = 20_000


class ParquetFiles:
    """One file a kind of row, written a batch of rows at a time."""

    def __init__(self, folder: Path) -> None:
        self._schemas = {row: _schema(sheet) for row, sheet in SHEETS.items()}
        self._rows: dict[type[ExportRow], list[ExportRow]] = {row: [] for row in SHEETS}
        self._writers = {
            row: pq.ParquetWriter(folder / f"{sheet.name}.parquet", self._schemas[row], compression="zstd")
            for row, sheet in SHEETS.items()
        }

    def add(self, row: ExportRow) -> None:
        """Append a row to its file."""
        rows = self._rows[type(row)]
        rows.append(row)
        if len(rows) >= _BATCH:
            self._flush(type(row))

    def draw(self, item: Listed, extraction: Extraction, document: str) -> None:
        """Nothing: the rows say it all."""

    def close(self) -> None:
        """Finish the files."""
        for row, writer in self._writers.items():
            self._flush(row)
            writer.close()

    def _flush(self, kind: type[ExportRow]) -> None:
        rows, self._rows[kind] = self._rows[kind], []
        columns = {
            column.name: [_value(getattr(row, column.name)) for row in rows]
            for column in SHEETS[kind].columns
        }
        self._writers[kind].write_table(pa.table(columns, schema=self._schemas[kind]))


def _schema(sheet: Sheet) -> pa.Schema:
    types = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), Decimal: pa.decimal128(DIGITS, PLACES)}
    return pa.schema(
        pa.field(column.name, types[column.type], metadata={"description": column.description})
        for column in sheet.columns
    )


def _value(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    try:
        return value.quantize(_STEP, context=_CONTEXT)
    except InvalidOperation:
        return None
