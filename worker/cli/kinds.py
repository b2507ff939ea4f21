"""`gouji kinds`: the kinds of tables that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.cli.console import Json, hint, out, print_json

if TYPE_CHECKING:
    from schemas.registry import TableType


def kinds(as_json: Json = False) -> None:
    """List the kinds of tables with their rows and columns, your own ones included."""
    from schemas import kinds as known
    from schemas import load_kinds
    from worker.settings import load_settings

    folder = load_settings().kinds_folder
    if folder:
        load_kinds(folder)
    described = [_described(name, model) for name, model in known().items()]
    if as_json:
        print_json(described)
        return
    from rich.text import Text

    from worker.cli.lists import simple_grid

    grid = simple_grid("kind", "table and row", "columns")
    grid.columns[0].no_wrap = True
    for entry in described:
        name = f"{entry['kind']}\n(yours)" if entry["own"] else entry["kind"]
        sides = f" Sides: {', '.join(entry['sides'])}." if entry["sides"] else ""
        what = Text.assemble(entry["description"], "\n", (f"{entry['row']}{sides}", "dim"))
        grid.add_row(name, what, ", ".join(entry["columns"]) or "as printed")
    out().print(grid)
    if not folder:
        hint("Add your own in a folder named by GOUJI_KINDS_FOLDER; see docs/kinds.md.")


def is_own(model: TableType) -> bool:
    """Whether a kind comes from the folder that GOUJI_KINDS_FOLDER names."""
    return model.__module__.startswith("gouji_user_kinds.")


def _described(name: str, model: TableType) -> dict[str, Any]:
    row = model.row_type()
    return {
        "kind": name,
        "description": model.description or _first_line(model.__doc__),
        "row": _first_line(row.__doc__),
        "sides": list(model.sides),
        "columns": list(row.column_infos()),
        "rules": [rule.id for rule in model.rules],
        "own": is_own(model),
    }


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]
