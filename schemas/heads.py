"""Which declared column a printed head names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from schemas.tables import ColumnInfo

TOTAL_WORD = re.compile(r"^(?:小计|合计|总计|小 计)$")
COLUMN_NUMBER = re.compile(
    r"^(?:[(]?\d{1,2}[)]?(?:[=＝+＋\-－、,][(]?\d{1,2}[)]?)*|\*+|栏次|行次|[甲乙丙丁]|[类款项]+)$"
)
"""1, (1), 1=2+3; with the words over codes: none of these names a column of figures."""
_PLAIN_GROUP = re.compile(r"^(?:本年)?(?:收入|支出)(?:预算|决算)?$|^项目$|^一般公共预算支出$|^金额$")


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


def _named(text: str, info: ColumnInfo) -> bool:
    return any(alias and re.fullmatch(alias, text) for alias in info.aliases)
