"""Reading of PDFs, their text layer and scans of them, held to gold: `python -m evals.bench.ingest --documents FOLDER`.

For every PDF of the folder with gold by its name (`evals/gold/pdf`): the whole way of a document with the layout
reader, from its text layer and from scans of its pages: clean ones of 200 dpi; degraded ones of 150 dpi, askew by 1°,
noisy and compressed (JPEG, quality 60); poor ones of 60 dpi, bad enough for digits to be misread. Money cells are right
where figure, row and column are. Figures that a scan shows otherwise than the page prints them are counted by page, and
by what became of their tables.

With --peers, pdfplumber extracts tables from the same pages. A figure of the gold counts as *found* there if some cell
parses to exactly it; it is neither typed nor placed. *Found* is counted for gouji too, beside what it is held to.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from pydantic import BaseModel

from evals.cases import Case, GoldTable
from evals.garble.pages import CLEAN, DEGRADED, POOR, Scan, write_scan
from evals.metrics import TableScore, score
from evals.metrics.compared import PROSE
from evals.metrics.matching import number
from evals.real import BUNDLED, gold_of
from schemas import ConfigError, Document
from schemas.numerals import parse_numeral
from worker.ingest import Limits, load
from worker.pipeline import Extraction, extract
from worker.readers import build_readers
from worker.settings import load_settings

GOLD = BUNDLED / "gold" / "pdf"
WAYS: dict[str, Scan | None] = {"text": None, "clean": CLEAN, "degraded": DEGRADED, "poor": POOR}
"""Ways to read a PDF: its text layer, or scans of its pages."""

_PRINTED = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d,]|\.\d)")

Figures = Counter[Decimal]


class Time(BaseModel):
    """Seconds, by the clock and of all processors together, child processes included."""

    wall: float = 0.0
    cpu: float = 0.0


class Misread(BaseModel):
    """Figures that a scan shows otherwise than the page prints them, and what became of them.

    `printed` are the figures of gold on the pages, `misread` those that the recognised text of their page does not
    hold. They stand `caught` in a table that goes to a person or was not found, or `accepted` in one that nobody would
    look at again; the others are in prose.
    """

    printed: int = 0
    misread: int = 0
    caught: int = 0
    accepted: int = 0


class Read(BaseModel):
    """One document read one way.

    Cells and tables are those of the gold that hold money, `blank` its forms without figures. `exact` tables have no
    cell wrong, `accepted_wrong` counts the cells that are not as they should be in accepted tables; a table that is
    in no gold counts there with all its figures, and is named in `others_accepted`.
    """

    document: str
    way: str
    pages: int
    cells: int
    right: int
    wrong: int
    missing: int
    extra: int
    found: int
    tables: int
    accepted: int
    exact: int
    accepted_wrong: int
    blank: int
    blank_right: int
    others_accepted: tuple[str, ...]
    misread: Misread | None
    ingest: Time
    pipeline: Time
    wrong_tables: tuple[TableScore, ...]


class Peer(BaseModel):
    """What another tool found of a document."""

    document: str
    way: str
    tool: str
    pages: int
    cells: int
    found: int
    time: Time


@contextmanager
def clocked() -> Iterator[Time]:
    """The time that a block takes, known when it has ended."""
    spent, wall, cpu = Time(), time.perf_counter(), _cpu()
    yield spent
    spent.wall, spent.cpu = round(time.perf_counter() - wall, 2), round(_cpu() - cpu, 2)


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(pdf: Path, gold: Sequence[GoldTable], way: str, seed: int) -> Read:
    """A PDF read one way. Raises InputError where it cannot be read, ConfigError where OCR is not installed."""
    scan = WAYS[way]
    with TemporaryDirectory() as folder:
        path = pdf
        if scan:
            path = Path(folder) / pdf.name
            write_scan(pdf, path, scan, seed)
        with clocked() as ingest:
            document = load(path, Limits(ocr="always" if scan else "never"))
    readers = build_readers(load_settings(readers="layout"))
    with clocked() as pipeline:
        extraction = extract(document, readers)
    tables = score(_case(pdf, gold), extraction).tables
    money = [table for table in tables if table.in_gold and table.gold_cells]
    blank = [table for table in tables if table.in_gold and not table.gold_cells]
    others = [table for table in tables if not table.in_gold and table.kind != PROSE]
    accepted = [table for table in money if table.accepted]
    return Read(
        document=pdf.stem,
        way=way,
        pages=len(document.page_starts),
        cells=sum(table.gold_cells for table in money),
        right=sum(table.right for table in money),
        wrong=sum(table.wrong for table in money),
        missing=sum(table.missing for table in money),
        extra=sum(table.extra for table in money),
        found=(figures_of(gold) & _figures_read(extraction)).total(),
        tables=len(money),
        accepted=len(accepted),
        exact=sum(table.exact for table in money),
        accepted_wrong=sum(table.errors for table in (*accepted, *others) if table.accepted),
        blank=len(blank),
        blank_right=sum(table.status == "empty" for table in blank),
        others_accepted=tuple(f"{table.kind}: {table.title}" for table in others if table.accepted),
        misread=_misread(pdf, document, gold, money) if scan else None,
        ingest=ingest,
        pipeline=pipeline,
        wrong_tables=tuple(table for table in (*money, *others) if table.errors),
    )


def _case(pdf: Path, gold: Sequence[GoldTable]) -> Case:
    return Case(
        id=pdf.stem, name=pdf.name, body=pdf.stem, family="pdf", tier="real", text="", gold=tuple(gold)
    )


def figures_of(gold: Iterable[GoldTable]) -> Figures:
    """How often the gold holds each figure."""
    values = (value for table in gold for row in table.rows for value in row.cells.values())
    return Counter(figure for value in values if (figure := number(value)) is not None)


def _figures_read(extraction: Extraction) -> Figures:
    cells = (
        cell
        for table in extraction.tables.values()
        if table.kind != PROSE
        for row in table.rows
        for _, cell in row.cells()
    )
    return Counter(cell.amount.value for cell in cells if cell.amount)


def _misread(
    pdf: Path, document: Document, gold: Sequence[GoldTable], tables: Sequence[TableScore]
) -> Misread:
    known = figures_of(gold)
    printed: Figures = Counter()
    misread: Figures = Counter()
    for shown, recognised in zip(_pages_of(pdf), _pages_read(document), strict=True):
        own = Counter({figure: count for figure, count in shown.items() if figure in known})
        printed += own
        misread += own - recognised
    left, fates = Counter(misread), Counter[bool]()
    for table in tables:
        for cell in table.cells:
            figure = number(cell.gold) if cell.gold is not None else None
            if figure is not None and left[figure] > 0:
                left[figure] -= 1
                fates[table.accepted] += 1
    return Misread(
        printed=printed.total(), misread=misread.total(), caught=fates[False], accepted=fates[True]
    )


def _pages_of(pdf: Path) -> Iterator[Figures]:
    """The figures that each page shows, as the PDF library itself gives its text."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            text = page.get_textpage()
            # Some pages hold text beyond their edges. What lies within comes without its line breaks.
            shown = text.get_text_bounded()
            held = Counter(match[0] for match in _PRINTED.finditer(text.get_text_range()))
            yield Counter({_value(figure): min(count, shown.count(figure)) for figure, count in held.items()})
    finally:
        document.close()


