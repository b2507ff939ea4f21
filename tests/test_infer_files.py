"""Tables of no known kind from files of many formats and languages: right ones close whole, faults are found.

Every file under `tests/generic` adds up; the tests read it as `gouji extract` does, as it is and with a digit changed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas import Document
from schemas.tables import Cell, CellRef
from worker.ingest import load
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader

FILES = sorted((Path(__file__).parent / "generic").iterdir())
# Where a fault may leave a figure without support and no identity that fails: nothing but the figures says what
# they come to, or the numbers of the items a row lower close as well.
UNSAID = {
    "income_statement_zh.tsv",
    "item_numbers.tsv",
    "nested_without_marks_zh.tsv",
    "no_known_word_for_total.tsv",
    "two_breakdowns.tsv",
    "years_down.tsv",
}
# Every so many figures are changed, so that the file stays quick.
STEP = 7


def read(document: Document) -> Extraction:
    return extract(document, [LayoutReader()])


def figures(read_: Extraction) -> list[tuple[CellRef, Cell]]:
    return [
        (CellRef(key, index, column), cell)
        for key, table in read_.tables.items()
        for index, row in enumerate(table.rows)
        for column, cell in row.cells()
        if cell.amount is not None
    ]


def with_fault(document: Document, cell: Cell) -> Document:
    """The document with the first digit of a figure changed: far beyond any rounding."""
    at = cell.span.start + re.search(r"\d", document.text[cell.span.start :]).start()  # type: ignore[union-attr]
    digit = "9" if document.text[at] < "5" else "2"
    text = document.text[:at] + digit + document.text[at + 1 :]
    return Document(name=document.name, sha256=document.sha256, text=text, delimiter=document.delimiter)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_right_table_closes_whole(path: Path) -> None:
    found = read(load(path))

    [verdict] = [verdict for key, verdict in found.verdicts.items() if key.startswith("t")]
    assert [f.statement for f in found.findings if f.status == "failed"] == []
    assert (verdict.blind_cells, verdict.unexplained) == ((), ())
    assert verdict.passed
    assert found.standing[verdict.table].incomplete == ()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_wrong_figure_is_never_covered_up(path: Path) -> None:
    document = load(path)
    for ref, cell in figures(read(document))[::STEP]:
        found = read(with_fault(document, cell))
        failed = [f for f in found.findings if f.status == "failed"]
        verdict = found.verdicts[ref.table]

        assert failed or verdict.blind_cells, f"{ref} {cell.text}"
        if path.name not in UNSAID:
            assert any(ref in f.cells for f in failed), f"{ref} {cell.text}"


def test_currency_signs_stand_before_within_and_beside_figures() -> None:
    lines = [
        "Item\t\t2023",
        "Sales\t$\t5,120",
        "Costs\t\t($3,240)",
        "Refunds\t\t-$75",
        "Net income\t$\t1,805",
    ]

    found = read(Document(name="signs.txt", sha256="0" * 64, text="\n".join(lines) + "\n"))

    assert [cell.amount.value for _, cell in figures(found) if cell.amount] == [5120, -3240, -75, 1805]
    assert [(f.check, f.status) for f in found.findings] == [("generic.row_sums", "passed")]
