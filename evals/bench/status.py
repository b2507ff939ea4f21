"""How long status and lists take with many chunks: `python -m evals.bench.status --chunks 1000000 --json`.

Fills a database of its own on the PostgreSQL server that the settings name, with rows as finished work leaves
them, and one batch that is at work; times what `gouji status`, lists and a scrape of the metrics ask of the store, and
the lists of the HTTP API over a connection to it; drops it again. The last line is one JSON object: milliseconds by
question, and the worst of all.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from evals.bench.asking import lists
from schemas import Finding
from worker.settings import load_settings
from worker.store import BlobStore, Store
from worker.store.database import connect
from worker.store.listing import ListingStore

BATCHES = 20
PROMISE_MS = 100.0
_FINDINGS_A_CHUNK = 3
_PAGE = 100
_FINDING = Finding(
    check="expenditure_by_function.natures",
    scope="row",
    tables=("t01",),
    statement="基本支出 1.00 + 项目支出 2.00 = 本年支出合计 4.00",
    status="failed",
)

# Documents in turn to batches; the last batch is at work, with a few of its documents open.
_FILL = (
    """INSERT INTO batches (id, name, status, reason, priority, budget, spent, tokens, entered, added_at, touched_at)
       SELECT i, 'batch ' || i, CASE WHEN i = %(batches)s THEN 'open' ELSE 'done' END, '', 5, NULL, 0, 0, true,
       now(), now() FROM generate_series(1, %(batches)s) i""",
    """INSERT INTO documents (id, sha256, name, status, recipe, run, title, unit_name, year, stage, pages,
       added_at, touched_at, tables_accepted, tables_review, tables_failed, checks_failed, calls, tokens, cost)
       SELECT i, lpad(to_hex(i), 64, '0'), 'archive.zip!/' || i || '.pdf',
       CASE WHEN i > %(documents)s - %(open)s THEN 'reading' WHEN i %% 97 = 0 THEN 'failed' ELSE 'done' END,
       'both', 1, '2023年度部门决算', '某某局 ' || i %% 5000, 2015 + i %% 10, 'final', 12, now(), now(),
       %(each)s * 8 / 10, %(each)s - %(each)s * 8 / 10, 0, i %% 3, %(each)s, %(each)s * 1100,
       CAST(%(each)s AS bigint) * 1000000000
       FROM generate_series(1, %(documents)s) i""",
    """INSERT INTO names (document_id, name) SELECT id, name FROM documents""",
    """INSERT INTO items (id, batch_id, document_id, place, name, sha256, size, status, notes, facts, attempts,
       touched_at, tables_accepted, tables_review)
       SELECT id, CASE WHEN status = 'reading' THEN %(batches)s ELSE 1 + id %% %(batches)s END, id, '/a/' || name, name,
       sha256, 200000, status, '[]', '{}', 1, now(), tables_accepted, tables_review FROM documents""",
    """INSERT INTO chunks (id, document_id, run, key, ordinal, status, attempts, touched_at, problems, payload)
       SELECT i, 1 + (i - 1) / %(each)s, 1, 't' || lpad((i %% %(each)s)::text, 2, '0'), i %% %(each)s,
       CASE WHEN 1 + (i - 1) / %(each)s > %(documents)s - %(open)s AND i %% 2 = 0 THEN 'queued'
       WHEN i %% 500 = 0 THEN 'poisoned' ELSE 'done' END, 1, now(), '[]', %(payload)s
       FROM generate_series(1, %(chunks)s) i""",
    """INSERT INTO tables (id, document_id, run, key, kind, title, position, ordinal, status, confidence, reader,
       passed, failed, skipped, first_line, last_line, verdict, reading)
       SELECT id, document_id, run, key, 'kind_' || id %% 15, '支出决算表', ordinal, 1,
       CASE WHEN ordinal < %(each)s * 8 / 10 THEN 'accepted' ELSE 'review' END,
       0.9, 'llm', 20, 0, 0, 1, 40, %(verdict)s, %(payload)s FROM chunks""",
    """INSERT INTO findings (id, document_id, run, position, rule, scope, status, payload)
       SELECT i, 1 + (i - 1) / (%(each)s * %(checks)s), 1, i %% (%(each)s * %(checks)s), 'rule.' || i %% 60, 'row',
       CASE WHEN i %% 40 = 0 THEN 'failed' ELSE 'passed' END, %(finding)s
       FROM generate_series(1, CAST(%(chunks)s AS bigint) * %(checks)s) i""",
    """INSERT INTO calls (id, chunk_id, reader, model, prompt_version, wire, prompt_tokens, cached_tokens,
       completion_tokens, seconds, outcome, cached, at, batch_id, counted, cost)
       SELECT c.id, c.id, 'llm', 'm', 'v', 'refs', 1000, 0, 100, 1.0, CASE WHEN c.id %% 50 = 0 THEN 'invalid'
       ELSE 'ok' END, false, now(), i.batch_id, d.status <> 'reading', 1000000000
       FROM chunks c JOIN documents d ON d.id = c.document_id JOIN items i ON i.document_id = d.id""",
    """INSERT INTO reviews (id, document_id, key, kind, title, unit_name, words, status, waiting, reason, reasons,
       money, doubt, ease, worth)
       SELECT t.id, t.document_id, t.key, t.kind, t.title, d.unit_name, d.name || ' ' || t.title, t.status, true,
       CASE WHEN t.id %% 3 = 0 THEN 'contradiction' ELSE 'doubt' END, '[]', t.id %% 9973, t.id %% 10000,
       t.id %% 7000, CAST(t.id AS bigint) * 7919 %% 1000003
       FROM tables t JOIN documents d ON d.id = t.document_id WHERE t.status = 'review'""",
    """INSERT INTO tallies SELECT outcome, count(*), sum(prompt_tokens), sum(completion_tokens) FROM calls
       WHERE counted GROUP BY outcome""",
    """UPDATE batches SET tokens = s.tokens, spent = s.cost FROM (SELECT batch_id,
       sum(prompt_tokens + completion_tokens) AS tokens, sum(cost) AS cost FROM calls WHERE counted
       GROUP BY batch_id) s WHERE s.batch_id = batches.id""",
)


class Took(NamedTuple):
    """Milliseconds that a question took over a number of calls."""

    p50: float
    p95: float
    worst: float


@contextmanager
def database(server: str) -> Iterator[str]:
    """A database for this run alone, on the server of a URL."""
    name = f"gouji_bench_{uuid.uuid4().hex[:12]}"
    admin = connect(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


def fill(url: str, chunks: int, each: int) -> float:
    """Fill the tables, `each` chunks a document; the seconds it took."""
    began = time.perf_counter()
    documents = chunks // each
    values = {
        "batches": BATCHES,
        "documents": documents,
        "open": min(64, documents),
        "each": each,
        "chunks": documents * each,
        "checks": _FINDINGS_A_CHUNK,
        "payload": json.dumps({"text": "科目编码 科目名称 本年支出合计 " * 12}, ensure_ascii=False),
        "finding": _FINDING.model_dump_json(),
        "verdict": json.dumps({"reasons": ["支出决算表 " * 6]}, ensure_ascii=False),
    }
    engine = connect(url)
    with engine.begin() as connection:
        for statement in _FILL:
            connection.exec_driver_sql(statement, values)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
    return time.perf_counter() - began


def questions(store: Store, documents: int) -> dict[str, Callable[[], object]]:
    """What people and programs ask of a store, by name."""
    busy = f"batch {BATCHES}"
    listing = store.listing
    asked: dict[str, Callable[[], object]] = {
        "gouji status": store.list_batches,
        "gouji status BATCH": lambda: (store.list_batches(busy), list(store.list_items(busy, "failed"))),
        "metrics": store.totals,
        "one document": lambda: store.record(documents // 2),
        "a document by its name": lambda: store.find(f"archive.zip!/{documents // 2}.pdf"),
    }
    return {**asked, **_pages(listing, documents)}


def _pages(listing: ListingStore, documents: int) -> dict[str, Callable[[], object]]:
    """Pages of the lists of the HTTP API: the first, one in the middle, the last."""
    middle, last = documents // 2, _PAGE
    busy = BATCHES
    return {
        "batches": lambda: listing.batches(_PAGE),
        "files of a batch": lambda: listing.items(busy, _PAGE),
        "files of a batch, middle": lambda: listing.items(busy, _PAGE, middle),
        "files of a batch, last": lambda: listing.items(busy, _PAGE, documents - 2 * BATCHES),
        "files of a batch that failed": lambda: listing.items(busy, _PAGE, status="failed"),
        "documents": lambda: listing.documents(_PAGE),
        "documents, middle": lambda: listing.documents(_PAGE, middle),
        "documents, last": lambda: listing.documents(_PAGE, last),
        "documents of a batch": lambda: listing.documents(_PAGE, batch_id=busy),
        "documents of a batch, middle": lambda: listing.documents(_PAGE, middle, batch_id=busy),
        "documents of a batch, last": lambda: listing.documents(_PAGE, last, batch_id=busy),
        "documents that failed": lambda: listing.documents(_PAGE, status="failed"),
        "documents that failed, last": lambda: listing.documents(_PAGE, last, status="failed"),
        "documents of a batch that failed": lambda: listing.documents(_PAGE, batch_id=busy, status="failed"),
        "documents by name": lambda: listing.documents(_PAGE, name=f"archive.zip!/{middle}.pdf"),
        "tables of a document": lambda: listing.tables(middle, _PAGE),
        "findings of a document": lambda: listing.findings_of(middle, _PAGE),
        "failed findings": lambda: listing.failed_findings(_PAGE),
        "failed findings, middle": lambda: listing.failed_findings(_PAGE, documents * 20),
        "failed findings, last": lambda: listing.failed_findings(_PAGE, 20 * _PAGE),
        "failed findings of a rule": lambda: listing.failed_findings(_PAGE, rule="rule.0"),
        "failed findings of no such rule": lambda: listing.failed_findings(_PAGE, rule="none"),
    }


def timed(ask: Callable[[], object], calls: int) -> Took:
    """Ask so often, and once before that does not count."""
    ask()
    found = []
    for _ in range(calls):
        began = time.perf_counter()
        ask()
        found.append(1000 * (time.perf_counter() - began))
    cuts = quantiles(found, n=20, method="inclusive")
    return Took(round(cuts[9], 1), round(cuts[18], 1), round(max(found), 1))


def measure(chunks: int, each: int, calls: int) -> dict[str, Any]:
    """Fill, ask, drop."""
    server = load_settings().database_url
    with TemporaryDirectory() as folder, database(server) as url:
        blobs = BlobStore(Path(folder))
        with Store(url, blobs) as store:
            filled = fill(url, chunks, each)
            took = {name: timed(ask, calls) for name, ask in questions(store, chunks // each).items()}
            with lists(store, url, chunks // each, BATCHES) as asked:
                took |= {name: timed(ask, calls) for name, ask in asked.items()}
    return {
        "chunks": chunks // each * each,
        "documents": chunks // each,
        "calls_each": calls,
        "fill_s": round(filled, 1),
        "ms": {name: each._asdict() for name, each in took.items()},
        "worst_p95_ms": max(each.p95 for each in took.values()),
        "worst_ms": max(each.worst for each in took.values()),
        "load": round(os.getloadavg()[0], 2),
    }


def main(arguments: Sequence[str]) -> int:
    """Measures and prints; 1 where the 95th percentile of any question is over the promise."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.status", description=__doc__)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--chunks-a-document", type=int, default=20)
    parser.add_argument("--calls", type=int, default=20, help="of each question")
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    given = parser.parse_args(arguments)
    if not load_settings().database_url.startswith("postgresql"):
        parser.error(
            "GOUJI_DATABASE_URL must name a PostgreSQL server, on which a database is made and dropped"
        )
    result = measure(given.chunks, given.chunks_a_document, given.calls)
    if not given.json:
        for name, took in result["ms"].items():
            sys.stdout.write(f"{name}: {took}\n")
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return int(result["worst_p95_ms"] > PROMISE_MS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
