"""What a recognition sees is a little off: boxes are uneven, words split or joined, ruling lines in pieces."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from tests.drawn import Drawing, composed, sheets, table_rows
from worker.ingest.page import Rule, Seen, Sheet

WIDTHS = (70.0, 190.0, 90.0, 90.0)
ROWS = (
    ("科目编码", "科目名称", "合计", "基本支出"),
    ("201", "一般公共服务支出", "2,106.66", "1,503.52"),
    ("20106", "财政事务", "2,106.66", "1,503.52"),
    ("2010601", "行政运行", "1,511.89", ""),
    ("2080505", "机关事业单位基本养老\n保险缴费支出", "160.75", "160.75"),
    ("208", "社会保障和就业支出", "326.72", "326.72"),
    ("", "合计", "2,433.38", "1,830.24"),
)
CELLS = [[cell.replace("\n", "") for cell in row] for row in ROWS]


def page(*, ruled: bool) -> Sheet:
    drawing = Drawing()
    rows = ROWS if ruled else [row for row in ROWS if "\n" not in row[1]]
    drawing.table(60, 100, WIDTHS, rows, rules="all" if ruled else "none")
    return sheets(drawing.pdf())[0]


def uneven(sheet: Sheet, chance: random.Random) -> Sheet:
    """The sheet with every edge of a box moved by up to a tenth of its height, and the page askew by 0.2 degrees."""

    def moved(word: Seen) -> Seen:
        x0, top, x1, bottom = word.box
        by = [chance.uniform(-0.1, 0.1) * (bottom - top) for _ in range(4)]
        askew = x0 * 0.0035
        return word._replace(
            box=(x0 + by[0], top + by[1] + askew, x1 + by[2], bottom + by[3] + askew), score=0.9
        )

    return sheet.model_copy(update={"words": tuple(map(moved, sheet.words))})


def split(sheet: Sheet, chance: random.Random) -> Sheet:
    """The sheet with labels in two words each, at a place by chance."""

    def parts(word: Seen) -> list[Seen]:
        if len(word.text) < 3 or not word.text[0].isalpha():
            return [word]
        x0, top, x1, bottom = word.box
        at = chance.randrange(1, len(word.text))
        x = x0 + (x1 - x0) * at / len(word.text)
        return [Seen(word.text[:at], (x0, top, x, bottom)), Seen(word.text[at:], (x, top, x1, bottom))]

    return sheet.model_copy(update={"words": tuple(part for word in sheet.words for part in parts(word))})


def in_pieces(sheet: Sheet, chance: random.Random) -> Sheet:
    """The sheet with gaps in its ruling lines, some of which stop short of the corner, and some drawn twice."""
    rules: list[Rule] = []
    for rule in sheet.rules:
        across = rule.x1 - rule.x0 > rule.bottom - rule.top
        low, high = (rule.x0, rule.x1) if across else (rule.top, rule.bottom)
        cuts = sorted([low + chance.uniform(0, 2), *(chance.uniform(low, high) for _ in range(2)), high])
        off = chance.uniform(-0.8, 0.8)
        for a, b in pairwise(cuts):
            piece = (
                (a, rule.top + off, b - 1, rule.bottom + off)
                if across
                else (rule.x0 + off, a, rule.x1 + off, b - 1)
            )
            rules.append(Rule(*piece))
    return sheet.model_copy(update={"rules": tuple(rules)})


@pytest.mark.parametrize("seed", range(8))
def test_a_ruled_table_is_read_from_uneven_boxes_and_broken_lines(seed: int) -> None:
    chance = random.Random(seed)
    sheet = in_pieces(split(uneven(page(ruled=True), chance), chance), chance)
    assert table_rows(composed([sheet])) == CELLS


@pytest.mark.parametrize("seed", range(8))
def test_a_table_without_lines_is_read_from_uneven_boxes(seed: int) -> None:
    chance = random.Random(seed)
    sheet = split(uneven(page(ruled=False), chance), chance)
    assert table_rows(composed([sheet])) == [row for row in CELLS if len(row[1]) < 12]


def test_boxes_of_a_page_that_was_levelled_are_told_as_it_is_shown() -> None:
    sheet = page(ruled=True).model_copy(update={"skew": 1.0})
    document = composed([sheet])
    assert table_rows(document) == CELLS
    first = min(sheet.words, key=lambda word: word.box[1])
    assert document.words[0].box != first.box
    assert document.words[0].box in {sheet.shown(word.box) for word in sheet.words}
