"""A manifest: a CSV file that lists what is to be read, with what is known of each file."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from schemas import InputError, Unreadable
from worker.archive import names
from worker.archive.model import Limits, Member, Refused
from worker.archive.places import is_below, open_path
from worker.ingest.decode import decode
from worker.ingest.separated import delimiter_of

_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")


class Listed(NamedTuple):
    """A file that a manifest lists: where it is, and its other columns."""

    path: Path
    metadata: Mapping[str, str]


def manifest(path: Path, limits: Limits) -> list[Listed | Refused]:
    """What a manifest lists, the highest `priority` first and else in its own order.

    Its column `path` is relative to the folder it lies in and leads nowhere else; `name`, `batch`, `priority` (a
    whole number, 0 where there is none) and all other columns are kept as they are. UTF-8 or GB18030, separated
    by commas, semicolons or tabs. Raises InputError if it is no such file.
    """
    place = str(path)
    file = Member(path.name, place, 0, lambda: open_path(path))
    text = decode(file.read(limits.member_bytes), place).text
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text, preferred=","))
    try:
        header = [column.strip().lower() for column in next(rows, [])]
        named = [column for column in header if column]
        if "path" not in named or len(set(named)) < len(named):
            problem = "does not name its columns in the first line, each once and path among them"
            raise Unreadable(place, problem, "mend that line")
        found = [
            _row(dict(zip(header, row, strict=False)), f"{place}, line {rows.line_num}", path.parent)
            for row in rows
            if any(field.strip() for field in row)
        ]
    except csv.Error as error:
        raise Unreadable(place, f"is no CSV in line {rows.line_num} ({error})", "save it again") from None
    return sorted(found, key=_rank)


def _rank(row: Listed | Refused) -> int:
    return -int(row.metadata.get("priority", 0)) if isinstance(row, Listed) else 0


def _row(fields: dict[str, str], line: str, folder: Path) -> Listed | Refused:
    given = fields.pop("path", "").strip()
    shown = names.shown(given)
    place = f"{line}: {shown}"
    metadata = {name: value.strip() for name, value in fields.items() if name and value.strip()}
    if reason := names.refusal(given):
        error = reason._replace(remedy="name a file below the folder of the manifest").of(place)
        return Refused(shown, error, metadata)
    if not _WHOLE.fullmatch(metadata.get("priority", "0")):
        problem = f"has the priority {names.shown(metadata['priority'])}"
        return Refused(shown, InputError(place, problem, "give a whole number"), metadata)
    # As Windows writes them; a backslash is no part of a name that anybody gives.
    path = folder.joinpath(*given.replace("\\", "/").split("/"))
    if not os.path.lexists(path):
        error = InputError(place, "no such file", "mend the path or take the line out")
        return Refused(shown, error, metadata)
    if not is_below(path, folder):
        error = InputError(place, "leads out of the folder of the manifest", "copy the file there")
        return Refused(shown, error, metadata)
    return Listed(path, metadata)
