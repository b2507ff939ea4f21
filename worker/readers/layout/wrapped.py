"""Labels broken over lines: a coded row's name may begin on the line before it or end on the line after it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from schemas import Chunk
from schemas.lexicon import lookup
from schemas.text import split_ordinal, squeeze
from worker.readers.layout.align import display_width
from worker.readers.layout.records import Record, Text

_GOES_ON = re.compile(r"(?:\b(?:and|or|of|for|to|the|in|on|by|from|with|net)|[&,/-])$", re.IGNORECASE)
_TOTAL = re.compile(r"^(?:(?:本年|当年)(?:收入|支出)?|收入|支出|收支)(?:合计|总计)$")
_SHORT = 4
"""Characters that a piece at the end of a name has at most, where nothing else tells that it is one."""
_INDENT = 4
"""Blanks by which a name is set in at most."""
_WORD = re.compile(r"[^\W\d_a-zA-ZÀ-ɏ]|\S+")  # an ideograph, or all up to the next blank


def mend_labels(records: Sequence[Record], apart: Sequence[Record]) -> list[Record]:
    """The records with broken labels joined; pieces that were used are no records any more.

    `apart` are texts above the first and below the last row, which may be pieces too.

    Only printed pieces are joined, never text of the lexicon: it merely says which joining is a name of the code.
    A code that it does not know takes the piece before it only where nothing else stands beside the code.
    """
    ordered = sorted([*records, *apart], key=lambda r: (r.line, r.label.start if r.label else -1))
    used: set[int] = set()
    for i, record in enumerate(ordered):
        if not record.codes:
            continue
        before = ordered[i - 1] if i and i - 1 not in used and _piece(ordered[i - 1], record, -1) else None
        after = ordered[i + 1] if i + 1 < len(ordered) and _piece(ordered[i + 1], record, 1) else None
        choice = _choose(record, before, after)
        if choice is None:
            continue
        taken, label = choice
        if taken:
            _relabel(record, label)
        used.update(k for k in (i - 1, i + 1) if 0 <= k < len(ordered) and ordered[k] in taken)
    return [r for i, r in enumerate(ordered) if i not in used and not any(r is a for a in apart)]


def _relabel(record: Record, label: Text) -> None:
    record.texts = [label if text is record.label else text for text in record.texts]
    record.label = label


def _piece(record: Record, beside: Record, step: int) -> bool:
    """Whether a record is nothing but text on the line next to another."""
    if record.codes or record.values or record.label is None or split_ordinal(record.label.text)[0]:
        return False
    return record.line - beside.line == step


def _choose(
    record: Record, before: Record | None, after: Record | None
) -> tuple[tuple[Record, ...], Text] | None:
    own = record.label
    entry = lookup(record.code or "")
    options = [
        tuple(r for r in (before if a else None, record, after if b else None) if r is not None and r.label)
        for a, b in ((False, False), (True, False), (False, True), (True, True))
    ]
    if entry is not None:
        for parts in options:
            text = "".join(squeeze(r.label.text) for r in parts if r.label)
            if text in entry.names:
                return tuple(r for r in parts if r is not record), _joined(parts)
    if own is None and before is not None and before.label is not None:
        return (before,), before.label
    return None


def _joined(parts: Sequence[Record]) -> Text:
    labels = [r.label for r in parts if r.label]
    return Text("".join(t.text for t in labels), labels[0].start, labels[-1].end)


def join_broken(records: Sequence[Record], chunk: Chunk) -> tuple[list[Record], list[str]]:
    """(records of separated lines with labels joined that go on in the next row, what stays doubtful).

    A label goes on where it fills its column, so that the next word would not have fitted, and where the words
    say so: the next one is written small, an ordinal begins the first and not the second, or ideographs fill the
    column time and again. In a table of no known kind it is doubtful otherwise.
    """
    generic = chunk.kind in (None, "generic")
    own = {i: _width(record, chunk) for i, record in enumerate(records)}
    widths: dict[int, int] = {}
    for i, record in enumerate(records):
        widths[record.block] = max(widths.get(record.block, 0), own[i])
    full = {
        i: j
        for i, record in enumerate(records)
        if (j := _next(records, i)) is not None and _fills(record, own[i], records[j], widths[record.block])
    }
    filled = Counter(r.block for i, r in enumerate(records) if own[i] >= max(1, widths[r.block] - 3))
    joined: set[int] = set()
    doubts = []
    for i, j in full.items():
        first, second = records[i].label, records[j].label
        if first is None or second is None:
            continue
        limited = filled[records[i].block] > 2 and len(full) > 1
        goes_on = _goes_on(first.text, second.text, limited=limited, listed=not records[i].values)
        if not goes_on or (records[i].values and j in full):  # what follows the figures begins the next name
            listed = split_ordinal(first.text)[0] and len(second.text) <= _SHORT
            # In letters a name begins with a capital.
            begins = second.text[:1].isupper()
            if listed if records[i].values else generic and not begins:
                doubts.append(f"{first.text}: may go on in {second.text}")
            continue
        if not generic and not split_ordinal(first.text)[0] and len(second.text) > _SHORT:
            doubts.append(f"{first.text}: may end here, or go on in {second.text}")
        space = " " if re.search(r"[A-Za-z,&]$", first.text) else ""
        label = Text(first.text + space + second.text, first.start, second.end, second.column)
        whole, piece = (i, j) if records[i].values else (j, i)
        _relabel(records[whole], label)
        joined.add(piece)
    return [r for i, r in enumerate(records) if i not in joined], doubts


def _next(records: Sequence[Record], i: int) -> int | None:
    """The next row of the same block, where that or this one holds a name and nothing else."""
    record = records[i]
    found = next((j for j in range(i + 1, len(records)) if records[j].block == record.block), None)
    if found is None or (record.values and (records[found].values or records[found].code)):
        return None
    return found if record.label and (record.values or not record.code) else None


def _fills(record: Record, own: int, following: Record, width: int) -> bool:
    if not record.label or not following.label or following.code:
        return False
    headings = (record, following) if record.values else (record,)
    if any(r.label and r.label.text.endswith((":", "：")) for r in headings):
        return False
    if split_ordinal(following.label.text)[0] or _TOTAL.match(squeeze(following.label.text)):
        return False
    if max(0, record.label.column) != max(0, following.label.column):  # -1: alone on its line
        return False
    word = _WORD.match(following.label.text)
    blank = not re.search(r"[^\x00-\x7f]$", record.label.text)
    return word is not None and own + blank + display_width(word.group()) > width


def _width(record: Record, chunk: Chunk) -> int:
    """The width of a label, in the first block with the blanks that set it in: elsewhere they end a column."""
    if record.label is None:
        return 0
    before = chunk.slice(max(chunk.start, record.label.start - _INDENT - 1), record.label.start)
    indent = len(before) - len(before.rstrip(" "))
    return display_width(record.label.text) + (indent if record.block == 0 and indent <= _INDENT else 0)


def _goes_on(first: str, second: str, *, limited: bool, listed: bool) -> bool:
    if re.search(r"[^\x00-\x7f]$", first):
        return limited or (listed and bool(split_ordinal(first)[0]))
    return second[:1].islower() or bool(_GOES_ON.search(first))
