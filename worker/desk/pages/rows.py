"""Tables of rows that stay as they are while others come, go and change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nicegui import ui

Row = dict[str, Any]


class Column(NamedTuple):
    """A column: its label, its width in percent, the class of its head, and what its head says to who points at it."""

    label: str
    width: int
    classes: str = ""
    about: str = ""


class Rows(ui.element, component="static/rows.js"):
    """Rows, each with an `id` of its own.

    `body` is the template of one: a `tr` that knows the row as `row` and what is `said` in every row. All text of
    rows is data: the template shows it as text.
    """

    def __init__(
        self, label: str, columns: Sequence[Column], body: str, said: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.classes("rows")
        self.props.update(
            {
                "label": label,
                "columns": [column._asdict() for column in columns],
                "body": body,
                "said": dict(said or {}),
                "rows": [],
            }
        )

    def show(self, rows: Sequence[Row]) -> None:
        """Show these, in this order."""
        self.props["rows"] = list(rows)
