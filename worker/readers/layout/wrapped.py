"""Labels broken over lines: a coded row's name may begin on the line before it or end on the line after it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.lexicon import lookup
from schemas.text import split_ordinal, squeeze
from worker.readers.layout.records import Record, Text


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
    return Text("".join(t.text for t in labels), labels[0].start, labels[-1].end, labels[0].column)
