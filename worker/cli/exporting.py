"""`gouji export`: the files of an export out of the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from worker.cli.console import OK, SOME_FAILED, Json, out, print_json, stop
from worker.cli.stored import documents, opened

if TYPE_CHECKING:
    from worker.store import DocumentRecord, Store

Formats = Annotated[
    str,
    typer.Option(
        "--format", "-f", help="csv, json, xlsx, parquet: one or several with commas; csv is always there."
    ),
]


def formats_of(text: str) -> set[str]:
    """The formats that a `--format` names; ends the command for an unknown one."""
    from worker.export import FORMATS

    wanted = {part.strip().lower() for part in text.split(",") if part.strip()}
    if unknown := sorted(wanted - set(FORMATS)):
        stop(f"--format {', '.join(unknown)}: unknown; choose from {', '.join(FORMATS)}")
    return wanted


def export_records(
    store: Store, records: list[DocumentRecord], folder: Path, formats: set[str]
) -> list[Path]:
    """Export what is done and what failed among `records`, in the order of their names."""
    from worker.export import Failure
    from worker.export import export as write

    done = (store.load_extraction(record.id) for record in records if record.status == "done")
    failures = [
        Failure(record.name, record.sha256 or "", record.error or "failed")
        for record in records
        if record.status == "failed"
    ]
    return write(done, folder, formats, failures)


def export(
    folder: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write to.", show_default=False)
    ],
    doc: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOC",
            help="As for show; all documents if none is named.",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option("--batch", "-b", help="The documents of this batch.", show_default=False),
    ] = None,
    formats: Formats = "csv",
    as_json: Json = False,
) -> None:
    """Write documents, tables, cells and checks to files."""
    chosen = formats_of(formats)
    if batch is not None:
        if doc:
            raise typer.BadParameter("documents and a batch: give one or the other", param_hint="--batch")
        _export_batch(batch, folder, chosen, as_json=as_json)
    with opened() as store:
        records = documents(store, doc or ())
        files = export_records(store, records, folder, chosen)
    waiting = [record.name for record in records if record.status not in ("done", "failed")]
    failed = [record.name for record in records if record.status == "failed"]
    if as_json:
        print_json(
            {"out": str(folder), "files": [str(path) for path in files], "failed": failed, "waiting": waiting}
        )
    else:
        done = len(records) - len(failed) - len(waiting)
        out().print(f"{done} documents, {len(files)} files in {folder}", markup=False)
        for name in failed:
            out().print(f"failed: {name} (see documents.csv)", markup=False)
        for name in waiting:
            out().print(f"not read yet: {name}", markup=False)
    raise typer.Exit(SOME_FAILED if failed or waiting else OK)


def _export_batch(batch: str, folder: Path, formats: set[str], *, as_json: bool) -> NoReturn:
    """The same for a batch, whose documents are not held in memory; failed ones are told in documents.csv."""
    from worker.export import export as write
    from worker.exporting import Contents

    with opened() as store:
        store.list_batches(batch)
        contents = Contents(store, batch)
        files = write(contents.extractions(), folder, formats, contents.failures())
    if as_json:
        counts = {"documents": contents.done, "failed": contents.failed, "waiting": contents.waiting}
        print_json({"out": str(folder), "batch": batch, "files": len(files), **counts})
    else:
        out().print(f"{contents.done} documents, {len(files)} files in {folder}", markup=False)
        if contents.failed:
            out().print(f"failed: {contents.failed} documents (see documents.csv)", markup=False)
        if contents.waiting:
            out().print(f"not read yet: {contents.waiting} documents", markup=False)
    raise typer.Exit(SOME_FAILED if contents.failed or contents.waiting else OK)
