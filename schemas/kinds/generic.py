"""Any other table, in any language: columns under their printed headers."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.registry import kind
from schemas.rules import Inferred
from schemas.tables import Row, Table


@kind
class Generic(Table[Row]):
    """A table of no known kind; all its columns are extras under the header as printed."""

    titles: ClassVar = ()
    rules: ClassVar = (
        Inferred("formulas", "formulas"),
        Inferred("row_sums", "rows"),
        Inferred("column_sums", "columns"),
        Inferred("balance", "balance"),
        Inferred("running_balance", "running"),
        Inferred("products", "products"),
        Inferred("shares", "shares"),
        Inferred("ratios", "ratios"),
        Inferred("growth", "growth"),
    )

    kind: Literal["generic"] = "generic"
