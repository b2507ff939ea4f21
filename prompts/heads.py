"""What the columns of a chunk are, as far as their heads say: who reads it need not look that up for each figure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prompts.fields import Field, Lines
from prompts.orders import MOST_HEADS, STAGES
from prompts.wire.base import Shape
from prompts.wire.notation import letter_of
from schemas.heads import COLUMN_NUMBER, columns_named, heads_over, row_named
from schemas.tables import ColumnInfo
from schemas.text import squeeze

_FIGURE = re.compile(r"-?\d(?:[,. ]{0,2}\d){2,30}")
_DATED = re.compile(r"(?:19|20)\d\d")
_LABEL = re.compile(r"项目|单位|.*(科目|名称|编码|代码|类别)")
Path = tuple[tuple[str, ...], tuple[str, ...]]
"""Squeezed texts of heads, outermost first: those that may span several columns, and the lines of the column's own."""


def names_of(
    lines: Iterable[Lines], shape: Shape, orders: Iterable[Sequence[str]], *, final: bool
) -> dict[int, str]:
    """Number of a column → what an answer calls it, of those that their heads name: its letter, `A`.

    In a form whose columns are rows of the table the key of the row stands before it, `vehicles.A`. None of a form of
    several blocks one below the other, each with heads of its own.
    `lines`: the fields of head and source; `final`: they are of a final account. `orders`: names of all columns of
    figures, from left to right, for columns without heads.
    """
    if any(map(shape.keys, shape.sides)):
        return {}
    rows = [fields for text in lines for fields in text if fields]
    body = next((at for at, row in enumerate(rows) if any(map(_is_figure, row))), len(rows))
    worded = Counter(field.column for row in rows[body:] for field in row if field.worded)
    filled = Counter(field.column for row in rows[body:] for field in row)
    words = {column for column, number in filled.items() if 2 * worded[column] > number}
    figures = filled.keys() - words
    heads = [
        [field for field in row if not COLUMN_NUMBER.match(squeeze(field.text))]
        for row in rows[max(0, body - MOST_HEADS) : body]
    ]
    paths = {
        column: _paths(column, heads) for column in sorted({field.column for row in heads for field in row})
    }
    if not paths:
        return _in_order(
            [row for row in rows[body:] if any(field.column in figures for field in row)], orders
        )
    letters = {key: letter_of(at) for at, key in enumerate(shape.columns)}
    if (keys := shape.keys(None)) and not words:
        return _names_of_rows(paths, keys, letters, final=final)
    infos = {key: info for key, info in shape.row.column_infos().items() if final or key not in STAGES}
    panels: list[dict[int, list[list[str]]]] = [{}]
    for column, read in paths.items():
        named = [_named(path, infos) for path in read]
        fit = [
            [key for key in keys if column not in (figures if infos[key].text else words)] for keys in named
        ]
        if any(fit):
            panels[-1][column] = fit
        elif column in words or any(_LABEL.fullmatch(own[-1]) for _, own in read):
            panels.append({})  # The next panel, or the other side: it may have the same columns.
    return {column: letters[key] for panel in panels for column, key in _settled(panel).items()}


def _in_order(rows: Sequence[Sequence[Field]], orders: Iterable[Sequence[str]]) -> dict[int, str]:
    """The first order that has a name for each figure, where all rows have as many, side by side."""
    filled = {tuple(field.column for field in row if field.column) for row in rows}
    columns = filled.pop() if len(filled) == 1 else ()
    order = next((each for each in orders if len(each) == len(columns) == columns[-1] - columns[0] + 1), ())
    return dict(zip(columns, order, strict=False))


def _is_figure(field: Field) -> bool:
    """Whether a cell is an amount or a code: no head is one, but for a year or the number of a column."""
    return bool(_FIGURE.fullmatch(field.text)) and not _DATED.fullmatch(field.text)


def _settled(panel: Mapping[int, Sequence[Sequence[str]]]) -> dict[int, str]:
    """Each column with what its head says, however it is read: the first of its keys that no other column has."""
    names: dict[int, str] = {}
    settled = -1
    while settled < len(names):
        settled = len(names)
        for column in sorted(panel.keys() - names.keys()):
            taken = set(names.values())
            firsts = (next((key for key in keys if key not in taken), None) for keys in panel[column])
            found = {key for key in firsts if key}
            if len(found) == 1:
                names[column] = found.pop()
    return names


def _named(path: Path, infos: Mapping[str, ColumnInfo]) -> list[str]:
    """The columns that a head may name; where it is broken over lines, as much of it as names any."""
    groups, own = path
    for first in range(len(own)):
        if found := columns_named((*groups, *own[:first], "".join(own[first:])), infos):
            return found
    return []


def _names_of_rows(
    paths: Mapping[int, Sequence[Path]], keys: Mapping[str, str], letters: Mapping[str, str], *, final: bool
) -> dict[int, str]:
    """The names of columns that are rows of the table; of two of a row, the first is what was planned."""
    found: dict[int, str] = {}
    for column, read in paths.items():
        texts = [text for groups, own in read[:1] for text in (*groups, *own)]
        if key := next(filter(None, (row_named(text, keys) for text in reversed(texts))), None):
            found[column] = key
    seen: Counter[str] = Counter()
    twice = max(Counter(found.values()).values(), default=0) > 1
    names: dict[int, str] = {}
    for column, key in found.items():
        stage = STAGES[seen[key] > 0] if twice else "final" if final else "amount"
        if stage in letters:
            names[column] = f"{key}.{letters[stage]}"
        seen[key] += 1
    return names if len(set(names.values())) == len(names) else {}


def _paths(column: int, heads: Sequence[Sequence[Field]]) -> list[Path]:
    """What may be printed over a column; nothing if it has no head of its own.

    A head over several columns begins over the first of them, or stands over their middle.
    """
    own = [at for at, row in enumerate(heads) if any(field.column == column for field in row)]
    if not own:
        return []
    leaf = next(field for field in heads[own[-1]] if field.column == column)
    above = heads[: own[0]]
    texts = tuple(squeeze(field.text) for at in own for field in heads[at] if field.column == column)
    below = [{field.column for row in heads[at + 1 :] for field in row} for at in range(len(above))]
    begun = heads_over(column, ([(field.column, field.text) for field in row] for row in above))
    left = [squeeze(text) for _, text in begun]
    return [(tuple(groups), texts) for groups in (left, _nearest(leaf, above, below))]


def _nearest(leaf: Field, rows: Sequence[Sequence[Field]], below: Sequence[set[int]]) -> Iterator[str]:
    """In each line the head whose middle is nearest to that of a column, of those with others `below` them."""
    middle = leaf.low + leaf.high
    for row, columns in zip(rows, below, strict=True):
        if spanning := [field for field in row if field.column in columns]:
            yield squeeze(min(spanning, key=lambda field: abs(field.low + field.high - middle)).text)
