"""The export as UTF-8 CSV after RFC 4180: header line, CRLF, quotes where needed."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from worker.export.flatten import Listed
from worker.export.plain import defused, plain
from worker.export.rows import SHEETS, ExportRow
from worker.pipeline import Extraction


class CsvFiles:
    """One file a kind of row."""

    def __init__(self, folder: Path) -> None:
        self._files = ExitStack()
        self._writers = {}
        for row, sheet in SHEETS.items():
            path = folder / f"{sheet.name}.csv"
            stream = self._files.enter_context(path.open("w", encoding="utf-8", newline=""))
            self._writers[row] = csv.writer(stream)
            self._writers[row].writerow(column.name for column in sheet.columns)

    def add(self, row: ExportRow) -> None:
        """Append a row to its file."""
        columns = SHEETS[type(row)].columns
        self._writers[type(row)].writerow(_field(getattr(row, column.name)) for column in columns)

    def draw(self, item: Listed, extraction: Extraction, document: str) -> None:
        """Nothing: the rows say it all."""

    def close(self) -> None:
        """Finish the files."""
        self._files.close()


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return defused(value) if isinstance(value, str) else str(value)
