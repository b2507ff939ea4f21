"""The bundled documents read by a model that answers as the gold says, in every wire format."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from evals.simulate.server import ScriptedServer
from prompts import WIRES
from schemas import AnyTable, Chunk, Numeral, squeeze, table_type
from tests.book import Book
from tests.conftest import MakeReader
from tests.model_cases import table_of
from worker.ingest import load
from worker.segment import segment

EVALS = Path(__file__).parent.parent / "evals"
CORPUS = sorted((EVALS / "corpus").glob("*.txt"))
PROSE = "narrative_facts"

Fact = tuple[str, str, str, str, str]
_FIGURE = re.compile(r"-?\d+(\.\d+)?")


def gold_of(path: Path) -> dict[tuple[str, int], list[dict[str, str]]]:
    """The gold of a document by kind and ordinal. Prose is left out: its gold is not told apart by section."""
    found: dict[tuple[str, int], list[dict[str, str]]] = defaultdict(list)
    with (EVALS / "gold" / f"{path.stem}.csv").open(encoding="utf-8", newline="") as file:
        for fact in csv.DictReader(file):
            if fact["kind"] != PROSE and fact["column"]:
                found[fact["kind"], int(fact["ordinal"])].append(fact)
    return found


def printed(chunk: Chunk, value: str) -> str:
    """A figure of the gold as the chunk prints it."""
    wanted = Decimal(value)

    def unlike(numeral: Numeral) -> tuple[bool, bool]:
        exponent = wanted.as_tuple().exponent
        return numeral.value != wanted, -numeral.decimals != exponent

    return min(chunk.ledger, key=unlike).text


def gold_table(chunk: Chunk, facts: list[dict[str, str]]) -> AnyTable:
    """The table that the gold of a chunk says."""
    model = table_type(chunk.kind)
    infos = model.row_type().column_infos()
    records: list[tuple[tuple[str, str, str], dict[str, str]]] = []
    for fact in facts:
        key = (fact["side"], fact["code"], fact["name"])
        if not records or records[-1][0] != key or fact["column"] in records[-1][1]:
            records.append((key, {}))
        info = infos.get(fact["column"])
        text = (info and info.text and fact["side"] != "total") or not _FIGURE.fullmatch(fact["value"])
        records[-1][1][fact["column"]] = fact["value"] if text else printed(chunk, fact["value"])
    extras = [column for _, cells in records for column in cells if column not in infos]
    columns = [c for c in [*infos, *dict.fromkeys(extras)] if any(c in cells for _, cells in records)]
    rows = [
        [*([side] if model.sides else []), code or None, name or None, *map(cells.get, columns)]
        for (side, code, name), cells in records
    ]
    headers = [{"key": c, "header": ""} if c in infos else {"key": None, "header": c} for c in columns]
    return table_of(chunk, headers, rows)


def facts_of(table: AnyTable) -> list[Fact]:
    """Every cell of a table: side, code, name, column, value; white space and width of characters set aside."""
    return [
        (
            row.side or "",
            row.code or "",
            squeeze(row.name),
            column,
            str(cell.amount.value) if cell.amount else squeeze(cell.text),
        )
        for row in table.rows
        for column, cell in row.cells()
    ]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_document_read_without_fault(make_reader: MakeReader, path: Path, wire: str) -> None:
    document = load(path)
    gold, seen, book = gold_of(path), Counter[str](), Book(WIRES[wire])
    tables: list[tuple[Chunk, list[dict[str, str]]]] = []
    for chunk in segment(document):
        if chunk.kind and chunk.role == "table":
            seen[chunk.kind] += 1
            if facts := gold.pop((chunk.kind, seen[chunk.kind]), []):
                tables.append((chunk, facts))
                book.add(chunk, gold_table(chunk, facts))
    assert gold == {}
    with ScriptedServer(book) as server:
        reader = make_reader(server.url, wire=wire, rows_per_call=1000)
        for chunk, facts in tables:
            table = reader.read(chunk).table
            expected = [
                (f["side"], f["code"], squeeze(f["name"]), f["column"], squeeze(f["value"])) for f in facts
            ]
            assert sorted(facts_of(table)) == sorted(expected)
            for row in table.rows:
                for _, cell in row.cells():
                    assert squeeze(document.text[cell.span.start : cell.span.end]) == squeeze(cell.text)
