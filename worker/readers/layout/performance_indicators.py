"""The indicators of a performance table: lines → rows, rows → columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from schemas import Cell, canonical_name, fold, squeeze
from schemas.kinds.performance import PerformanceRow
from worker.readers.layout.performance_align import Column, align
from worker.readers.layout.performance_levels import HALF, spread
from worker.readers.layout.performance_words import (
    INDICATOR_COLUMNS,
    PREFIX,
    SIDE,
    Token,
    may_contain,
    role_of,
)
from worker.readers.layout.places import Places

_LEVELS = ("level1", "level2")
_TEXTS = (*_LEVELS, "level3", "target", "actual", "reason")
_FIGURES = ("weight", "score")
_VALUES = ("compared", "number", "quantity")
_HEADER_TAIL = re.compile(
    r"(指标|标值|成值|值|度指标值|数|及?改进?措?施?|进?措施|施|(原因)?分?析.*措施|分析|析及.*|原因.*|(指标)?值|完成值|得?分|因.*)"
)
_REASON = re.compile(r"(偏差|偏离|未完成)(原因|的原因|情况).*")


def columns_of(tokens: Sequence[Token]) -> list[Column]:
    """The columns of a header line of indicators; empty if the line is none."""
    found = [(t, role_of(t.label, INDICATOR_COLUMNS)) for t in tokens]
    roles = {role for _, role in found}
    levels = roles & {"level1", "level2", "level3"}
    if len(levels) < 2 and not ("level3" in roles and "target" in roles):
        return []
    if any(t.shape in ("compared", "sentence") for t, role in found if role is None):
        return []
    columns: list[Column] = []
    block = 0
    last_weight = max((i for i, (_, role) in enumerate(found) if role == "weight"), default=-1)
    first_level3 = next((i for i, (_, role) in enumerate(found) if role == "level3"), -1)
    for i, (token, role) in enumerate(found):
        taken = {c.role for c in columns if c.block == block}
        if role in ("level2", "level3") and "level3" in taken:
            block += 1
            taken = set()
        if role == "weight" and i < first_level3 and last_weight > first_level3:
            role = "check"
        if role is None or (role in taken and role not in ("check", "stage", "sign", "measure")):
            role = "text"
        columns.append(Column(role, token.word, token.column, block))
    return columns


@dataclass
class Indicators:
    """Collects lines under a header and makes typed rows of them.

    `lost` names pieces that found no column; the caller reports them.
    """

    places: Places
    columns: list[Column]
    lines: list[list[Token]] = field(default_factory=list)
    lost: list[Token] = field(default_factory=list)

    def rows(self) -> list[PerformanceRow]:
        """The typed rows in printed order."""
        self.lines = [
            kept for line in self.lines if (kept := [t for t in line if not SIDE.fullmatch(t.word)])
        ]
        self._take_header_tails()
        self._hint_costs()
        rows: list[PerformanceRow] = []
        level: dict[str, Token] = {}
        lines = list(assemble(self.lines, self.columns))
        middle = {key: self._middles(lines, key) for key in _LEVELS}
        for at, tokens in enumerate(lines):
            for block, found in self._blocks(tokens):
                if block == 0:
                    self._follow(level, found)
                    level.update({key: labels[at] for key, labels in middle.items() if labels})
                row = self._row(found, level)
                if row is not None:
                    rows.append(row)
                elif rows and len(tokens) == 1 and not tokens[0].is_level:
                    self._continue(rows[-1], tokens[0], next(iter(found)))
        return rows

    def _middles(self, lines: list[list[Token]], level: str) -> list[Token] | None:
        """The level label of each row where labels stand in the middle of their rows, as the first row shows."""
        plain = all(t.column < 0 for line in lines for t in line)
        if not plain or len(lines) < 2 or any(t.shape == level for t in lines[0]):
            return None
        labels = []
        for at, line in enumerate(lines):
            own = max((t.line for t in line if not t.is_level), default=-1)
            for token in line:
                if token.shape == level:
                    apart = token.line != own and at > 0
                    places = [Fraction(at), at - HALF] if apart else [Fraction(at)]
                    labels.append((places, token))
        return spread(labels, len(lines))

    @property
    def _checks(self) -> set[str]:
        """The further columns that hold points."""
        return {c.header for c in self.columns if c.role == "check"}

    def _hint_costs(self) -> None:
        """成本指标 is of the first level only where the second level tells kinds of cost apart."""
        words = [t.word for line in self.lines for t in line]
        if any(re.match(r"(经济|社会|生态).*成本指标", word) for word in words):
            return
        self.lines = [
            [replace(t, hint="level2") if t.word.startswith("成本指标") else t for t in line]
            for line in self.lines
        ]

    def _take_header_tails(self) -> None:
        while self.lines and self.lines[0][0].column < 0:
            words = [t.word for t in self.lines[0]]
            if not all(_HEADER_TAIL.fullmatch(w) or _REASON.fullmatch(w) for w in words):
                return
            roles = {c.role for c in self.columns}
            if "reason" not in roles and any(_REASON.fullmatch(w) for w in words):
                self.columns.append(Column("reason", words[-1], -1))
            del self.lines[0]

    def _blocks(self, tokens: list[Token]) -> Iterator[tuple[int, dict[str, Token]]]:
        """The pieces of a row by column key, for each side-by-side block."""
        tokens = [t for t in tokens if t.shape != "placeholder"]
        placing, tokens = best_alignment(tokens, self.columns)
        found: dict[int, dict[str, Token]] = {}
        for i, token in enumerate(tokens):
            if i not in placing:
                self.lost.append(token)
                continue
            column = self.columns[placing[i]]
            key = column.role if column.role in (*_TEXTS, *_FIGURES) else column.header
            if column.role != "side":
                found.setdefault(column.block, {}).setdefault(key, token)
        yield from sorted(found.items())

    @staticmethod
    def _follow(level: dict[str, Token], found: dict[str, Token]) -> None:
        """Carry level labels down over merged cells."""
        if "level1" in found:
            level.clear()
            level["level1"] = found["level1"]
        if "level2" in found:
            level["level2"] = found["level2"]
            above = level.get("level1")
            if above and "level1" not in found and not may_contain(above.word, found["level2"].word):
                del level["level1"]

    def _row(self, found: dict[str, Token], level: dict[str, Token]) -> PerformanceRow | None:
        has_value = any(key not in ("level1", "level2", "level3", "reason") for key in found)
        if not has_value and not ("level3" in found and ("level1" in found or "level2" in found)):
            return None
        full = {**level, **found}
        deepest = full.get("level3") or found.get("level2") or full.get("level2") or full.get("level1")
        row = PerformanceRow(side="indicator", name=_name(deepest.text) if deepest else "")
        for key, token in full.items():
            row.put(key, self._cell(key, token))
        row.label = row.level3
        return row

    def _cell(self, key: str, token: Token) -> Cell | None:
        numerals = self.places.numerals(token.start, token.end)
        if (key in _FIGURES or key in self._checks) and len(numerals) == 1:
            return self.places.figure(numerals[0])
        if token.shape == "dash":
            return None
        cell = self.places.text(token.start, token.end)
        return cell if fold(token.text) == cell.text else cell.model_copy(update={"text": fold(token.text)})

    def _continue(self, row: PerformanceRow, token: Token, key: str) -> None:
        """Text alone on its line goes on with a cell of the row above it: that over it, or the one it fits."""
        for column in self.columns:
            if column.place == token.column >= 0 and column.role in _TEXTS:
                key = column.role
        above = row.get(key)
        if any(cell.text.endswith(token.text) for _, cell in row.cells()):
            return  # a page break printed the end of a merged cell again
        if above is None:
            self.lost.append(token)
            return
        self.places.explain(token.start, token.end, "label")
        row.put(key, above.model_copy(update={"text": above.text + token.text}))
        if key == "level3":
            row.name = _name(above.text + token.text)
            row.label = row.level3


def _name(text: str) -> str:
    """The name of an indicator: 指标1: is an ordinal of its form."""
    return canonical_name(PREFIX.sub("", squeeze(text), count=1))


def best_alignment(tokens: list[Token], columns: Sequence[Column]) -> tuple[dict[int, int], list[Token]]:
    """The alignment of a row; words of a line without separators may be one cell, split at a space."""
    placing, score = align(tokens, columns)
    while len(placing) < len(tokens) and any(t.column < 0 for t in tokens):
        tries = []
        for i in range(len(tokens) - 1):
            left, right = tokens[i], tokens[i + 1]
            if left.column < 0 and right.column < 0 and not (left.is_level or right.shape == "number"):
                joined = replace(left, text=f"{left.text} {right.text}", end=right.end)
                merged = [*tokens[:i], joined, *tokens[i + 2 :]]
                tries.append((align(merged, columns), merged))
        if not tries:
            break
        (found, top), merged = max(tries, key=lambda t: t[0][1])
        if top <= score:
            break
        placing, score, tokens = found, top, merged
    return placing, tokens


def assemble(lines: Sequence[list[Token]], columns: Sequence[Column]) -> Iterator[list[Token]]:
    """Rows out of lines. Separated lines are rows; in others, text around a line with values belongs to it."""
    plain: list[list[Token]] = []
    for line in lines:
        if line[0].column < 0:
            plain.append(line)
            continue
        yield from _gather(plain, columns)
        plain = []
        yield line
    yield from _gather(plain, columns)


def _gather(lines: list[list[Token]], columns: Sequence[Column]) -> Iterator[list[Token]]:
    anchors = [i for i, line in enumerate(lines) if _is_anchor(line)]
    if not anchors:
        yield from lines
        return
    has_reason = any(c.role == "reason" for c in columns)
    heads = [lines[: anchors[0]]]
    tails: list[list[list[Token]]] = []
    for here, there in pairwise(anchors):
        between = lines[here + 1 : there]
        cut = _cut(lines[here], between, lines[there], len(heads[-1]), has_reason)
        tails.append(between[:cut])
        heads.append(between[cut:])
    tails.append(lines[anchors[-1] + 1 :])
    for at, head, tail in zip(anchors, heads, tails, strict=True):
        yield _join(head, lines[at], tail, has_reason)


def _is_anchor(line: list[Token]) -> bool:
    free = [t for t in line if not t.is_level]
    if any(t.shape in _VALUES for t in line):
        return True
    return len(free) >= 3 or (len(free) == 2 and free[0].word == free[1].word)


def _own_name(line: list[Token]) -> bool:
    """Whether a line with values begins with a name of its own."""
    free = [t for t in line if not t.is_level]
    return len(free) > 1 and free[0].shape in ("text", "sentence", "bare1", "bare2")


def _cut(
    above: list[Token], between: list[list[Token]], below: list[Token], heads: int, has_reason: bool
) -> int:
    """How many of the lines between two lines with values belong to the upper one."""
    best, at = float("-inf"), 0
    rows = [above, *between, below]
    for cut in range(len(between) + 1):
        score = 0.0
        if cut == len(between) and between and not _own_name(below):
            score -= 3
        for k in range(1, len(rows)):
            close = rows[k][0].line - rows[k - 1][0].line == 1
            if k - 1 != cut:  # inside one row
                score += 1 if close else -0.5
        if cut and not has_reason and _own_name(above):
            score -= 1
        if cut and between[cut - 1][-1].word.endswith(("。", ".")):
            score += 1
        if cut == heads:
            score += 0.8
        if (
            cut
            and has_reason
            and above[-1].shape in ("text", "sentence")
            and above[-2:-1]
            and above[-2].shape == "number"
        ):
            score += 1  # the reason of the upper row goes on
        score -= 2 * sum(t.is_level for line in between[:cut] for t in line)
        if score > best:
            best, at = score, cut
    return at


def _join(
    head: list[list[Token]], anchor: list[Token], tail: list[list[Token]], has_reason: bool
) -> list[Token]:
    levels = [t for line in head for t in line if t.is_level]
    name = [t for line in head for t in line if not t.is_level]
    rest = list(anchor)
    while rest and rest[0].is_level:
        levels.append(rest.pop(0))
    after = [t for line in tail for t in line if not t.is_level]
    named = _own_name(anchor)
    if named and (name or not has_reason):
        name.append(rest.pop(0))
    wrapped = bool(not named and name and after) and len(after) <= len(head) and after[-1].word[-1] != "。"
    if after and (not has_reason or wrapped):
        name.extend(after)
        after = []
    row = [*levels]
    if name:
        row.append(_one(name))
    row.extend(rest)
    if after:
        row.append(_one(after))
    return row


def _one(tokens: list[Token]) -> Token:
    """Fragments of one cell as one piece; its place is their whole extent where nothing stands between."""
    first, last = tokens[0], tokens[-1]
    whole = all(0 <= b.start - a.end <= 4 for a, b in pairwise(tokens))
    ordered = sorted(tokens, key=lambda t: t.start)
    text = "".join(t.text for t in ordered)
    if len(tokens) == 1:
        return first
    return replace(first, text=text, start=ordered[0].start, end=last.end if whole else first.end)
