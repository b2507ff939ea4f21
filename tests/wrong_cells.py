"""A wrong cell as runs keep it: what was read, what is true, and its line of the source."""

from __future__ import annotations

from evals.metrics import WrongCell

WRONG = WrongCell(
    fault="wrong",
    code="201",
    name="一般公共服务支出",
    column="total",
    gold="6901.75",
    got="6907.15",
    line=12,
    source="201\t一般公共服务支出\t6,907.15\t20.00",
)
