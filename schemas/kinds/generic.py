"""Any other table, in any language: columns under their printed headers."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.registry import kind
from schemas.rules import CodeHierarchy, GrandTotal
from schemas.tables import Row, Table


@kind
class Generic(Table[Row]):
    """A table of no known kind; all its columns are extras under the header as printed."""

    titles: ClassVar = ()
    rules: ClassVar = (
        CodeHierarchy("hierarchy"),
        GrandTotal("grand_total", r"(?i)合计|总计|总额|(grand)?totals?", every_column=False),
    )

    kind: Literal["generic"] = "generic"
