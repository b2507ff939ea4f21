"""What a baseline finds as an extraction, so that it is scored as everything else is."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from evals.baselines import BaselineReading
from evals.cases import Case
from evals.metrics.compared import PROSE
from evals.typed import document_of, typed
from schemas import AnyTable, Chunk, Document, Reading, Span
from schemas.findings import Verdict
from schemas.numerals import find_numerals
from worker.pipeline import Extraction
from worker.segment import DocumentFacts

_NOWHERE = Span(start=0, end=0, line=0)

_Places = dict[Decimal, list[tuple[int, int]]]


def extraction_of(case: Case, name: str, reading: BaselineReading) -> Extraction:
    """The tables of a reading, all of them accepted: nobody would look at any again.

    A figure is tied to where the document prints it next, from the last one on; one that is printed nowhere is not
    tied to anything.
    """
    document = document_of(case)
    places = _places(document)
    tables = {f"{name}-{number}": typed(table) for number, table in enumerate(reading.tables, start=1)}
    for table in tables.values():
        _tie(table, document, places)
    return Extraction(
        document=document,
        facts=DocumentFacts(),
        chunks=tuple(
            _chunk(key, number, table, document) for number, (key, table) in enumerate(tables.items())
        ),
        readings={},
        standing={key: Reading(chunk=key, reader=name, table=table) for key, table in tables.items()},
        findings=(),
        verdicts={key: Verdict(table=key, status="accepted", confidence=1.0) for key in tables},
    )


def _places(document: Document) -> _Places:
    """Where each figure is printed, by its size."""
    found: _Places = defaultdict(list)
    for numeral in find_numerals(document.text):
        found[abs(numeral.value)].append((numeral.start, numeral.end))
    return found


def _tie(table: AnyTable, document: Document, places: _Places) -> None:
    at = 0
    for row in table.rows:
        for column, cell in list(row.cells()):
            if cell.amount is None:
                continue
            printed = places.get(abs(cell.amount.value))
            if printed is None:
                row.put(column, cell.model_copy(update={"span": _NOWHERE}))
                continue
            at, end = next((place for place in printed if place[0] >= at), printed[0])
            known = {"text": document.text[at:end], "span": document.span(at, end), "numeral": "printed"}
            row.put(column, cell.model_copy(update=known))


def _chunk(key: str, number: int, table: AnyTable, document: Document) -> Chunk:
    return Chunk(
        id=key,
        document=document.sha256,
        role="narrative" if table.kind == PROSE else "table",
        kind=table.kind,
        title=table.title,
        start=number,
        end=number,
        lines=(),
        first_line=1,
        last_line=1,
        text="",
    )
