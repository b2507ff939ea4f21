"""The sample of the desk: one figure a column off, and one proposal after which everything holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk_sample import SHIFTED, write_shifted
from worker.ingest import load
from worker.pipeline import extract
from worker.readers.layout import LayoutReader
from worker.review import Decide, Desk, MoveCells
from worker.store import BlobStore, Store
from worker.users import User


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_its_one_proposal_closes_both_tables(database_url: str, tmp_path: Path) -> None:
    found = extract(load(write_shifted(tmp_path)), [LayoutReader()])
    with Store(database_url, BlobStore(tmp_path / "blobs")) as store:
        document, desk = store.save_extraction(found), Desk(store)
        record = store.users.add("wang", "reviewer", None)
        assert record
        wang = User(record.id, record.name, "reviewer")
        entry = desk.next_table(wang)
        assert entry
        opened = desk.open(document, entry.table)
        assert (opened.kind, opened.failed) == ("expenditure_by_function", 2)
        assert [(each.table, each.status, each.failed) for each in opened.siblings] == [
            ("t01", "review", 1),
            ("t02", "review", 2),
        ]
        (proposal,) = opened.proposals
        assert isinstance(proposal.change, MoveCells)
        assert sorted(proposal.closes) == sorted(
            each.id for each in opened.identities if each.status == "failed"
        )
        done = desk.apply(wang, document, entry.table, proposal.change, opened.version)
        assert [(each.status, each.failed) for each in done.table.siblings] == [
            ("accepted", 0),
            ("review", 0),
        ]
        assert (len(done.closed), done.broke) == (2, ())
        (row,) = [row for row in done.table.rows if row.code == "208"]
        assert {cell.ref.column: cell.typed for cell in row.cells}["total"] == SHIFTED
        settled = desk.apply(wang, document, entry.table, Decide("corrected"), done.version)
        assert settled.table.status == "corrected"
        assert desk.next_table(wang) is None
