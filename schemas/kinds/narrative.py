"""情况说明: what the prose claims in figures."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.registry import kind
from schemas.tables import Money, Row, Table, column


class ClaimRow(Row):
    """One claim; `name` is its subject. Percentages are the printed number, so 12.5% is 12.5.

    `year` is the year that the claim is of and `compared_year` that of the figure that its change is measured against,
    where the prose names them. `part_of` is the number of the row whose amount this one is a part of, by words such
    as 其中; `topic` the project that the paragraph speaks of. Beside the declared columns stand `budget_amount` (the
    budget named with a final figure) and `previous_amount` (the figure that a change is measured against).
    """

    amount: Money = column(r"金额")
    unit: Money = column(r"单位", text=True)
    change_amount: Money = column(r"增减额")
    change_percent: Money = column(r"增减率")
    share_percent: Money = column(r"占比")
    completion_percent: Money = column(r"完成率")
    year: int | None = None
    compared_year: int | None = None
    part_of: int | None = None
    topic: str = ""


@kind
class NarrativeFacts(Table[ClaimRow]):
    """The claims of one section of prose, one row a claim, in reading order.

    A fall (减少, 下降) is a negative change.
    """

    titles: ClassVar = ()

    kind: Literal["narrative_facts"] = "narrative_facts"
