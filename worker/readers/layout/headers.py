"""Header words → column keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from schemas import ColumnInfo, fold, squeeze
from schemas.heads import COLUMN_NUMBER, TOTAL_WORD, columns_named, heads_over
from worker.segment.lines import Line

_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

Path = tuple[str, ...]
"""Squeezed header texts, outermost first."""


class Header(NamedTuple):
    """The header of a column: its path, the column where the innermost header cell begins, the path as printed.

    `formula` is what a line of column numbers says of it: 3=1+2.
    """

    path: Path
    start: int
    printed: Path = ()
    formula: str = ""


def shown(text: str) -> str:
    """A header text as a key: words keep a space between them, ideographs none."""
    return squeeze(text) if _IDEOGRAPH.search(text) else fold(text)


def paths(header: Sequence[Line], columns: Sequence[int]) -> dict[int, Header]:
    """Column → what is printed above it; columns without any header are left out."""
    rows = [
        [(f.column, f.text) for f in line.fields if not COLUMN_NUMBER.match(squeeze(f.text))]
        for line in header
        if line.separated
    ]
    formulas = {f.column: squeeze(f.text) for line in header for f in line.fields if "=" in squeeze(f.text)}
    found = {}
    for column in columns:
        if over := heads_over(column, rows):
            path = [next(same) for _, same in groupby((text for _, text in over), squeeze)]
            formula = formulas.get(column, "")
            formula = formula if COLUMN_NUMBER.match(formula) else ""
            found[column] = Header(tuple(map(squeeze, path)), over[-1][0], tuple(map(shown, path)), formula)
    return found


def assign(found: Mapping[int, Header], infos: Mapping[str, ColumnInfo]) -> dict[int, str]:
    """Column → key for every column with a header; a header that the kind does not name is its own key.

    Of several columns below one and the same innermost cell only the first is named by it; a header that
    spans columns of the kind names none.
    """
    keys: dict[int, str] = {}
    named: set[int] = set()
    for column, header in sorted(found.items()):
        if header.start in named:
            continue
        named.add(header.start)
        choices = [k for k in columns_named(header.path, infos) if k not in keys.values()]
        if choices:
            keys[column] = choices[0]
        elif not is_group(header.path[-1], infos):
            keys[column] = _own_key(header.printed or header.path, set(keys.values()))
    return keys


def is_group(text: str, infos: Mapping[str, ColumnInfo]) -> bool:
    """Whether a header text spans several columns of the kind: alone it names none of them."""
    return any(re.fullmatch(group, text) for info in infos.values() for group in info.groups)


RESERVED = frozenset({"side", "code", "name", "label", "code_cell"})


def _own_key(path: Path, taken: set[str]) -> str:
    """The printed header as key: the leaf, with its group where the leaf alone is taken or says little."""
    leaf = path[-1]
    key = leaf if not TOTAL_WORD.match(leaf) or len(path) == 1 else f"{path[-2]}/{leaf}"
    if key in taken and len(path) > 1:
        key = f"{path[-2]}/{leaf}"
    number = 2
    base = key
    while key in taken or key in RESERVED:
        key = f"{base} ({number})"
        number += 1
    return key
