"""A kind in words: what a model needs to know of its columns, sides and names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import NamedTuple

from prompts.wire.base import Shape, shape_of, signed_by_words


class ColumnText(NamedTuple):
    """A column in words: its key, how headers name it, the spanning header above it, and what it holds."""

    key: str
    headers: str
    groups: str
    holds: str


class KindText(NamedTuple):
    """A kind in words."""

    kind: str
    description: str
    sides: tuple[str, ...]
    columns: tuple[ColumnText, ...]
    keys: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    named_by: tuple[str, ...]


def describe_kind(kind: str | None) -> KindText:
    """The kind in words; the generic one for None."""
    shape = shape_of(kind)
    return KindText(
        shape.kind,
        shape.table.description or inspect.cleandoc(shape.table.__doc__ or ""),
        shape.sides,
        tuple(_column(shape, key) for key in shape.columns),
        tuple(
            (side, tuple((key, readable(pattern)) for key, pattern in shape.table.keys[side].items()))
            for side in shape.table.keys
        ),
        shape.table.named_by,
    )


def _column(shape: Shape, key: str) -> ColumnText:
    info = shape.row.column_infos()[key]
    holds = "text" if info.text else "figure, negative for a fall" if signed_by_words(key) else "figure"
    headers = " / ".join(filter(None, map(readable, info.aliases)))
    groups = " / ".join(filter(None, map(readable, info.groups)))
    return ColumnText(key, headers, groups, holds)


_REWRITES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"\(\?[a-z]+\)", ""),  # flags
    (r"\\d(\{[\d,]+\}|[+*])?", "#"),
    (r"\\\(", "（"),
    (r"\\\)", "）"),
    (r"\\(.)", r"\1"),
    (r"\[([^\]]*)\]", lambda match: f"({'/'.join(match[1])})"),
    (r"\.(\*|\+|\{[\d,]*\})", "…"),
    (r"[\^$]", ""),
    (r"(\w|[（）“”\"'])\?", r"[\1]"),
)


def readable(pattern: str) -> str:
    """A pattern of header words as manuals write it: `(上年)?结转(收入|资金)` → `[上年]结转(收入/资金)`."""
    text = pattern
    for search, replacement in _REWRITES:
        text = re.sub(search, replacement, text)
    while (found := re.sub(r"\(([^()]*)\)[?*]", r"[\1]", text)) != text:
        text = found
    return text.replace("|", "/")
