"""`gouji extract`: files in, tables out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from worker.cli.console import OK, SOME_FAILED, Json, err, hint, out, print_json, say
from worker.cli.exporting import Formats, export_records, formats_of

if TYPE_CHECKING:
    from worker.batch import Outcome
    from worker.store import DocumentRecord, Progress, Store

_REASONS = 2
_NOTES = 5
_GAINED = 10
ReaderChoice = Literal["layout", "llm", "both"]


def extract(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files, archives, folders with all below them, patterns in quotes ('2023/**/*.pdf'), "
            "and URLs (s3://bucket/2023/*.pdf).",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", show_default=False, help="Folder to export to."),
    ] = None,
    reader: Annotated[
        ReaderChoice | None,
        typer.Option("--reader", help="Who reads; by default what GOUJI_READERS says.", show_default=False),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            "--manifest",
            metavar="FILE",
            help="CSV of further files: path, and if wanted name, batch, priority.",
            show_default=False,
        ),
    ] = None,
    formats: Formats = "csv",
    again: Annotated[bool, typer.Option("--again", help="Read anew what was read before.")] = False,
    as_json: Json = False,
) -> None:
    """Read documents and check them; write what was found to a folder.

    A document that was read before under the same settings is taken from the store.
    """
    from worker.batch import process
    from worker.settings import load_settings
    from worker.store import Store

    if not paths and not manifest:
        raise typer.BadParameter("Missing argument: give files, or a --manifest", param_hint="PATH")
    chosen = formats_of(formats)
    settings = load_settings(readers=reader)
    with Store.open(settings) as store:
        with _progress() as (report, pages):
            outcomes = process(
                paths or [], store, settings, report, again=again, pages=pages, manifest=manifest
            )
        records = _unique(outcomes)
        files = export_records(store, records, folder, chosen) if folder else []
        asked = settings.readers != "layout"
        silent = _silent_readers(store, outcomes) if asked else Counter()
        gained = _by_the_model(store, records) if asked else []
    failed = [outcome for outcome in outcomes if outcome.error]
    if silent:
        said = "; ".join(reason for reason, _ in silent.most_common(_REASONS))
        say(f"a reader brought nothing {silent.total()} times: {said}", "yellow")
    for outcome in outcomes:
        for note in _shortened(outcome.notes):
            say(f"not read: {outcome.place}: {note}", "yellow")
    for outcome in failed:
        say(f"failed: {_place(outcome)}", "red")
    if as_json:
        print_json(_as_data(outcomes, records, folder, files))
    else:
        _summarise(outcomes, records, folder, files)
        _say_gained(gained, settings.model or "")
    raise typer.Exit(SOME_FAILED if failed else OK)


def _silent_readers(store: Store, outcomes: Sequence[Outcome]) -> Counter[str]:
    """Why readers brought nothing for tables of the documents just read: reason → tables."""
    read = [outcome.document_id for outcome in outcomes if outcome.read and not outcome.error]
    return Counter(
        reason for each in read for told in store.load_read(each).problems.values() for reason in told
    )


def _by_the_model(store: Store, records: Sequence[DocumentRecord]) -> list[str]:
    """The accepted tables for which the model's reading stands, though layout has one too."""
    from worker.export.flatten import listed, title_of

    found = []
    for record in records:
        if record.status != "done":
            continue
        extraction = store.load_extraction(record.id)
        for item in listed(extraction):
            standing, count = extraction.standing.get(item.chunk.id), len(extraction.readings[item.chunk.id])
            if standing and standing.reader == "llm" and count > 1 and item.verdict.status == "accepted":
                found.append(f"{record.name} {item.chunk.id} {title_of(item)}")
    return found


def _shortened(notes: Sequence[str]) -> list[str]:
    from worker.export.plain import as_printed

    left = len(notes) - _NOTES
    more = [f"and {left} more, see gouji show"] if left > 0 else []
    return [*map(as_printed, notes[:_NOTES]), *more]


def _place(outcome: Outcome) -> str:
    """The error, with the path in front where it does not name the file itself."""
    from worker.export.plain import as_printed

    named = outcome.error.startswith((outcome.place, outcome.place.rpartition("/")[2]))
    return as_printed(outcome.error if named else f"{outcome.place}: {outcome.error}")


def _unique(outcomes: Sequence[Outcome]) -> list[DocumentRecord]:
    """One record a document, by name: the same file may have been given twice."""
    records = {outcome.document_id: outcome.record for outcome in outcomes}
    return sorted(records.values(), key=lambda record: (record.name, record.sha256 or ""))


@contextmanager
def _progress() -> Iterator[tuple[Callable[[Progress], None], Callable[[str, int, int], None]]]:
    """Bars for documents, tables and the pages of a file while there is someone to see them."""
    if not err().is_terminal:
        yield lambda _: None, lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = TextColumn("{task.description:<9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bars(*columns, console=err(), transient=True) as bars:
        documents = bars.add_task("documents", total=None)
        tables = bars.add_task("tables", total=None)
        pages = bars.add_task("pages", total=None, visible=False)

        def report(state: Progress) -> None:
            bars.update(documents, completed=state.closed, total=state.closed + state.open)
            bars.update(tables, completed=state.done, total=state.total)
            bars.update(pages, visible=False)

        def report_pages(_file: str, done: int, total: int) -> None:
            bars.update(pages, completed=done, total=total, visible=True)

        yield report, report_pages


def _summarise(
    outcomes: Sequence[Outcome], records: Sequence[DocumentRecord], folder: Path | None, files: Sequence[Path]
) -> None:
    from worker.cli.lists import document_grid

    if records:
        out().print(document_grid(records, out().width))
    known = sum(not outcome.read and not outcome.error for outcome in outcomes)
    if known:
        say(
            f"{known} of {len(outcomes)} were read before and are taken from the store; --again reads them anew."
        )
    if folder:
        out().print(f"\nExported {len(files)} files to {folder}", markup=False)
    else:
        hint("gouji export --out DIR writes the tables to files.")
    hint("gouji show DOC lists the tables of a document, gouji findings DOC its contradictions.")


def _say_gained(gained: Sequence[str], model: str) -> None:
    """Which tables were accepted because the model read them too."""
    from worker.export.plain import as_printed

    if not gained:
        return
    tables = "1 table" if len(gained) == 1 else f"{len(gained)} tables"
    say(f"\n{tables} accepted as read by the model ({model}), which closes better than as read by layout:")
    for line in gained[:_GAINED]:
        say(f"  {as_printed(line)}")
    if len(gained) > _GAINED:
        say(f"  and {len(gained) - _GAINED} more; column reader of tables.csv")


def _as_data(
    outcomes: Sequence[Outcome], records: Sequence[DocumentRecord], folder: Path | None, files: Sequence[Path]
) -> dict[str, Any]:
    by_id = {record.id: record for record in records}
    return {
        "documents": [_document(outcome, by_id[outcome.document_id]) for outcome in outcomes],
        "out": str(folder) if folder else None,
        "files": [str(path) for path in files],
    }


def _document(outcome: Outcome, record: DocumentRecord) -> dict[str, Any]:
    return {
        "path": outcome.place,
        "document": record.name,
        "sha256": record.sha256,
        "status": "failed" if outcome.error else "done",
        "error": outcome.error or None,
        "read": outcome.read,
        "notes": list(outcome.notes),
        "metadata": dict(outcome.metadata),
        "tables": record.tables,
        **{state: record.counts.get(state, 0) for state in ("accepted", "review", "empty", "failed")},
        "contradictions": record.failed,
    }
