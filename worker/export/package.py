"""`datapackage.json`: the export as a Frictionless Data Package with Table Schemas."""

from __future__ import annotations

import json
from collections.abc import Sequence
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


def descriptor(files: Sequence[str]) -> str:
    """The descriptor of an export that consists of `files` (paths within its folder, CSV files included)."""
    tables = [_tabular(sheet) for sheet in SHEETS.values()]
    described = {resource["path"] for resource in tables}
    others = [_other(number, path) for number, path in enumerate(sorted(set(files) - described), start=1)]
    package = {
        "profile": "data-package",
        "name": NAME,
        "title": "Tables read from documents and held to their own arithmetic",
        "description": (
            "In the CSV files a text that a spreadsheet could take for a formula (= + - @ in front,"
            " but no figure) has an apostrophe before it. Offsets count characters of the files under"
            " text/, read without conversion of line ends."
        ),
        "resources": tables + others,
    }
    return json.dumps(package, ensure_ascii=False, indent=2) + "\n"


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
