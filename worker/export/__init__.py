"""Extractions → the files of an export: CSV, typed tables as JSON, text; on request a workbook or Parquet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from schemas import ConfigError
from worker.export.csvs import CsvFiles
from worker.export.flatten import Listed, cell_rows, check_rows, document_row, listed, table_row
from worker.export.package import Descriptor, earlier_files
from worker.export.plain import Names, as_printed
from worker.export.rows import DocumentRow, ExportRow
from worker.pipeline import Extraction

__all__ = ["FORMATS", "Failure", "export", "failed_row", "unknown_formats", "write_into"]

FORMATS = ("csv", "json", "xlsx", "parquet")
"""What an export can hold: csv always; json adds everything known of a document, every reading included."""


class Failure(NamedTuple):
    """A document that could not be read: its name, its digest if it could be opened, and why."""

    document: str
    sha256: str
    error: str


class _Sink(Protocol):
    def add(self, row: ExportRow) -> None: ...
    def draw(self, item: Listed, extraction: Extraction, document: str) -> None: ...
    def close(self) -> None: ...


def export(
    extractions: Iterable[Extraction],
    out: Path,
    formats: Collection[str] = ("csv",),
    failures: Iterable[Failure] = (),
) -> list[Path]:
    """Write the export into the folder `out`; returns its files, sorted.

    The order of rows follows the order of `extractions`; failures come last. What an earlier export left
    in the folder and this one does not write again is removed. Nothing is touched until everything is
    written. Raises ConfigError for an unknown format or a folder that cannot be written to.
    """
    if unknown := unknown_formats(formats):
        raise ConfigError(f"unknown format: {', '.join(unknown)}; choose from {', '.join(FORMATS)}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        # Inside `out`, so that moving a file into place is one rename.
        stage = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
    except OSError as error:
        raise ConfigError(
            f"{out}: cannot be written to ({error.strerror}); name another folder for the export"
        ) from error
    try:
        write_into(stage, extractions, formats, failures)
        return _put_in_place(stage, out)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def unknown_formats(formats: Iterable[str]) -> list[str]:
    """Those that are not of `FORMATS`, sorted."""
    return sorted(set(formats) - set(FORMATS))


def write_into(
    folder: Path,
    extractions: Iterable[Extraction],
    formats: Collection[str] = ("csv",),
    failures: Iterable[Failure] = (),
) -> None:
    """Write the files of an export into an empty folder, one document at a time; of the others names are held."""
    names, listed_as = Names(), _ListedAs()
    for below in ("tables", "text", *(["extractions"] if "json" in formats else [])):
        (folder / below).mkdir()
    with closing(Descriptor(folder)) as package:
        with ExitStack() as opened:
            sinks = [opened.enter_context(closing(sink)) for sink in _sinks(folder, set(formats))]
            for extraction in extractions:
                source = extraction.document
                file = names.take(source.name, source.sha256)
                write = partial(_write, folder, package)
                if "json" in formats:
                    write(f"extractions/{file}.json", extraction.model_dump_json(indent=1))
                write(f"text/{file}.txt", source.text)
                name = listed_as.take(source.name, source.sha256)
                _write_document(extraction, name, file, write, sinks)
            for failure in failures:
                row = failed_row(failure, listed_as.take(failure.document, failure.sha256))
                for sink in sinks:
                    sink.add(row)
        for path in sorted(folder.iterdir()):
            if path.suffix in {".xlsx", ".parquet"}:
                package.add(path.name)


def _write(folder: Path, package: Descriptor, path: str, text: str) -> None:
    (folder / path).write_text(text, encoding="utf-8", errors="replace", newline="")
    package.add(path)


def _write_document(
    extraction: Extraction,
    document: str,
    file: str,
    write: Callable[[str, str], None],
    sinks: Iterable[_Sink],
) -> None:
    head = document_row(extraction, document, f"text/{file}.txt")
    checks = list(check_rows(extraction.findings, document))
    for sink in sinks:
        sink.add(head)
    for item in listed(extraction):
        path = f"tables/{file}-{item.chunk.id}.json" if item.table else ""
        if item.table:
            write(path, item.table.model_dump_json(indent=1))
        row = table_row(item, extraction, document, path)
        cells = list(cell_rows(item, extraction.document, document, extraction.changes))
        for sink in sinks:
            sink.add(row)
            for cell in cells:
                sink.add(cell)
            sink.draw(item, extraction, document)
    for sink in sinks:
        for check in checks:
            sink.add(check)


def _sinks(stage: Path, formats: set[str]) -> list[_Sink]:
    sinks: list[_Sink] = [CsvFiles(stage)]
    # Both take long to import, and most exports need neither.
    if "xlsx" in formats:
        from worker.export.workbook import Workbook

        sinks.append(Workbook(stage / "gouji.xlsx"))
    if "parquet" in formats:
        from worker.export.parquet import ParquetFiles

        sinks.append(ParquetFiles(stage))
    return sinks


class _ListedAs:
    """Names under which documents are listed: as given, with the digest behind where a name comes again."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, document: str, sha256: str) -> str:
        given = as_printed(document) or "document"
        name, count = given, 1
        while name in self._taken:
            name = f"{given}#{sha256[:8]}" if count == 1 and sha256 else f"{given}#{count + 1}"
            count += 1
        self._taken.add(name)
        return name


def failed_row(failure: Failure, document: str) -> DocumentRow:
    """The row of a document that could not be read, listed as `document`."""
    return DocumentRow(
        document=document,
        sha256=failure.sha256,
        title="",
        unit_name="",
        year=None,
        stage="",
        pages=None,
        tables=0,
        accepted=0,
        review=0,
        status="failed",
        empty=0,
        contradictions=0,
        text_file="",
        error=as_printed(failure.error),
        pages_unread=0,
        notes="",
    )


def _put_in_place(stage: Path, out: Path) -> list[Path]:
    new = sorted(path.relative_to(stage) for path in stage.rglob("*") if path.is_file())
    for name in set(earlier_files(out)) - {path.as_posix() for path in new}:
        old = (out / name).resolve()
        if old.is_relative_to(out.resolve()) and old.is_file():
            old.unlink()
    for path in new:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (stage / path).replace(out / path)
    return [out / path for path in new]
