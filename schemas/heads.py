"""Which declared column a printed head names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import regex

from schemas.tables import ColumnInfo
from schemas.text import squeeze

TOTAL_WORD = re.compile(r"^(?:小计|合计|总计|小 计)$")
COLUMN_NUMBER = re.compile(
    r"^(?:[(]?\d{1,2}[)]?(?:[=＝+＋\-－、,][(]?\d{1,2}[)]?)*|\*+|栏次|行次|[甲乙丙丁]|[类款项]+)$"
)
"""1, (1), 1=2+3; with the words over codes: none of these names a column of figures."""
_FOOT = re.compile(r".(?:合计|总计)$")  # 人员经费合计: a row, not the column 人员经费
_YEAR = re.compile(r"^20\d\d年度?")
_PLAIN_GROUP = re.compile(r"^(?:本年)?(?:收入|支出)(?:预算|决算)?$|^项目$|^一般公共预算支出$|^金额$")


def heads_over(column: int, rows: Iterable[Sequence[tuple[int, str]]]) -> list[tuple[int, str]]:
    """The heads over a column, of each line at most one, where heads of several columns begin over the first of them.

    `rows`: (column, text) of the cells of each line, from the uppermost on. A head reaches right to the next cell of
    its own line or of a line above it: there merged cells end when a table is written out with separators.
    """
    found: list[tuple[int, str]] = []
    bounds: list[int] = []
    for row in rows:
        begun = [cell for cell in row if cell[0] <= column]
        if begun and not any(begun[-1][0] < bound <= column for bound in bounds):
            found.append(begun[-1])
        bounds.extend(begins for begins, _ in row)
    return found


def columns_named(path: Sequence[str], infos: Mapping[str, ColumnInfo]) -> list[str]:
    """The declared columns that a head may name, the best first; `path`: its squeezed texts, outermost first."""
    if not path:
        return []
    leaf, groups = path[-1], path[:-1]
    names = [leaf]
    if TOTAL_WORD.match(leaf) and groups and not _PLAIN_GROUP.match(groups[-1]):
        names = [groups[-1], groups[-1] + leaf, leaf]
    elif groups and not _PLAIN_GROUP.match(groups[-1]):
        names = [leaf, groups[-1] + leaf]
    scored: list[tuple[int, int, str]] = []
    for order, (key, info) in enumerate(infos.items()):
        own = names if not info.groups else [leaf]
        rank = next((i for i, name in enumerate(own) if _named(name, info)), None)
        if rank is None:
            continue
        if info.groups and not any(re.fullmatch(g, text) for g in info.groups for text in groups):
            continue
        scored.append((rank - (2 if info.groups else 0), order, key))
    return [key for _, _, key in sorted(scored)]


def row_named(text: str, keys: Mapping[str, str]) -> str | None:
    """The key of the row that a head or a label names, in a form whose rows go by keys; `keys`: key → pattern."""
    name = _YEAR.sub("", squeeze(text))
    return next((key for key, pattern in keys.items() if re.fullmatch(pattern, name)), None)


def _named(text: str, info: ColumnInfo) -> bool:
    return any(alias and re.fullmatch(alias, text) for alias in info.aliases)


def printed_columns(header: Sequence[str], infos: Mapping[str, ColumnInfo]) -> list[str]:
    """The declared columns that the header words of a form without separators name, in canonical order.

    A narrow header is broken over lines: the words are also tried joined, and a word that only begins an
    alias ("其他收" of 其他收入) counts, so that a column is not taken for absent because its name is broken.
    """
    joined = "".join(word for word in header if not _FOOT.search(word))
    found = []
    for key, info in infos.items():
        if info.text:
            continue
        if any(alias and (_word_names(alias, header) or _inside(alias, joined)) for alias in info.aliases):
            found.append(key)
    return found


def _word_names(alias: str, header: Sequence[str]) -> bool:
    return any(
        regex.fullmatch(alias, word, partial=len(word) >= 3) for word in header if not TOTAL_WORD.match(word)
    ) or any(re.fullmatch(alias, word) for word in header)


def _inside(alias: str, joined: str) -> bool:
    """Whether an alias of some length occurs in the joined header."""
    match = re.search(alias, joined)
    return match is not None and len(match.group()) >= 4
