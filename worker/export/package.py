"""`datapackage.json`: the export as a Frictionless Data Package with Table Schemas."""

from __future__ import annotations

import json
import textwrap
from decimal import Decimal
from pathlib import Path
from typing import Any

from worker.export.rows import SHEETS, Column, Sheet

NAME = "gouji-export"
FILE = "datapackage.json"

_TYPES = {str: "string", int: "integer", bool: "boolean", Decimal: "number"}
_OTHERS = {
    ".json": ("json", "application/json"),
    ".txt": ("text", "text/plain"),
    ".xlsx": ("file", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".parquet": ("file", "application/vnd.apache.parquet"),
}


class Descriptor:
    """The descriptor of an export in `folder`, written as its files are: their number may be large.

    The CSV files are in it from the start. Close it when all others are added.
    """

    def __init__(self, folder: Path) -> None:
        self._file = (folder / FILE).open("w", encoding="utf-8", errors="replace", newline="")
        self._number = 0
        package = {
            "profile": "data-package",
            "name": NAME,
            "title": "Tables read from documents and held to their own arithmetic",
            "description": (
                "In the CSV files a text that a spreadsheet could take for a formula (= + - @ in front,"
                " but no figure) has an apostrophe before it. Offsets count characters of the files under"
                " text/, read without conversion of line ends."
            ),
        }
        self._file.write(_json(package).removesuffix("\n}") + ',\n  "resources": [')
        for place, sheet in enumerate(SHEETS.values()):
            self._append(_tabular(sheet), first=place == 0)

    def add(self, path: str) -> None:
        """Add a file by its path within the folder."""
        self._number += 1
        self._append(_other(self._number, path))

    def close(self) -> None:
        """Finish the file."""
        self._file.write("\n  ]\n}\n")
        self._file.close()

    def _append(self, resource: dict[str, Any], *, first: bool = False) -> None:
        self._file.write(("\n" if first else ",\n") + textwrap.indent(_json(resource), "    "))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def earlier_files(folder: Path) -> list[str]:
    """The files that an earlier export left in `folder`; none where the folder holds something else."""
    try:
        package = json.loads((folder / FILE).read_text("utf-8"))
        if package["name"] != NAME:
            return []
        return [str(resource["path"]) for resource in package["resources"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _tabular(sheet: Sheet) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field(column, sheet) for column in sheet.columns],
        "missingValues": [""],
    }
    if sheet.key:
        schema["primaryKey"] = list(sheet.key)
    if sheet.refers:
        other, key = sheet.refers
        schema["foreignKeys"] = [{"fields": list(key), "reference": {"resource": other, "fields": list(key)}}]
    return {
        "name": sheet.name,
        "type": "table",
        "profile": "tabular-data-resource",
        "title": sheet.title,
        "path": f"{sheet.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\r\n"},
        "schema": schema,
    }


def _field(column: Column, sheet: Sheet) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "description": column.description,
    }
    required = column.name in sheet.key or (column.type is not str and not column.optional)
    if required:
        field["constraints"] = {"required": True}
    return field


def _other(number: int, path: str) -> dict[str, Any]:
    suffix = Path(path).suffix
    form, media_type = _OTHERS[suffix]
    resource = {
        "name": f"file-{number}",
        "type": form,
        "path": path,
        "format": suffix[1:],
        "mediatype": media_type,
    }
    return resource | ({"encoding": "utf-8"} if form != "file" else {})