def _pages_read(document: Document) -> Iterator[Figures]:
    for start, end in pairwise([*document.page_starts, len(document.text)]):
        yield Counter(_value(match[0]) for match in _PRINTED.finditer(document.text, start, end))


def _value(figure: str) -> Decimal:
    return Decimal(figure.replace(",", ""))


def measure_pdfplumber(pdf: Path, gold: Sequence[GoldTable]) -> Peer:
    """What `extract_tables` finds. Raises ConfigError where pdfplumber is not installed."""
    try:
        import pdfplumber
    except ImportError:
        raise ConfigError(
            "pdfplumber is not installed; pip install pdfplumber, or leave --peers out"
        ) from None
    found: Figures = Counter()
    with clocked() as spent, pdfplumber.open(pdf) as document:
        pages = len(document.pages)
        for page in document.pages:
            for table in page.extract_tables():
                cells = (parse_numeral(cell) for row in table for cell in row if cell)
                found.update(cell.value for cell in cells if cell)
    wanted = figures_of(gold)
    return Peer(
        document=pdf.stem,
        way="text",
        tool="pdfplumber",
        pages=pages,
        cells=wanted.total(),
        found=(wanted & found).total(),
        time=spent,
    )


def summary(reads: Sequence[Read], peers: Sequence[Peer]) -> dict[str, object]:
    """The figures of the benchmark: sums by way, then each document."""
    return {
        "ways": {
            way: _sum([read for read in reads if read.way == way])
            for way in dict.fromkeys(read.way for read in reads)
        },
        "peers": {
            tool: _sum_peer([peer for peer in peers if peer.tool == tool])
            for tool in dict.fromkeys(peer.tool for peer in peers)
        },
        "documents": [read.model_dump(mode="json", exclude={"wrong_tables"}) for read in reads],
        "peer_documents": [peer.model_dump(mode="json") for peer in peers],
    }


