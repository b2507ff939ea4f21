"""Lines of a form put together again before it is read: broken labels, and forms with one cell a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from worker.readers.layout.performance_align import Column, align
from worker.readers.layout.performance_indicators import columns_of
from worker.readers.layout.performance_words import (
    FUND_COLUMNS,
    GOALS,
    LEVEL,
    TOTAL,
    Token,
    fact_key,
    fund_key,
    role_of,
)

_FIGURE = ("number", "dash")
# What ends a row in a form with one cell a line, and what begins one.
_LAST = ("number", "dash", "quantity", "compared", "text", "sentence")
_FIRST = ("level1", "level2", "bare1", "bare2", "text", "sentence")
_ROW_COST = 2.0


def mend(lines: Sequence[Sequence[Token]]) -> list[list[Token]]:
    """The lines of a form, each with the whole of what stands in it."""
    whole = [list(line) for line in lines if line]
    stacked = sum(len(line) == 1 and line[0].column < 0 for line in whole)
    if stacked > 0.9 * len(whole) and (unstacked := _unstack([t for line in whole for t in line])):
        return unstacked
    return _mend_levels(_mend_labels(whole))


def _mend_labels(lines: list[list[Token]]) -> list[list[Token]]:
    """Labels that are broken over lines as one piece, at the line that holds their figures."""
    done: list[list[Token]] = []
    at = 0
    while at < len(lines):
        line, after = lines[at], lines[at + 1] if at + 1 < len(lines) else []
        figures = all(t.shape in _FIGURE for t in line)
        if done and figures and len(done[-1]) == 1 and len(after) == 1:
            whole = done[-1][0].word + after[0].word
            if _is_label(whole):
                done[-1] = [replace(done[-1][0], text=whole), *line]
                at += 2
                continue
        if done and figures and len(line) > 2 and len(done[-1]) == 1 and fund_key(done[-1][0].label):
            done[-1] = [done[-1][0], *line]
            at += 1
            continue
        if len(after) == 1 and after[0].shape not in _FIGURE:
            for i, token in enumerate(line):
                whole = token.word + after[0].word
                if not _is_label(token.word) and _is_label(whole):
                    line[i] = replace(token, text=whole)
                    at += 1
                    break
        done.append(line)
        at += 1
    return done


def _is_label(word: str) -> bool:
    word = word.strip(":：")
    goal = re.search(r"目标|情况$", word) and GOALS.fullmatch(word)
    return bool(fund_key(word) or fact_key(word) or goal)


def _mend_levels(lines: list[list[Token]]) -> list[list[Token]]:
    """Level labels that are broken over two or three lines without separators: 服务对象满意 | 度指标."""
    for at, line in enumerate(lines):
        for i, token in enumerate(line):
            if token.column >= 0 or token.shape not in ("text", "bare1", "bare2"):
                continue
            word = token.word
            for below in lines[at + 1 : at + 3]:
                piece = next((t for t in below if t.column < 0 and len(t.word) <= 5), None)
                if piece is None or piece.shape not in ("text", "bare1", "bare2"):
                    break
                word += piece.word
                if LEVEL.fullmatch(word):
                    line[i] = replace(token, text=word)
                    below.remove(piece)
                    break
                if not LEVEL.match(word + "指标"):
                    break
    return [line for line in lines if line]


def _unstack(tokens: list[Token]) -> list[list[Token]]:
    """Lines of a form with one cell a line; empty if no header of indicators is found in it."""
    lines: list[list[Token]] = []
    columns: list[Column] = []
    at = 0
    while at < len(tokens):
        size = 0
        if not columns:
            size = _header(tokens, at)
            columns = columns_of(tokens[at : at + size])
        if columns and not size:
            end = next((i for i in range(at, len(tokens)) if TOTAL.fullmatch(tokens[i].label)), len(tokens))
            lines.extend(_rows(tokens[at:end], columns))
            size = 1
            while end + size < len(tokens) and tokens[end + size].shape in _FIGURE:
                size += 1
            lines.extend([t] for t in tokens[end + size :])
            if tokens[end : end + size]:
                lines.append(tokens[end : end + size])
            return lines
        size = size or _pair(tokens, at)
        lines.append(tokens[at : at + size])
        at += size
    return lines if columns else []


def _header(tokens: list[Token], at: int) -> int:
    """How many tokens from `at` on are the header of the indicators; 0 if none begins there."""
    for size in range(12, 3, -1):
        if len(columns_of(tokens[at : at + size])) == size:
            found = columns_of(tokens[at : at + size])
            if all(c.role != "text" for c in found):
                return size
    return 0


def _pair(tokens: list[Token], at: int) -> int:
    """How many tokens from `at` on belong together: a label with its figures or its value, a funds header."""
    token = tokens[at]
    size = 1
    if fund_key(token.label):
        while at + size < len(tokens) and tokens[at + size].shape in _FIGURE:
            size += 1
        return size
    if fact_key(token.label):
        follows = tokens[at + 1] if at + 1 < len(tokens) else None
        return 2 if follows and not (fact_key(follows.label) or fund_key(follows.label)) else 1
    while at + size < len(tokens) and _heads_funds(tokens[at + size].label):
        size += 1
    return size if size > 2 and _heads_funds(token.label) else 1


def _heads_funds(word: str) -> bool:
    return role_of(word, FUND_COLUMNS) is not None and fund_key(word) is None


def _rows(tokens: list[Token], columns: Sequence[Column]) -> list[list[Token]]:
    """The rows that a run of cells is cut into so that they fit the columns best."""
    best: list[tuple[float, int]] = [(0.0, -1)] + [(float("-inf"), -1)] * len(tokens)
    ends = [i for i in range(1, len(tokens) + 1) if i == len(tokens) or _between(tokens[i - 1], tokens[i])]
    starts = [0, *ends]
    for end in ends:
        for start in starts:
            if start < end <= start + len(columns) and best[start][0] > float("-inf"):
                score = best[start][0] + align(tokens[start:end], columns)[1] - _ROW_COST
                if score > best[end][0]:
                    best[end] = (score, start)
    rows: list[list[Token]] = []
    end = len(tokens)
    while end > 0 and best[end][1] >= 0:
        rows.insert(0, tokens[best[end][1] : end])
        end = best[end][1]
    return rows


def _between(left: Token, right: Token) -> bool:
    return left.shape in _LAST and right.shape in _FIRST
