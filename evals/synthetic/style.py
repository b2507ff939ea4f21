"""How a province or a city sets its forms: drawn once per document."""

from __future__ import annotations

from typing import Literal, NamedTuple

from evals.synthetic.dice import Dice
from evals.synthetic.figures import Figures, Zero
from schemas.source import Stage

Codes = Literal["one", "three"]
Numbers = Literal["", "plain", "formulas"]
_ZEROS: tuple[Zero, ...] = ("0", "", "-")


class Style(NamedTuple):
    """The habits of a publisher.

    `lines` prints 行次 or 序号; `numbers` numbers the columns below the header, with formulas or without;
    `all_classes` lists every class of expenditure in the summaries; `years` splits a budget into this year's money
    and what is carried over; `by_unit` gives income by unit instead of by function; `by_use` sets a third
    panel of expenditure by use. `exact` money prints without rounding. `forms` makes the number of a form,
    `head` is where it stands among the lines above; `contents`, `headings` and `notes` stand before the tables,
    above each and below each.
    """

    stage: Stage
    table: Figures
    prose: Figures
    codes: Codes = "one"
    lines: bool = False
    numbers: Numbers = ""
    all_classes: bool = False
    total_first: bool = True
    indent: bool = False
    years: bool = False
    by_unit: bool = False
    by_use: bool = False
    exact: bool = False
    deepest: int = 7
    forms: str = ""
    head: int = 0
    year_in_title: bool = False
    percent_decimals: int = 1
    performance: bool = False
    contents: bool = False
    headings: bool = False
    notes: bool = False

    @property
    def step(self) -> int:
        """The least step of true amounts, in cents: a printed unit where sums are forced to add up, else one."""
        return self.table.step if self.exact else 1


def draw(family: str, dice: Dice) -> Style:
    """A style of a family."""
    style = _FAMILIES[family](dice)
    return style._replace(
        head=dice.choose((0, 0, 0, 1, 1, 2, 2, 3)),
        year_in_title=dice.chance(25),
        percent_decimals=dice.choose((1, 2, 2)),
        indent=dice.chance(30),
        exact=style.exact or dice.chance(20),
        contents=dice.chance(50),
        headings=dice.chance(40),
        notes=dice.chance(40),
        prose=_prose_figures(style.prose, dice),
    )


def _prose_figures(figures: Figures, dice: Dice) -> Figures:
    """The figures of the prose: nearly always 万元, in rare cases another unit than that of the tables."""
    unit, decimals = dice.choose([("万元", 2)] * 18 + [("亿元", 4), ("千元", 1)])
    return figures._replace(unit=unit, decimals=decimals)


def _figures(dice: Dice, unit: str = "万元", zero: Zero = "") -> Figures:
    decimals = {"元": dice.choose((2, 2, 0)), "千元": dice.choose((0, 2))}.get(unit, 2)
    return Figures(unit, decimals, dice.chance(55), zero)


def _final_lines(dice: Dice) -> Style:
    return Style(
        "final",
        _figures(dice, zero=dice.choose(_ZEROS[:2])),
        Figures(),
        lines=True,
        numbers="plain",
        forms=dice.choose(("公开{:02d}表", "财决公开{:02d}表", "公开 {:02d} 表")),
        performance=dice.chance(50),
    )


def _final_three_codes(dice: Dice) -> Style:
    return Style(
        "final",
        _figures(dice),
        Figures(),
        codes="three",
        all_classes=True,
        total_first=dice.chance(40),
    )


def _final_formulas(dice: Dice) -> Style:
    return Style(
        "final",
        _figures(dice, dice.choose(("万元", "万元", "千元", "元")), dice.choose(_ZEROS)),
        Figures(separators=dice.chance(30)),
        codes=dice.choose(("one", "three")),
        lines=dice.chance(60),
        numbers="formulas",
        all_classes=dice.chance(50),
        forms=dice.choose(("公开{:02d}表", "表{}", "决算{:02d}表")),
    )


def _budget_years(dice: Dice) -> Style:
    return Style(
        "budget",
        _figures(dice),
        Figures(),
        lines=dice.chance(60),
        all_classes=True,
        years=True,
        by_unit=True,
        forms=dice.choose(("预算表{}", "表{}", "")),
        performance=dice.chance(50),
    )


def _budget_zeros(dice: Dice) -> Style:
    return Style(
        "budget",
        _figures(dice, zero=dice.choose(("0", "0", "-"))),
        Figures(),
        numbers=dice.choose(("plain", "")),
        all_classes=dice.chance(70),
        by_unit=dice.chance(50),
        exact=dice.chance(50),
        forms=dice.choose(("预算{:02d}表", "表{}", "")),
    )


def _budget_yuan(dice: Dice) -> Style:
    return Style(
        "budget",
        _figures(dice, "元"),
        Figures(separators=dice.chance(60)),
        codes=dice.choose(("three", "three", "one")),
        total_first=False,
        deepest=dice.choose((7, 7, 7, 5)),
    )


def _budget_three_up(dice: Dice) -> Style:
    return Style(
        "budget",
        _figures(dice, dice.choose(("万元", "万元", "元"))),
        Figures(),
        all_classes=dice.chance(70),
        by_use=True,
        forms=dice.choose(("公开{:02d}表", "表{}", "附表{}")),
    )


_FAMILIES = {
    "final_lines": _final_lines,
    "final_three_codes": _final_three_codes,
    "final_formulas": _final_formulas,
    "budget_years": _budget_years,
    "budget_zeros": _budget_zeros,
    "budget_yuan": _budget_yuan,
    "budget_three_up": _budget_three_up,
}
FAMILIES = tuple(_FAMILIES)
"""The families of departmental budgets and final accounts."""
