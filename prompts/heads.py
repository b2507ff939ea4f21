"""What the columns of a chunk are, as far as their heads say: who reads it need not look that up for each figure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import NamedTuple

from prompts.fields import Field, Lines
from prompts.orders import MOST_HEADS, STAGES
from prompts.wire.base import Shape
from prompts.wire.notation import CODE, NAME, letter_of
from schemas.heads import COLUMN_NUMBER, columns_named, heads_over, row_named
from schemas.tables import ColumnInfo
from schemas.text import squeeze

_FIGURE = re.compile(r"-?\d(?:[,. ]{0,2}\d){2,30}")
_DATED = re.compile(r"(?:19|20)\d\d")
_TITLE = re.compile(r".*(表|:.*)")
"""What stands over the heads: a title, who prints the form, its unit."""
_LABEL = re.compile(r"项目|单位|.*(科目|名称|编码|代码|类别)")
_LEVEL = re.compile("[类款项]")
_CODE = re.compile(".*(编码|代码)")
_PRINTED_CODE = re.compile(r"\d{3}(\d\d){0,2}|\d{6}")
_NAME = re.compile("项目|.*(科目|名称|类别)")
Path = tuple[tuple[str, ...], tuple[str, ...]]
"""Squeezed texts of heads, outermost first: those that may span several columns, and the lines of the column's own."""


class _Page(NamedTuple):
    """The lines over the first figure and those from it on, and the columns of these: of words, and of figures."""

    heads: Sequence[Sequence[Field]]
    body: Sequence[Sequence[Field]]
    words: Set[int]
    figures: Set[int]


def names_of(
    lines: Iterable[Lines], shape: Shape, orders: Iterable[Sequence[str]], *, final: bool
) -> dict[int, str]:
    """Number of a column → what an answer calls it, of those that their heads name: its letter, `A`, or that of a code
    or of a name, where the form has no sides.

    In a form whose columns are rows of the table the key of the row stands before it, `vehicles.A`. None of a form of
    several blocks one below the other, each with heads of its own.
    `lines`: the fields of head and source; `final`: they are of a final account. `orders`: names of all columns of
    figures, from left to right, for columns without heads.
    """
    if any(map(shape.keys, shape.sides)):
        return {}
    page = _page_of([fields for text in lines for fields in text if fields])
    heads = [[field for field in row if not COLUMN_NUMBER.match(squeeze(field.text))] for row in page.heads]
    paths = {
        column: _paths(column, heads) for column in sorted({field.column for row in heads for field in row})
    }
    names = _in_order(page, paths.keys(), orders)
    if not names and (keys := shape.keys(None)) and not page.words:
        letters = {key: letter_of(at) for at, key in enumerate(shape.columns)}
        return _names_of_rows(paths, keys, letters, final=final)
    names = names or _lettered(page, paths, shape, final=final)
    if shape.sides:
        return names  # There the marks tell the sides apart.
    levels = {field.column for row in page.heads for field in row if _LEVEL.fullmatch(field.text)}
    labels = dict.fromkeys(levels, CODE) | _labelled(page, paths, names.keys())
    if not (labels or shape.table.named_by):
        labels = _by_cells(page)
    return labels | names


def naming_of(shape: Shape) -> list[str]:
    """What an answer calls the columns of texts where one of them names a row, the most specific first.

    None of a form with sides: there answers give other texts too.
    """
    if shape.sides or not shape.table.named_by:
        return []
    columns = list(shape.columns)
    texts = [key for key in columns if shape.is_text(key, None)]
    return [letter_of(columns.index(key)) for key in dict.fromkeys((*shape.table.named_by, *texts))]


def _page_of(rows: Sequence[Sequence[Field]]) -> _Page:
    first = next((at for at, row in enumerate(rows) if any(map(_is_figure, row))), len(rows))
    body = rows[first:]
    worded = Counter(field.column for row in body for field in row if field.worded)
    filled = Counter(field.column for row in body for field in row)
    words = {column for column, number in filled.items() if 2 * worded[column] > number}
    heads = [row for row in rows[:first] if not all(_TITLE.fullmatch(squeeze(field.text)) for field in row)]
    return _Page(heads[-MOST_HEADS:], body, words, filled.keys() - words)


def _lettered(
    page: _Page, paths: Mapping[int, Sequence[Path]], shape: Shape, *, final: bool
) -> dict[int, str]:
    """The letters of columns, by their heads."""
    letters = {key: letter_of(at) for at, key in enumerate(shape.columns)}
    infos = {key: info for key, info in shape.row.column_infos().items() if final or key not in STAGES}
    panels: list[dict[int, list[list[str]]]] = [{}]
    for column, read in paths.items():
        named = [_named(path, infos) for path in read]
        fit = [
            [key for key in keys if column not in (page.figures if infos[key].text else page.words)]
            for keys in named
        ]
        if any(fit):
            panels[-1][column] = fit
        elif column in page.words or any(_LABEL.fullmatch(own[-1]) for _, own in read):
            panels.append({})  # The next panel, or the other side: it may have the same columns.
    return {column: letters[key] for panel in panels for column, key in _settled(panel).items()}


def _labelled(page: _Page, paths: Mapping[int, Sequence[Path]], named: Set[int]) -> dict[int, str]:
    """The columns of codes and of names, by their heads, where there is but one before those of figures."""
    found: dict[int, str] = {}
    for figures, run in groupby(sorted(paths), key=named.__contains__):
        heads = {column: {text for _, own in paths[column] for text in own} for column in run}
        codes = [column for column, own in heads.items() if any(map(_CODE.fullmatch, own))]
        texts = [c for c, own in heads.items() if c in page.words and any(map(_NAME.fullmatch, own))]
        if not figures:
            found |= dict.fromkeys(codes if len(codes) == 1 else (), CODE)
            found |= dict.fromkeys(texts if len(texts) == 1 else (), NAME)
    return found


def _by_cells(page: _Page) -> dict[int, str]:
    """The column of names, if there is but one of words, and that of codes before it."""
    if len(page.words) != 1:
        return {}
    (name,) = page.words
    first = {field.column: field.text for row in page.body for field in row if field.column < name}
    return {name: NAME} | {column: CODE for column, text in first.items() if _PRINTED_CODE.fullmatch(text)}


def _in_order(page: _Page, headed: Set[int], orders: Iterable[Sequence[str]]) -> dict[int, str]:
    """The first order that has a name for each figure behind the words, where none has a head and all rows have as
    many, side by side."""
    figures = {column for column in page.figures if column > max(page.words, default=-1)}
    filled = {tuple(field.column for field in row if field.column in figures) for row in page.body}
    filled.discard(())
    columns = filled.pop() if len(filled) == 1 and headed.isdisjoint(figures) else ()
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
