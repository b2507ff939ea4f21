"""The typed table as a grid: AG Grid with cells that show figure, print and state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from schemas.text import squeeze
from worker.desk.pages.table.figures import Spot, shown, spot_from
from worker.desk.pages.table.naming import Naming
from worker.desk.pages.text import Words
from worker.review import GridCell, GridRow, TableView

_MARKS = {
    "closed": "✓",
    "suspect": "‼",
    "doubtful": "!",
    "unbound": "○",
    "changed": "✎",
    "text": "",
    "blank": "",
}
"""What tells the states apart without a colour."""
_LABEL = "label"
_ROW_HEIGHT = 42
_FEW_COLUMNS = 8
_NARROW_FROM = 5
_WORDS_WIDTH = 88
_LEAST_WIDTH, _MOST_WIDTH = 84, 150


class Grid:
    """The grid of one table. `on_select` gets the cell that has the focus, `on_edit` what was typed into which."""

    def __init__(
        self,
        table: TableView,
        words: Words,
        naming: Naming,
        *,
        editable: bool,
        on_select: Callable[[Spot], Any],
        on_edit: Callable[[Spot, str], Any],
    ) -> None:
        self._words = words
        self._naming = naming
        self._table = table
        self._on_select = on_select
        self._on_edit = on_edit
        self._sent = {row["id"]: row for row in map(self._row, table.rows)}
        options = {
            "columnDefs": self._columns(editable),
            "rowData": list(self._sent.values()),
            ":getRowId": "row => row.data.id",
            "rowHeight": _ROW_HEIGHT,
            "headerHeight": 38,
            "readOnlyEdit": True,
            "stopEditingWhenCellsLoseFocus": True,
            "suppressDragLeaveHidesColumns": True,
            "suppressMovableColumns": True,
            "suppressCellFocus": False,
            "animateRows": False,
            "rowBuffer": 12,
            "overlayNoRowsTemplate": f"<span>{words('grid.empty')}</span>",
            "localeText": {"ariaLabelGrid": words("grid.label")},
        }
        self.element = ui.aggrid(options, theme="quartz", auto_size_columns=False).classes("desk-grid")
        self.element.props["aria-label"] = words("grid.label")
        self.element.on("cellFocused", self._focused, js_handler=_FOCUSED)
        self.element.on("cellEditRequest", self._edited, ["newValue", "colId", "rowId"])

    def _columns(self, editable: bool) -> list[dict[str, Any]]:
        table = self._table
        label: dict[str, Any] = {
            "colId": _LABEL,
            "headerName": self._words("grid.row"),
            "pinned": "left",
            "width": 230 if len(table.columns) <= _NARROW_FROM else 200,
            ":cellRenderer": "desk.label",
            ":valueGetter": "row => row.data.name",
            ":getQuickFilterText": "row => `${row.data.code} ${row.data.name} ${row.data.printed}`",
            ":cellClassRules": "desk.classes",
            "sortable": False,
        }
        found = [label]
        few = len(table.columns) <= _FEW_COLUMNS
        for number, column in enumerate(table.columns):
            least = self._width(number)
            width = {"flex": 1, "minWidth": least} if few else {"width": least}
            found.append(
                {
                    "colId": str(number),
                    "headerName": self._naming.column(column),
                    "headerTooltip": self._naming.column(column),
                    "wrapHeaderText": True,
                    "autoHeaderHeight": True,
                    "editable": editable,
                    "sortable": False,
                    ":cellRenderer": "desk.figure",
                    ":valueGetter": f"row => row.data.cells[{number}].typed",
                    ":getQuickFilterText": f"row => desk.sought(row.data.cells[{number}])",
                    ":cellClassRules": "desk.classes",
                    "cellClass": "desk-words" if column.text else "desk-figure",
                    "headerClass": "" if column.text else "desk-figure-header",
                    **width,
                }
            )
        return found

    def _width(self, number: int) -> int:
        """How wide a column must be, in pixels: figures fit, words go on in a second line."""
        table = self._table
        if len(table.columns) <= _NARROW_FROM:
            return 118
        if table.columns[number].text:
            return _WORDS_WIDTH
        longest = max((len(shown(row.cells[number])) for row in table.rows), default=0)
        return min(max(_LEAST_WIDTH, 46 + 8 * longest), _MOST_WIDTH)

    def _row(self, row: GridRow) -> dict[str, Any]:
        name = self._naming.row(row)
        return {
            "id": str(row.index),
            "code": row.code,
            "name": name,
            "side": self._words.or_else(f"side.{row.side}", row.side) if row.side else "",
            "printed": row.label if squeeze(row.label) != squeeze(name) else "",
            "cells": [self._cell(cell) for cell in row.cells],
        }

    def _cell(self, cell: GridCell) -> dict[str, Any]:
        told = self._words.or_else(f"state.{cell.state}", cell.state)
        if cell.changed_by:
            before = cell.changed_from or "∅"
            told = self._words("grid.changed", before=before, by=cell.changed_by)
        return {
            "shown": shown(cell),
            "typed": cell.typed,
            "printed": cell.text if cell.value is not None or cell.text != cell.typed else "",
            "state": cell.state,
            "mark": _MARKS[cell.state],
            "told": told if cell.state not in {"text", "blank"} or cell.changed_by else "",
        }

    def show(self, table: TableView) -> None:
        """Bring the grid to another state of the table: only rows that differ are sent."""
        self._table = table
        rows = {row["id"]: row for row in map(self._row, table.rows)}
        changed = [row for key, row in rows.items() if self._sent.get(key) != row]
        gone = [row for key, row in self._sent.items() if key not in rows]
        new = [row for row in changed if row["id"] not in self._sent]
        old = [row for row in changed if row["id"] in self._sent]
        if changed or gone:
            rows_now = json.dumps({"add": new, "update": old, "remove": gone})
            self.element.client.run_javascript(f"desk.update({self.element.id}, {rows_now})")
        self._sent = rows

    def light(self, main: Spot | None, spots: Iterable[Spot], *, reveal: bool) -> None:
        """Light up cells in the grid and at their places in the source; `main` is brought into sight."""
        lit = json.dumps([str(spot) for spot in spots])
        first = json.dumps(str(main) if main else "")
        code = f"desk.light({self.element.id}, {first}, {lit}, {json.dumps(reveal)})"
        self.element.client.run_javascript(code)

    def focus(self, spot: Spot) -> None:
        """Give a cell the focus, the keys then go to it."""
        self.element.run_grid_method("ensureIndexVisible", spot.row)
        self.element.run_grid_method(
            "setFocusedCell", spot.row, str(spot.column) if spot.column >= 0 else _LABEL
        )

    def filter(self, text: str) -> None:
        """Show only rows in which the words occur."""
        self.element.run_grid_method("setGridOption", "quickFilterText", text)

    def _focused(self, event: GenericEventArguments) -> None:
        if spot := spot_from(str(event.args), self._table):
            self._on_select(spot)

    def _edited(self, event: GenericEventArguments) -> Any:
        spot = spot_from(f"r{event.args.get('rowId')}c{event.args.get('colId')}", self._table)
        if spot is None or spot.column < 0:
            return None
        return self._on_edit(spot, str(event.args.get("newValue") or ""))


# The event tells the row as it is shown; under a filter that is not the row of the table.
_FOCUSED = "event => { const at = desk.focused(); if (at) emit(at); }"