_COUNTS = ("cells", "right", "wrong", "missing", "extra", "found", "tables", "accepted", "exact")
_MORE_COUNTS = ("accepted_wrong", "blank", "blank_right", "pages")


def _sum(reads: Sequence[Read]) -> dict[str, object]:
    totals = {name: sum(getattr(read, name) for read in reads) for name in (*_COUNTS, *_MORE_COUNTS)}
    found = [read.misread for read in reads if read.misread]
    misread = {name: sum(getattr(each, name) for each in found) for name in Misread.model_fields}
    return {
        **totals,
        "cells_right": _share(totals["right"], totals["cells"]),
        "tables_accepted": _share(totals["accepted"], totals["tables"]),
        **({"misread": misread} if found else {}),
        **_speeds(
            totals["pages"], {"ingest": [r.ingest for r in reads], "pipeline": [r.pipeline for r in reads]}
        ),
    }


def _sum_peer(peers: Sequence[Peer]) -> dict[str, object]:
    pages, cells, found = (sum(getattr(peer, name) for peer in peers) for name in ("pages", "cells", "found"))
    times = {"extract": [peer.time for peer in peers]}
    return {
        "pages": pages,
        "cells": cells,
        "found": found,
        "cells_found": _share(found, cells),
        **_speeds(pages, times),
    }


def _speeds(pages: int, times: Mapping[str, Sequence[Time]]) -> dict[str, float | None]:
    result: dict[str, float | None] = {}
    for name, spent in times.items():
        wall, cpu = sum(each.wall for each in spent), sum(each.cpu for each in spent)
        result |= {f"{name}_wall_seconds": round(wall, 2), f"{name}_cpu_seconds": round(cpu, 2)}
        result[f"{name}_pages_per_second_per_core"] = round(pages / cpu, 3) if cpu else None
    return result


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _lines(figures: Mapping[str, object], before: str = "") -> Iterator[str]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{before}{name} ")
        elif not isinstance(value, list):
            yield f"{before}{name}: {value}"


def _told(read: Read) -> Iterator[str]:
    """What is wrong in a document, table by table."""
    for table in read.wrong_tables:
        yield (
            f"{read.document} {read.way} {table.kind} {table.ordinal} {table.title!r} {table.status or 'missing'}"
            f"{'' if table.in_gold else ' (not in gold)'}: right {table.right} wrong {table.wrong} missing "
            f"{table.missing} extra {table.extra}; {'; '.join(table.reasons)}"
        )
        for cell in table.cells:
            label = " ".join(filter(None, (cell.side, cell.code, cell.name)))
            yield f"    {cell.fault} {label} {cell.column}: {cell.gold} / {cell.got}  line {cell.line}: {cell.source}"


def main(arguments: Sequence[str]) -> None:
    """Measures, and prints the figures, with --json as one object in the last line."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.ingest", description=__doc__)
    parser.add_argument("--documents", type=Path, required=True, metavar="FOLDER", help="PDFs that have gold")
    parser.add_argument("--gold", type=Path, default=GOLD, metavar="FOLDER", help="NAME.csv for NAME.pdf")
    parser.add_argument(
        "--scan", nargs="*", choices=[*WAYS][1:], default=[], help="scans, besides the text layer"
    )
    parser.add_argument("--peers", action="store_true", help="measure pdfplumber on the same pages")
    parser.add_argument("--wrong", action="store_true", help="list what is wrong, cell by cell")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    pdfs = [
        path for path in sorted(given.documents.glob("*.pdf")) if (given.gold / f"{path.stem}.csv").is_file()
    ]
    if not pdfs:
        raise ConfigError(
            f"{given.documents} holds no PDF with gold in {given.gold}; name the folder of the PDFs"
        )
    reads, peers = [], []
    for pdf in pdfs:
        gold = gold_of(given.gold / f"{pdf.stem}.csv")
        for way in ("text", *given.scan):
            reads.append(measure(pdf, gold, way, given.seed))
            if given.wrong:
                sys.stdout.writelines(f"{line}\n" for line in _told(reads[-1]))
                sys.stdout.flush()
        if given.peers:
            peers.append(measure_pdfplumber(pdf, gold))
    figures = summary(reads, peers)
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) if given.json else "\n".join(_lines(figures)))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
