"""Sums that lists read say at every moment what the rows say, whatever was done in whatever order."""

# ruff: noqa: S608 - there is no input in these statements

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from schemas import Document
from schemas.findings import Call
from tests.form import FORM
from worker.ingest import load
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader
from worker.store import BlobStore, Entry, Store
from worker.store.database import connect
from worker.store.models.work import TABLE_COUNTS

NOTHING = timedelta(0)
OUTCOMES = ("ok", "invalid", "throttled")
COUNTS = ", ".join(TABLE_COUNTS)
BATCHES = ("a", "b")


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    with Store(database_url, BlobStore(tmp_path / "blobs")) as store:
        yield store


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def documents(tmp_path: Path) -> list[Document]:
    found = []
    for number, total in enumerate(("120.50", "119.50")):
        path = tmp_path / f"{number}.txt"
        path.write_text(FORM.format(total=total), encoding="utf-8")
        found.append(load(path))
    return found


def rows(engine: sa.Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def in_sql(table: str, status: str) -> str:
    of = f"x.document_id = d.id AND x.run = d.run AND x.status = '{status}'"
    return f"(SELECT count(*) FROM {table} x WHERE {of})"


def check(store: Store, engine: sa.Engine) -> None:
    """Hold every sum against the rows that it is the sum of."""
    tables = ", ".join(in_sql("tables", name.removeprefix("tables_")) for name in TABLE_COUNTS)
    kept = rows(engine, f"SELECT id, {COUNTS}, checks_failed FROM documents ORDER BY id")
    assert kept == rows(
        engine, f"SELECT id, {tables}, {in_sql('findings', 'failed')} FROM documents d ORDER BY id"
    )
    by_id = {row[0]: row[1:-1] for row in kept}
    files = rows(engine, f"SELECT document_id, {COUNTS} FROM items WHERE document_id IS NOT NULL")
    assert [row[1:] for row in files] == [by_id[row[0]] for row in files]
    sums = "count(*), sum(c.prompt_tokens + c.completion_tokens), coalesce(sum(c.cost), 0)"
    of = "calls c JOIN chunks x ON x.id = c.chunk_id"
    assert rows(engine, "SELECT id, calls, tokens, cost FROM documents WHERE calls > 0 ORDER BY id") == rows(
        engine, f"SELECT x.document_id, {sums} FROM {of} WHERE c.counted GROUP BY 1 ORDER BY 1"
    )
    spent = {
        row[0]: row[1:]
        for row in rows(
            engine, f"SELECT b.name, {sums} FROM calls c JOIN batches b ON b.id = c.batch_id GROUP BY 1"
        )
    }
    for record in store.list_batches():
        _, tokens, cost = spent.get(record.name, (0, 0, 0))
        assert (record.tokens, record.spent_usd) == (tokens, Decimal(cost).scaleb(-12))
    totals = store.totals()
    told = rows(
        engine, "SELECT outcome, count(*), sum(prompt_tokens), sum(completion_tokens) FROM calls GROUP BY 1"
    )
    assert dict(totals.calls) == {outcome: number for outcome, number, _, _ in told}
    assert totals.prompt_tokens == sum(row[2] for row in told)
    assert totals.completion_tokens == sum(row[3] for row in told)
    assert totals.cost_usd == sum((record.spent_usd for record in store.list_batches()), Decimal(0))
    by_status = rows(
        engine,
        "SELECT x.status, count(*) FROM tables x JOIN documents d ON d.id = x.document_id AND d.run = x.run GROUP BY 1",
    )
    assert dict(totals.tables) == dict(by_status)


class Steps:
    """What workers and people do to a store, one thing at a time, as chance has it."""

    def __init__(self, store: Store, documents: list[Document], seed: int) -> None:
        self.store = store
        self.chance = Random(seed)
        self.documents = documents
        self.extractions: dict[str, Extraction] = {
            each.sha256: extract(each, [LayoutReader()]) for each in documents
        }
        self.ids = {each.sha256: store.add_document(each).id for each in documents}
        self.batches = [store.enter_batch(name) for name in BATCHES]
        self.chunks: dict[int, list[int]] = {}

    def calls(self) -> list[Call]:
        return [
            Call(
                model="m",
                prompt_version="v",
                wire="refs",
                prompt_tokens=self.chance.randrange(50),
                completion_tokens=self.chance.randrange(50),
                cost_usd=self.chance.choice([None, Decimal("0.000001"), Decimal("0.00000000003")]),
                outcome=self.chance.choice(OUTCOMES),
            )
            for _ in range(self.chance.randrange(1, 3))
        ]

    def step(self) -> None:
        document = self.chance.choice(self.documents)
        document_id = self.ids[document.sha256]
        name = self.chance.choice(
            [
                "enter",
                "take",
                "cut",
                "read",
                "read",
                "poison",
                "save",
                "save",
                "end",
                "fail",
                "anew",
                "batch",
                "sweep",
            ]
        )
        getattr(self, name)(document, document_id)

    def enter(self, document: Document, _document_id: int) -> None:
        entry = Entry(document.name, document.name, document.sha256, 1, {})
        self.store.add_item(self.chance.choice(self.batches), entry)

    def take(self, _document: Document, document_id: int) -> None:
        for item_id in self.store.take_items(2):
            self.store.claim_item(item_id, "w", 9, NOTHING)
            self.store.settle_item(item_id, "reading", document_id)

    def cut(self, document: Document, document_id: int) -> None:
        self.chunks[document_id] = self.store.add_chunks(
            document_id, self.extractions[document.sha256].chunks
        )

    def read(self, document: Document, document_id: int) -> None:
        self.cut(document, document_id)
        for chunk_id in self.chunks.get(document_id, ()):
            self.store.save_calls(chunk_id, "llm", self.calls())

    def poison(self, _document: Document, document_id: int) -> None:
        for chunk_id in self.chunks.get(document_id, ())[:1]:
            self.store.finish_chunk(chunk_id, poisoned=True)

    def save(self, document: Document, document_id: int) -> None:
        self.store.save_extraction(self.extractions[document.sha256])
        if self.chance.random() < 0.7:
            self.store.conclude_items(document_id)

    def end(self, _document: Document, document_id: int) -> None:
        self.store.conclude_items(document_id)

    def fail(self, _document: Document, document_id: int) -> None:
        self.store.fail_document(document_id, "cannot be read")

    def anew(self, document: Document, document_id: int) -> None:
        self.store.reread(document_id, document)

    def batch(self, _document: Document, _document_id: int) -> None:
        name = self.chance.choice(BATCHES)
        self.chance.choice([self.store.cancel_batch, self.store.retry_batch, self.store.enter_batch])(name)

    def sweep(self, _document: Document, _document_id: int) -> None:
        self.store.conclude_ended()


@pytest.mark.parametrize("seed", range(2))
def test_sums_never_drift_from_their_rows(
    store: Store, engine: sa.Engine, documents: list[Document], seed: int
) -> None:
    steps = Steps(store, documents, seed)
    for _ in range(30):
        steps.step()
        check(store, engine)
    assert sum(store.totals().calls.values()) > 0


def test_what_a_late_worker_brings_is_counted_by_the_next_sweep(
    store: Store, engine: sa.Engine, documents: list[Document]
) -> None:
    steps = Steps(store, documents, 0)
    document = documents[0]
    document_id = steps.ids[document.sha256]
    steps.cut(document, document_id)
    steps.save(document, document_id)
    call = Call(model="m", prompt_version="v", wire="refs", prompt_tokens=7)
    store.save_calls(steps.chunks[document_id][0], "llm", [call])
    assert rows(engine, "SELECT count(*) FROM calls WHERE NOT counted") == [(1,)]
    check(store, engine)
    store.conclude_ended()
    assert rows(engine, "SELECT count(*) FROM calls WHERE NOT counted") == [(0,)]
    check(store, engine)


def migrate(engine: sa.Engine, revision: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", "worker:store/migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


BEFORE = (
    (
        "INSERT INTO batches (id, name, status, reason, priority, spent, entered, added_at, touched_at)"
        " VALUES (1, 'b', 'open', '', 5, 250000000000, true, '{at}', '{at}')"
    ),
    (
        "INSERT INTO documents (id, sha256, name, status, recipe, run, title, unit_name, pages, added_at, touched_at)"
        " VALUES (1, 'x', 'n', 'done', '', 2, '', '', 1, '{at}', '{at}')"
    ),
    (
        "INSERT INTO items (id, batch_id, document_id, place, name, size, status, notes, facts, attempts, touched_at)"
        " VALUES (1, 1, 1, 'p', 'n', 1, 'done', '[]', '{{}}', 1, '{at}')"
    ),
    *(
        "INSERT INTO chunks (id, document_id, run, key, ordinal, status, attempts, touched_at, problems, payload)"
        f" VALUES ({number}, 1, {run}, 't{number}', 0, 'done', 1, '{{at}}', '[]', '{{{{}}}}')"
        for number, run in ((1, 1), (2, 2), (3, 2))
    ),
    *(
        "INSERT INTO tables (id, document_id, run, key, kind, title, position, ordinal, status, confidence, reader,"
        " passed, failed, skipped, first_line, last_line, verdict)"
        f" VALUES ({number}, 1, {run}, 't{number}', 'k', '', 0, 1, '{status}', 1, '', 0, 0, 0, 1, 1, '{{{{}}}}')"
        for number, run, status in ((1, 1, "accepted"), (2, 2, "accepted"), (3, 2, "review"))
    ),
    *(
        "INSERT INTO findings (id, document_id, run, position, rule, scope, status, payload)"
        f" VALUES ({number}, 1, {run}, {number}, 'r', 'row', '{status}', '{{{{}}}}')"
        for number, run, status in ((1, 1, "failed"), (2, 2, "failed"), (3, 2, "passed"))
    ),
    *(
        "INSERT INTO calls (id, chunk_id, reader, model, prompt_version, wire, prompt_tokens, cached_tokens,"
        " completion_tokens, cost_usd, seconds, outcome, cached, at)"
        f" VALUES ({number}, {number}, 'llm', 'm', 'v', 'refs', 10, 0, {number}, {cost}, 1, 'ok', false, '{{at}}')"
        for number, cost in ((1, "'0.000001500001'"), (2, "'12.50'"), (3, "NULL"))
    ),
)


def test_a_database_of_before_has_its_sums_filled_and_goes_back(database_url: str) -> None:
    engine = connect(database_url)
    migrate(engine, "0004")
    with engine.begin() as connection:
        for statement in BEFORE:
            connection.execute(sa.text(statement.format(at="2026-01-01 00:00:00+00:00")))
    migrate(engine, "0005")
    of_document = "tables_accepted, tables_review, tables_failed, checks_failed, calls, tokens, cost"
    assert rows(engine, f"SELECT {of_document} FROM documents") == [(1, 1, 0, 1, 3, 36, 12_500_001_500_001)]
    assert rows(engine, "SELECT tables_accepted, tables_review FROM items") == [(1, 1)]
    assert rows(engine, "SELECT spent, tokens FROM batches") == [(250_000_000_000, 36)]
    assert rows(engine, "SELECT * FROM tallies") == [("ok", 3, 30, 6)]
    assert [row[0] for row in rows(engine, "SELECT cost FROM calls ORDER BY id")] == [
        1_500_001,
        12_500_000_000_000,
        None,
    ]
    assert rows(engine, "SELECT count(*) FROM calls WHERE NOT counted") == [(0,)]
    migrate(engine, "0004", down=True)
    costs = [row[0] for row in rows(engine, "SELECT cost_usd FROM calls ORDER BY id")]
    assert [cost and Decimal(cost) for cost in costs] == [Decimal("0.000001500001"), Decimal("12.50"), None]
    columns = {column["name"] for column in sa.inspect(engine).get_columns("documents")}
    assert not columns & {*TABLE_COUNTS, "checks_failed", "calls", "tokens", "cost"}
    migrate(engine, "0005")
    assert rows(engine, "SELECT spent, tokens FROM batches") == [(250_000_000_000, 36)]
    engine.dispose()
