"""`gouji eval annotate`: a reviewed document becomes a case with gold."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from worker.cli.console import Json, out, print_json, stop
from worker.cli.stored import DOC_HELP, find, load, opened

if TYPE_CHECKING:
    from evals.cases import GoldTable
    from schemas import Finding
    from worker.export.flatten import Listed
    from worker.pipeline import Extraction

_SETTLED = ("accepted", "corrected", "empty")
_COLUMNS = ("tables", "check", "scope", "statement", "left", "right", "difference", "tolerance", "cells")


def annotate(
    doc: Annotated[str, typer.Argument(metavar="DOC", help=DOC_HELP, show_default=False)],
    folder: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder that takes corpus/NAME.txt and gold/NAME.csv.",
            show_default=False,
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            metavar="BODY-YEAR-STAGE",
            help="Name of the case; by default that of the file, or what the document says of itself.",
            show_default=False,
        ),
    ] = None,
    tables: Annotated[
        Literal["all", "accepted"],
        typer.Option(help="“accepted” leaves out tables that are not settled, instead of refusing."),
    ] = "all",
    force: Annotated[bool, typer.Option("--force", help="Replace a case of that name.")] = False,
    as_json: Json = False,
) -> None:
    """Make a case of a reviewed document: its text, and its tables as gold that is held to its own arithmetic."""
    from evals.real import write_case
    from worker.export.flatten import listed, title_of

    with opened() as store:
        extraction = load(store, find(store.list_documents(), doc))
    document = extraction.document
    every = list(listed(extraction))
    kept = [item for item in every if item.verdict.status in _SETTLED]
    left = [f"{x.chunk.id}  {x.verdict.status}  {title_of(x)}" for x in every if x not in kept]
    # What a person rejected is settled too, and is no gold.
    waiting = sum(item.verdict.status not in (*_SETTLED, "rejected") for item in every)
    if waiting and tables == "all":
        stop(
            f"{document.name}: {waiting} of {len(every)} tables are not settled; settle them at the review desk, or "
            "leave them out with --tables accepted",
            more=left,
        )
    if not kept:
        stop(f"{document.name}: no table of it is settled", more=left)
    case = name or _name_of(extraction)
    if Path(case).name != case:
        stop(f"--name {case}: is no name of a file")
    taken = [
        path for path in (folder / "corpus" / f"{case}.txt", folder / "gold" / f"{case}.csv") if path.exists()
    ]
    if taken and not force:
        stop(f"{taken[0]} exists; replace it with --force, or give the case another --name")
    gold = [_gold_of(item) for item in kept]
    if alike := _alike(gold):
        stop(
            f"{document.name}: gold cannot tell rows apart that follow one another under one name",
            more=alike,
        )
    files = [*write_case(folder, case, document.text, gold)]
    failed = _contradictions(kept)
    files += _write_contradictions(folder / "gold" / f"{case}.contradictions.csv", failed)
    if as_json:
        print_json(
            {
                "name": case,
                "files": [str(path) for path in files],
                "tables": len(kept),
                "left_out": left,
                "contradictions": [finding.statement for finding in failed],
            }
        )
        return
    lines = [f"{case}: {len(kept)} tables, {len(failed)} contradictions", *map(str, files)]
    lines += [f"left out: {line}" for line in left]
    lines += [f"does not add up: {finding.statement}" for finding in failed]
    for line in lines:
        out().print(line, markup=False, soft_wrap=True)


def _name_of(extraction: Extraction) -> str:
    """The name of the file where it says all, else what the document says, else the name of the file all the same."""
    from evals.real import NAMED

    stem, facts = Path(extraction.document.name).stem, extraction.facts
    if NAMED.fullmatch(stem) or not (facts.unit_name and facts.year and facts.stage):
        return stem
    return f"{facts.unit_name.replace('/', '_')}-{facts.year}-{facts.stage}"


def _gold_of(item: Listed) -> GoldTable:
    from evals.cases import GoldRow, GoldTable
    from schemas.text import fold

    rows = []
    for row in item.table.rows if item.table and item.verdict.status != "empty" else ():
        cells = {
            column: f"{cell.amount.value:f}" if cell.amount else fold(cell.text)
            for column, cell in row.cells()
        }
        if cells:
            rows.append(GoldRow(side=row.side or "", code=row.code or "", name=row.name, cells=cells))
    return GoldTable(kind=item.kind, ordinal=item.ordinal, rows=tuple(rows))


def _alike(gold: Sequence[GoldTable]) -> list[str]:
    """Rows that a file of cells cannot part from the row before: of the same name, with other columns.

    In prose that makes no difference: what is said of one subject in two places is one claim.
    """
    from evals.metrics.compared import PROSE

    return [
        f"{table.kind} {table.ordinal}: {before.name or before.code or before.side}"
        for table in gold
        if table.kind != PROSE
        for before, row in zip(table.rows, table.rows[1:], strict=False)
        if (before.side, before.code, before.name) == (row.side, row.code, row.name)
        and next(iter(row.cells)) not in before.cells
    ]


def _contradictions(kept: Sequence[Listed]) -> list[Finding]:
    """What does not hold among the tables of a case, by themselves and between them."""
    from worker.reconcile import reconcile

    tables = {item.chunk.id: item.table for item in kept if item.table}
    return [finding for finding in reconcile(tables) if finding.status == "failed"]


def _write_contradictions(path: Path, failed: Sequence[Finding]) -> list[Path]:
    """The file, none where there is nothing to list."""
    from worker.export.flatten import check_rows

    path.unlink(missing_ok=True)
    if not failed:
        return []
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(_COLUMNS)
        lines.writerows([getattr(row, column) for column in _COLUMNS] for row in check_rows(failed, ""))
    return [path]
