"""The review desk through its face: what waits, an opened table, changes, verdicts, history, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from schemas import CellRef
from tests.command import ARCHIVE
from worker.ingest import load
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader
from worker.review import (
    BadChange,
    ClearCell,
    Conflict,
    Decide,
    Desk,
    Entry,
    Filters,
    Forbidden,
    Held,
    MoveCells,
    Redo,
    SetCell,
    Undo,
)
from worker.store import BlobStore, Store
from worker.users import Role, User

COMMITTEE = Path("evals/corpus/jilin-city-committee-2022-budget.txt")
WRONG = "t02"
"""The table of the archive in which 310.20 is printed as 301.20."""


@pytest.fixture(scope="module")
def archive() -> Extraction:
    return extract(load(ARCHIVE), [LayoutReader()])


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    with Store(database_url, BlobStore(tmp_path / "blobs")) as found:
        yield found


@pytest.fixture(scope="module")
def committee() -> Extraction:
    return extract(load(COMMITTEE), [LayoutReader()])


@pytest.fixture
def people(store: Store) -> tuple[User, User]:
    return person(store, "wang"), person(store, "li")


def person(store: Store, name: str, role: Role = "reviewer") -> User:
    """A user who has no need to sign in."""
    found = store.users.add(name, role, None)
    assert found
    return User(found.id, name, role)


def test_one_wrong_digit_takes_a_proposal_and_a_verdict(
    store: Store, people: tuple[User, User], archive: Extraction
) -> None:
    document, desk = store.save_extraction(archive), Desk(store)
    entry = desk.next_table(people[0])
    assert entry is not None
    assert (entry.table, entry.reason, entry.claimed_by) == (WRONG, "contradiction", "wang")
    assert entry.money == Decimal("90000.00")
    opened = desk.open(document, WRONG)
    assert (opened.status, opened.held_by, opened.accept) == ("review", "wang", "right_as_printed")
    assert opened.identities[0].status == "failed"
    suspect = opened.identities[0].suspects[0]
    assert (suspect.printed, suspect.proposals[0].change) == (
        "301.20",
        SetCell(suspect.cell.row, suspect.cell.column, "310.20", suspect.proposals[0].change.why),
    )
    assert opened.cell(suspect.cell.row, suspect.cell.column).state == "suspect"
    failing = {each.id for each in opened.identities if each.status == "failed"}
    assert set(suspect.proposals[0].closes) == failing
    applied = desk.apply(people[0], document, WRONG, suspect.proposals[0].change, opened.version)
    assert (len(applied.closed), applied.broke, applied.table.failed) == (len(failing), (), 0)
    cell = applied.table.cell(suspect.cell.row, suspect.cell.column)
    assert (cell.state, cell.text, cell.value) == ("changed", "301.20", Decimal("310.20"))
    assert (cell.changed_from, cell.changed_by) == ("301.20", "wang")
    assert (applied.table.status, applied.table.accept) == ("review", "corrected")
    done = desk.apply(people[0], document, WRONG, Decide("corrected", "two digits"), applied.version)
    assert (done.table.status, done.table.held_by) == ("corrected", None)
    assert store.record(document).counts == {"accepted": 1, "corrected": 1, "empty": 1}
    assert store.record(document).failed == 0
    assert store.load_extraction(document).verdicts[WRONG].status == "corrected"
    assert [(event.action, event.by, event.why) for event in desk.history(document)] == [
        ("corrected", "wang", "two digits"),
        ("set", "wang", suspect.proposals[0].change.why),
    ]
    assert "301.20 → 310.20" in desk.history(document, WRONG)[1].words
    assert desk.next_table(people[0]) is None
    assert desk.overview().reviewers[0].verdicts == {"corrected": 1}
    assert desk.overview().median_s is not None


def test_source_lines_hold_what_places_mark(store: Store, archive: Extraction) -> None:
    opened = Desk(store).open(store.save_extraction(archive), WRONG)
    lines = {line.number: line for line in opened.lines}
    figures = [cell for row in opened.rows for cell in row.cells if cell.value is not None]
    assert figures
    for cell in figures:
        assert cell.place is not None
        line = lines[cell.place.line]
        assert line.text[cell.place.start - line.start : cell.place.end - line.start] == cell.text
    assert {each.table: each.status for each in opened.siblings} == {
        "t01": "accepted", "t02": "review", "t03": "empty",
    }  # fmt: skip


def test_undo_and_redo_go_back_and_forth_and_a_verdict_can_be_taken_back(
    store: Store, people: tuple[User, User], archive: Extraction
) -> None:
    document, desk, user = store.save_extraction(archive), Desk(store), people[0]
    opened = desk.open(document, WRONG)
    cell = opened.identities[0].suspects[0].cell
    with pytest.raises(BadChange, match="nothing to undo"):
        desk.apply(user, document, WRONG, Undo(), opened.version)
    step = desk.apply(user, document, WRONG, SetCell(cell.row, cell.column, "３１０．２"), opened.version)
    assert step.table.cell(cell.row, cell.column).value == Decimal("310.20")
    step = desk.apply(user, document, WRONG, Decide("corrected"), step.version)
    step = desk.apply(user, document, WRONG, Undo(), step.version)
    assert (step.table.status, step.table.can_redo) == ("review", True)
    step = desk.apply(user, document, WRONG, Undo(), step.version)
    assert (step.table.cell(cell.row, cell.column).state, step.table.can_undo) == ("suspect", False)
    assert {each.id for each in step.broke} == {
        each.id for each in opened.identities if each.status == "failed"
    }
    assert store.load_extraction(document).model_copy(update={"changes": ()}) == archive
    step = desk.apply(user, document, WRONG, Redo(), step.version)
    step = desk.apply(user, document, WRONG, Redo(), step.version)
    assert step.table.status == "corrected"
    step = desk.apply(user, document, WRONG, ClearCell(cell.row, cell.column), step.version)
    assert (step.table.status, step.table.cell(cell.row, cell.column).value) == ("review", None)
    assert [event.action for event in desk.history(document)] == [
        "clear", "redo", "redo", "undo", "undo", "corrected", "set",
    ]  # fmt: skip


def test_right_as_printed_keeps_the_figures_and_is_a_finding(
    store: Store, people: tuple[User, User], archive: Extraction
) -> None:
    document, desk = store.save_extraction(archive), Desk(store)
    opened = desk.open(document, WRONG)
    done = desk.apply(people[0], document, WRONG, Decide("right_as_printed", "so printed"), opened.version)
    assert done.table.status == "accepted"
    assert {each.verdict for each in done.table.identities if each.status == "failed"} == {"source"}
    found = store.load_extraction(document)
    assert found.tables == archive.tables
    own = [finding for finding in found.findings if finding.check == "review.right_as_printed"]
    assert [(finding.tables, finding.verdict) for finding in own] == [((WRONG,), "source")]
    assert own[0].statement.startswith("right as printed, says wang: so printed; ")
    # The same reading concluded again does not forget it.
    assert store.save_extraction(archive) == document
    assert store.load_extraction(document) == found
    assert [entry.status for entry in desk.queue(Filters(status="accepted")).entries] == ["accepted"]


def test_a_stale_version_is_refused_with_what_others_did(
    store: Store, people: tuple[User, User], archive: Extraction
) -> None:
    document, one, other = store.save_extraction(archive), Desk(store), Desk(store)
    seen = other.open(document, "t01")
    version = one.open(document, WRONG).version
    cell = one.open(document, WRONG).identities[0].suspects[0].cell
    one.apply(people[0], document, WRONG, SetCell(cell.row, cell.column, "310.20"), version)
    with pytest.raises(Conflict, match=r"wang set in t02: .* 301.20 → 310.20") as caught:
        other.apply(people[1], document, "t01", Decide("rejected"), seen.version)
    assert [event.action for event in caught.value.events] == ["set"]
    assert not caught.value.same_table
    with pytest.raises(Held, match="wang holds this table until"):
        other.apply(people[1], document, WRONG, Decide("rejected"), caught.value.version)
    one.release(people[0], document, WRONG)
    done = other.apply(people[1], document, WRONG, Decide("rejected"), caught.value.version)
    assert done.table.status == "rejected"
    # The first desk has another state in memory, and is brought up to date.
    assert one.open(document, WRONG).status == "rejected"


def test_of_many_at_once_exactly_one_is_written(
    store: Store, people: tuple[User, User], archive: Extraction, database_url: str, tmp_path: Path
) -> None:
    document = store.save_extraction(archive)
    cell = Desk(store).open(document, WRONG).identities[0].suspects[0].cell
    start, outcomes = threading.Barrier(4), []

    def work(number: int) -> None:
        with Store(database_url, BlobStore(tmp_path / "blobs")) as own:
            desk = Desk(own)
            version = desk.open(document, WRONG).version
            start.wait()
            for step in range(4):
                value = f"{300 + 10 * number + step}.00"
                try:
                    change = SetCell(cell.row, cell.column, value)
                    version = desk.apply(people[number % 2], document, WRONG, change, version).version
                    outcomes.append(value)
                except Conflict as conflict:
                    version = conflict.version
                except Held:
                    continue

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = Desk(store).history(document)
    assert outcomes
    assert sorted(event.cells[0].after for event in history) == sorted(outcomes)
    assert [event.sequence for event in history] == list(range(len(history), 0, -1))
    before = [event.cells[0].before for event in reversed(history)]
    assert before == ["301.20", *(event.cells[0].after for event in reversed(history[1:]))]
    assert len({event.by for event in history}) == 1


def test_a_new_reading_keeps_what_is_still_printed_and_lists_the_rest(
    store: Store, people: tuple[User, User], archive: Extraction
) -> None:
    document, desk = store.save_extraction(archive), Desk(store)
    opened = desk.open(document, WRONG)
    cell = opened.identities[0].suspects[0].cell
    step = desk.apply(people[0], document, WRONG, SetCell(cell.row, cell.column, "310.20"), opened.version)
    other = next(
        each
        for row in opened.rows
        for each in row.cells
        if each.state == "closed" and each.ref.row != cell.row
    )
    step = desk.apply(people[0], document, WRONG, SetCell(other.ref.row, other.ref.column, "7"), step.version)
    store.reread(document, archive.document)
    store.save_extraction(_read_as(archive, other.ref, "8.00"))
    with pytest.raises(Conflict) as caught:
        desk.apply(people[0], document, WRONG, Undo(), step.version)
    again = desk.open(document, WRONG)
    assert again.version == caught.value.version
    assert again.cell(cell.row, cell.column).value == Decimal("310.20")
    assert again.cell(other.ref.row, other.ref.column).value == Decimal("8.00")
    assert [(event.action, event.stale) for event in desk.history(document)] == [
        ("set", True),
        ("set", False),
    ]


def _read_as(extraction: Extraction, ref: CellRef, value: str) -> Extraction:
    """The same with another figure in a cell, as another reader might have it."""
    reading = extraction.standing[ref.table]
    rows = [row.model_copy(deep=True) for row in reading.table.rows]
    cell = rows[ref.row].get(ref.column)
    assert cell is not None
    assert cell.amount is not None
    amount = cell.amount.model_copy(update={"value": Decimal(value)})
    rows[ref.row].put(ref.column, cell.model_copy(update={"amount": amount, "text": value}))
    table = reading.table.model_copy(update={"rows": rows})
    standing = {**extraction.standing, ref.table: reading.model_copy(update={"table": table})}
    return extraction.model_copy(update={"standing": standing})


def test_a_reader_only_looks_and_nonsense_is_refused(
    store: Store, people: tuple[User, User], archive: Extraction
) -> None:
    document, desk = store.save_extraction(archive), Desk(store)
    version = desk.open(document, WRONG).version
    reader = person(store, "zhao", "reader")
    for refused in (
        lambda: desk.apply(reader, document, WRONG, Decide("rejected"), version),
        lambda: desk.next_table(reader),
        lambda: desk.claim(reader, document, WRONG),
    ):
        with pytest.raises(Forbidden, match="zhao may look"):
            refused()
    for change, words in (
        (SetCell(0, "total", "=1+1"), "is no figure"),
        (SetCell(0, "total", "1" * 40), "is no figure"),
        (SetCell(0, "total", " "), "nothing was typed"),
        (SetCell(99, "total", "1"), "no cell at row 100"),
        (SetCell(-1, "total", "1"), "no cell at row 0"),
        (SetCell(0, "rows", "1"), "no cell at row 1, column 'rows'"),
        (ClearCell(0, "business"), "is blank already"),
        (MoveCells(()), "a move is of 1 to"),
        (Redo(), "nothing to do again"),
        (Decide("corrected"), "nothing was changed"),
        (Decide("rejected", "x" * 3000), "a note has at most"),
    ):
        with pytest.raises(BadChange, match=words):
            desk.apply(people[0], document, WRONG, change, version)
    for cursor in ("", "1", "1.2.3", "x.y", "-1.2"):
        with pytest.raises(BadChange, match="no place in the queue"):
            desk.queue(cursor=cursor)
    with pytest.raises(KeyError):
        desk.open(document, "t99")
    with pytest.raises(KeyError):
        desk.open(document + 1, WRONG)
    assert desk.history(document) == ()


def test_the_queue_is_filtered_counted_paged_and_shared_out(
    store: Store, people: tuple[User, User], committee: Extraction
) -> None:
    document, desk = store.save_extraction(committee), Desk(store)
    everything = desk.queue().entries
    assert [entry.worth for entry in everything] == sorted((e.worth for e in everything), reverse=True)
    assert everything[0].table == "t06"
    pages: list[Entry] = []
    cursor = None
    while True:
        listing = desk.queue(cursor=cursor, limit=2)
        pages += listing.entries
        if (cursor := listing.cursor) is None:
            break
    assert tuple(pages) == everything
    counts = desk.counts()
    assert (counts.total, counts.status) == (len(everything), {"review": len(everything)})
    for name in ("kind", "reason", "unit_name"):
        for value, number in getattr(counts, name).items():
            assert len(desk.queue(Filters(**{name: value})).entries) == number
    assert desk.queue(Filters(text="吉林市委 BUDGET")).entries
    assert desk.queue(Filters(text="100%_")).entries == ()
    assert desk.queue(Filters(document=document + 1)).entries == ()
    one, two = desk.next_table(people[0]), desk.next_table(people[1])
    assert one is not None
    assert two is not None
    assert (one.table, two.table) == (everything[0].table, everything[1].table)
    assert desk.next_table(people[0]) == one or one.claimed_until is not None
    assert [entry.table for entry in desk.queue(Filters(mine=people[1].id)).entries] == [two.table]
    with pytest.raises(Held, match="wang"):
        desk.claim(people[1], document, one.table)
    # A lease that has run out holds nothing.
    store.desk.claim(document, one.table, people[0].id, timedelta(seconds=-1))
    desk.claim(people[1], document, one.table)
    assert desk.open(document, one.table).held_by == "li"


def test_the_proposal_for_the_shifted_rows_of_a_bundled_document_closes_what_it_says(
    store: Store, people: tuple[User, User], committee: Extraction
) -> None:
    document = store.save_extraction(committee)
    desk = Desk(store)
    opened = desk.open(document, "t06")
    (proposal,) = opened.proposals
    assert len(proposal.closes) == 9
    promised = {(each.check, each.cells[:1]) for each in opened.identities if each.id in proposal.closes}
    done = desk.apply(people[0], document, "t06", proposal.change, opened.version)
    assert {(each.check, each.cells[:1]) for each in done.closed} == promised
    undone = desk.apply(people[0], document, "t06", Undo(), done.version)
    assert undone.table.failed == opened.failed
