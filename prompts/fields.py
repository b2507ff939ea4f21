"""The cells of a line by the number of their column: blank ones need not be counted by who reads it."""

from __future__ import annotations

import re

_RANGES = ((1, 20, "①"), (21, 35, "㉑"), (36, 50, "㊱"))
_MARKS = {
    number: chr(ord(first) + number - low) for low, high, first in _RANGES for number in range(low, high + 1)
}
_USED = frozenset(_MARKS.values())


def numbered(*texts: str) -> list[str]:
    """Texts with a mark before each filled cell of lines that are set with tabs or strokes, `①201 ②国防支出 ④18.00`.

    All is left as it is where a text uses such marks itself; a line also where it has more cells than there are.
    """
    if any(_USED & set(text) for text in texts):
        return list(texts)
    return ["\n".join(map(_numbered, text.split("\n"))) for text in texts]


def _numbered(line: str) -> str:
    cells = _cells(line)
    if not 1 < len(cells) <= len(_MARKS):
        return line
    filled = [(number, cell.strip()) for number, cell in enumerate(cells, start=1)]
    return " ".join(_MARKS[number] + cell for number, cell in filled if cell)


def _cells(line: str) -> list[str]:
    """The cells of a line; the line alone if nothing stands between them but blanks."""
    if "\t" in line:
        return line.split("\t")
    if re.match(r"\s*\|.*\|\s*$", line):
        return line.strip()[1:-1].split("|")
    return [line]
