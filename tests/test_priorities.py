"""What is urgent overtakes what is not: over real brokers, and in one process."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from kombu import Connection, Queue

from schemas import ConfigError
from tests.command import EXECUTABLE
from tests.conftest import Broker
from tests.form import FORM
from worker.app import make_app
from worker.batch import serve, submit
from worker.ingest import load
from worker.queues import FIRST, INGEST_ITEM, QUEUES, READ
from worker.settings import Settings, load_settings
from worker.steps import LEASE
from worker.store import Store
from worker.store.database import connect
from worker.store.models import ChunkRow, DocumentRow, ReadingRow


def form(folder: Path, name: str) -> Path:
    path = folder / f"{name}.txt"
    path.write_text(FORM.format(total="120.50").replace("某某局", f"{name}局"), encoding="utf-8")
    return path


def read_order(database_url: str) -> list[str]:
    """Names of documents in the order in which their tables were read, each time once."""
    engine = connect(database_url)
    query = (
        sa.select(DocumentRow.name)
        .join(ChunkRow, ChunkRow.document_id == DocumentRow.id)
        .join(ReadingRow, ReadingRow.chunk_id == ChunkRow.id)
        .order_by(ReadingRow.id)
    )
    with engine.connect() as connection:
        names = list(connection.execute(query).scalars())
    engine.dispose()
    return [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]


def await_that(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.1)


@contextmanager
def running(*arguments: str) -> Iterator[None]:
    with subprocess.Popen([EXECUTABLE, *arguments], stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.fixture
def over_broker(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for queue in QUEUES:
        broker.queue(queue)
    monkeypatch.setenv("GOUJI_BROKER_URL", broker.url)
    monkeypatch.setenv("GOUJI_QUEUE_PREFIX", broker.prefix)
    return load_settings()


def test_the_most_urgent_goes_first_over_a_broker(over_broker: Settings, tmp_path: Path) -> None:
    settings = over_broker
    with Store.open(settings) as store:

        def cut(documents: int) -> bool:
            return [record.status for record in store.list_documents()] == ["reading"] * documents

        with running("worker", "-q", "ingest", "-c", "1"):
            for number, (name, priority) in enumerate((("bulk", 2), ("usual", 5), ("urgent", 9)), start=1):
                submit([form(tmp_path, name)], store, settings, name, priority=priority)
                await_that(lambda number=number: cut(number))  # type: ignore[misc]
            with running("extract", str(form(tmp_path, "now"))):
                await_that(lambda: cut(4))
                # All are in line before anyone reads.
                with running("worker", "-q", "llm", "-q", "reconcile", "-c", "1"):
                    await_that(lambda: all(record.status == "done" for record in store.list_documents()))
    assert read_order(settings.database_url) == ["now.txt", "urgent.txt", "usual.txt", "bulk.txt"]


def test_the_most_urgent_goes_first_in_one_process(tmp_path: Path, database_url: str) -> None:
    settings = load_settings(database_url=database_url)
    with Store.open(settings) as store:
        for name, priority in (("bulk", 2), ("usual", 5), ("urgent", 9)):
            submit([form(tmp_path, name)], store, settings, name, priority=priority)
        serve(store, settings, until_done=True, threads=1)
    assert read_order(database_url) == ["urgent.txt", "usual.txt", "bulk.txt"]


def test_a_document_is_as_urgent_as_the_most_urgent_open_batch_that_waits_for_it(
    tmp_path: Path, database_url: str
) -> None:
    settings = load_settings(database_url=database_url)
    with Store.open(settings) as store:
        path = form(tmp_path, "a")
        for name, priority in (("low", 2), ("high", 8), ("paused", 9)):
            submit([path], store, settings, name, priority=priority)
        items = store.take_items(3)
        assert sorted(store.urgency.of_items(items).values()) == [2, 8, 9]
        document = store.add_document(load(path)).id
        for item in items:
            store.claim_item(item, "w", 3, LEASE, lambda _worker: False)
            store.settle_item(item, "reading", document)
        store.cancel_batch("paused")
        assert store.urgency.of_documents([document, 99]) == {document: 8}


def test_a_queue_that_was_made_without_priorities_is_named(rabbitmq_broker: Broker) -> None:
    name = rabbitmq_broker.queue("llm")
    for queue in QUEUES:
        rabbitmq_broker.queue(queue)
    with Connection(rabbitmq_broker.url) as connection:
        Queue(name)(connection.default_channel).declare()
    app = make_app(load_settings(broker_url=rabbitmq_broker.url, queue_prefix=rabbitmq_broker.prefix))
    app.send(INGEST_ITEM, 1)
    with pytest.raises(ConfigError, match="GOUJI_QUEUE_PREFIX: a queue of this name is there"):
        app.send(READ, 1, urgency=FIRST)
    with pytest.raises(ConfigError, match="GOUJI_QUEUE_PREFIX: a queue of this name is there"):
        app.declare()
