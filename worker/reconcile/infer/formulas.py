"""Formulas that a table prints in its headers and labels: 3=1+2, C = A - B, (4)=(2)+(3), III = I - II, 5=3×4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.text import normalise
from worker.reconcile.infer.axis import Axis
from worker.reconcile.infer.claims import Claim
from worker.reconcile.nesting import clean_code

# What a printed formula is worth in bits: its terms printed beside the lines, or only counted.
_TAGGED, _COUNTED = 14.0, 8.0

_REF = (
    r"[(（\[【]?(?:行|栏|第|line|col\.?)?(\d{1,3}|[A-Z]|[IVX]{1,5}|[一二三四五六七八九十]{1,3})[行栏)）\]】]?"
)
_TERM = re.compile(rf"([-+])?{_REF}", re.IGNORECASE)
_SUM = rf"{_REF}(?:[-+]{_REF})+".replace("(\\d", "(?:\\d")
_EQUATION = re.compile(rf"(?<![\w.]){_REF}=({_SUM})(?![\w.])", re.IGNORECASE)
_ASIDE = re.compile(rf"[(（\[=]({_SUM})[)）\]]?$", re.IGNORECASE)
_TAG = re.compile(
    r"^[(（\[]?(\d{1,3}|[A-Z]|[IVX]{1,5}|[一二三四五六七八九十]{1,3})(?:[)）\].、:：]|\s|$)|[(（\[]([A-Z]|\d{1,2}|[IVX]{1,5})[)）\]]$",
    re.IGNORECASE,
)
_SIGNS = str.maketrans({"＋": "+", "－": "-", "−": "-", "–": "-", "＝": "=", "加": "+", "减": "-"})


class Formula(NamedTuple):
    """What a label states: its own tag ("" where it says none) = Σ sign · tag."""

    line: int
    tag: str
    terms: tuple[tuple[str, int], ...]


def formulas(axis: Axis) -> Iterator[Claim]:
    """The sums that labels state, as claims; those whose terms are not found are left out."""
    found = [formula for line in range(len(axis.lines)) if (formula := formula_of(line, axis.names[line]))]
    if not found:
        return
    tags = _tags(axis, found)
    counted = _counted(axis, found)
    for formula in found:
        for known, prior in ((tags, _TAGGED), (counted, _COUNTED)):
            parts = [(known[tag], sign) for tag, sign in formula.terms if tag in known]
            if len(parts) < len(formula.terms) or formula.line in {line for line, _ in parts}:
                continue
            weight = axis.weigh(formula.line, parts, range(len(axis.places)))
            if weight.holds + weight.fails:
                yield Claim(formula.line, tuple(parts), "formula", prior, weight)
                break


def formula_of(line: int, label: str) -> Formula | None:
    """The sum that a label states, if any."""
    text = re.sub(r"\s*([-+=])\s*", r"\1", normalise(label).translate(_SIGNS)).strip()
    if match := _EQUATION.search(text):
        return Formula(line, _tag(match[1]), _terms(match[2]))
    if match := _ASIDE.search(text):
        return Formula(line, "", _terms(match[1]))
    return None


def _terms(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((_tag(match[2]), -1 if match[1] == "-" else 1) for match in _TERM.finditer(text))


def _tag(text: str) -> str:
    return text.upper().lstrip("0") or "0"


def _tags(axis: Axis, found: Sequence[Formula]) -> dict[str, int]:
    """Tag → line, by what is printed beside the lines; a tag that stands twice is none."""
    tags: dict[str, list[int]] = {}
    for line, name in enumerate(axis.names):
        own = axis.lines[line]
        code = clean_code(axis.grid.rows[own].code) if isinstance(own, int) else ""
        match = _TAG.search(name.strip())
        for tag in {_tag(text) for text in (code, *(match.groups() if match else ())) if text}:
            tags.setdefault(tag, []).append(line)
    for formula in found:
        if formula.tag:
            tags[formula.tag] = [formula.line]
    return {tag: lines[0] for tag, lines in tags.items() if len(lines) == 1}


def _counted(axis: Axis, found: Sequence[Formula]) -> dict[str, int]:
    """Tag → line by counting lines from one whose formula says its own number."""
    order: Sequence[int | str] = range(len(axis.grid.rows))
    if axis.turned:
        order = axis.grid.table.columns
    at = {name: place for place, name in enumerate(order)}
    shifts = {
        at[axis.lines[f.line]] - int(f.tag) for f in found if f.tag.isdigit() and axis.lines[f.line] in at
    }
    if len(shifts) != 1:
        return {}
    shift = shifts.pop()
    return {str(at[name] - shift): line for line, name in enumerate(axis.lines) if name in at}
