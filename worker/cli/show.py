"""`gouji show`: documents, the tables of one, or a table with its doubtful cells."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.console import Json, hint, out, print_json, say, stop
from worker.cli.stored import DOC_HELP, documents, find_table, load, opened

if TYPE_CHECKING:
    from worker.export.flatten import Listed
    from worker.pipeline import Extraction
    from worker.store import DocumentRecord, Store


def show(
    doc: Annotated[
        str | None,
        typer.Argument(metavar="DOC", help=DOC_HELP, show_default=False),
    ] = None,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="Id (t03), kind, or a piece of the title; all for every table.",
            show_default=False,
        ),
    ] = None,
    page: Annotated[
        int | None, typer.Option("--page", metavar="N", help="Draw a page of DOC.", show_default=False)
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option("--image", metavar="FILE", help="The PNG to draw it to.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw a table with its doubtful cells and findings.

    Without TABLE: the tables of a document. Without DOC: the documents in the store. With --page and --image:
    a page as it looks, its cells framed.
    """
    with opened() as store:
        if page is not None or image is not None:
            _draw_page(store, doc, page, image)
            return
        if doc is None:
            _list_documents(documents(store, ()), as_json)
            return
        [record] = documents(store, [doc])
        extraction = load(store, record)
    from worker.export.flatten import listed

    tables = list(listed(extraction))
    if table is None:
        _list_tables(extraction, tables, record.name, as_json)
        return
    chosen = tables if table == "all" else find_table(tables, table)
    if as_json:
        print_json([_as_data(item, extraction) for item in chosen])
        return
    from worker.cli.draw import draw_table

    for number, item in enumerate(chosen):
        if number:
            out().rule(style="dim")
        for part in draw_table(item, extraction, out().width):
            out().print(part)


def _draw_page(store: Store, doc: str | None, page: int | None, image: Path | None) -> None:
    if doc is None or page is None or image is None:
        stop(
            "--page N and --image FILE go together, with a document: gouji show DOC --page 1 --image page.png"
        )
    from worker.cli.picture import save_page

    [record] = documents(store, [doc])
    cells = save_page(store.blobs, load(store, record), page, image)
    say(f"Page {page} of {record.name} in {image}: {cells} cells framed")


def _list_documents(records: list[DocumentRecord], as_json: bool) -> None:
    if as_json:
        print_json([asdict(record) for record in records])
        return
    if not records:
        say("The store is empty; gouji extract PATH fills it.")
        return
    from worker.cli.lists import document_grid, failed_line

    out().print(document_grid(records, out().width))
    for record in records:
        if record.status == "failed":
            out().print(failed_line(record))


def _list_tables(extraction: Extraction, tables: list[Listed], name: str, as_json: bool) -> None:
    from rich.text import Text

    from worker.cli.lists import table_grid
    from worker.export.flatten import document_row, table_row
    from worker.export.plain import as_printed
    from worker.ingest.notes import notes_of

    if as_json:
        head = asdict(document_row(extraction, name, ""))
        print_json(head | {"tables": [asdict(table_row(item, extraction, name, "")) for item in tables]})
        return
    out().print(table_grid(extraction, tables, out().width))
    for note in notes_of(extraction.document):
        out().print(Text(f"not read: {as_printed(note)}", "yellow"))
    hint(f"gouji show {shlex.quote(name)} TABLE draws one of them; all draws every one.")


def _as_data(item: Listed, extraction: Extraction) -> dict[str, Any]:
    from worker.export.flatten import marks, table_row

    name = extraction.document.name
    doubtful = marks(extraction.findings, item.chunk.id, item.verdict)
    return asdict(table_row(item, extraction, name, "")) | {
        "content": item.table.model_dump(mode="json") if item.table else None,
        "doubtful": [{"cell": str(ref), "mark": mark} for ref, mark in sorted(doubtful.items())],
        "findings": [
            finding.model_dump(mode="json")
            for finding in extraction.findings
            if item.chunk.id in finding.tables
        ],
    }
