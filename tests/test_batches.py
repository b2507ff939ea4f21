"""Batches: entered, shared out fairly, paid for, cancelled, tried again; in this process and over brokers."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from schemas import InputError, Transient
from tests.asked import CALL, Asked
from tests.command import EXECUTABLE, Gouji
from tests.conftest import Broker
from tests.documentation import clean_environment
from tests.form import FORM
from worker.batch import process, serve, submit
from worker.ingest import load
from worker.pipeline import Reader
from worker.queues import QUEUES
from worker.readers.layout import LayoutReader
from worker.settings import Settings, load_settings
from worker.store import BatchRecord, Entry, Store
from worker.store.database import connect
from worker.store.models import ItemRow

PAID = CALL.model_copy(update={"cost_usd": Decimal("0.000001500001"), "completion_tokens": 3})


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url, attempts=2)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three forms that differ, and one file that is none."""
    path = tmp_path / "2023.zip"
    with ZipFile(path, "w") as packed:
        for name in ("甲", "乙", "丙"):
            packed.writestr(f"{name}.txt", FORM.format(total="120.50").replace("某某局", f"{name}局"))
        packed.writestr("bad.txt", b"\x00\x01\x02")
    return path


def one(store: Store, name: str) -> BatchRecord:
    (record,) = store.list_batches(name)
    return record


def test_an_archive_is_entered_and_read_and_what_cannot_be_is_named(
    archive: Path, store: Store, settings: Settings
) -> None:
    assert [each._asdict() for each in submit([archive], store, settings, "b", priority=7)] == [
        {"batch": "b", "new": 4, "known": 0, "refused": ()}
    ]
    waiting = one(store, "b")
    assert (waiting.status, waiting.items, waiting.priority) == ("open", {"waiting": 4}, 7)
    serve(store, settings, until_done=True)
    done = one(store, "b")
    assert (done.status, done.items, done.tables) == ("done", {"done": 3, "failed": 1}, {"accepted": 6})
    (failed,) = store.list_items("b", "failed")
    assert failed.place.endswith("2023.zip!/bad.txt")
    assert failed.place in (failed.error or "")
    (bad,) = [record for record in store.list_documents() if record.status == "failed"]
    assert bad.name == "2023.zip!/bad.txt"


def test_what_was_entered_before_is_not_entered_again(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text(FORM, encoding="utf-8")
    submit([first], store, settings, "b")
    serve(store, settings, until_done=True)
    second.write_text(FORM.replace("某某局", "另一局"), encoding="utf-8")
    (again,) = submit([first, second], store, settings, "b")
    assert (again.new, again.known) == (1, 1)
    assert one(store, "b").items == {"done": 1, "waiting": 1}
    first.write_text(FORM.replace("某某局", "第三局"), encoding="utf-8")
    (changed,) = submit([first, second], store, settings, "b")
    assert (changed.new, changed.known) == (1, 1)
    serve(store, settings, until_done=True)
    assert one(store, "b").items == {"done": 2}
    assert len(store.list_documents()) == 3


def test_a_batch_that_is_not_all_entered_holds_up_no_one(
    form: Path, store: Store, settings: Settings
) -> None:
    submit([form], store, settings, "b")
    store.enter_batch("b")
    serve(store, settings, until_done=True)
    assert (one(store, "b").status, one(store, "b").items) == ("open", {"done": 1})
    submit([form], store, settings, "b")
    assert one(store, "b").status == "done"


def test_a_manifest_may_name_batches_and_priorities(tmp_path: Path, store: Store, settings: Settings) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(FORM + name, encoding="utf-8")
    manifest = tmp_path / "list.csv"
    manifest.write_text("path,batch,priority\na.txt,urgent,9\nb.txt,,\n", encoding="utf-8")
    done = submit([], store, settings, "rest", manifest=manifest)
    assert sorted((each.batch, each.new) for each in done) == [("rest", 1), ("urgent", 1)]
    assert (one(store, "urgent").priority, one(store, "rest").priority) == (9, 5)


def entry(number: int) -> Entry:
    return Entry(f"{number}", f"{number}", f"{number:064}", 1, {})


def test_a_small_batch_does_not_wait_for_a_large_one(store: Store) -> None:
    large, small = store.enter_batch("large"), store.enter_batch("small")
    for number in range(20):
        store.add_item(large, entry(number))
    for number in range(3):
        store.add_item(small, entry(number))
    taken = store.take_items(6)
    assert len(taken) == 6
    assert (one(store, "large").items["sent"], one(store, "small").items["sent"]) == (3, 3)
    # What is at work takes room; of what is left the large one has it all.
    assert store.take_items(6) == []
    assert len(store.take_items(10)) == 4
    assert one(store, "large").items == {"sent": 7, "waiting": 13}


def test_each_step_of_priority_doubles_the_share(store: Store) -> None:
    batches = {store.enter_batch(name, priority): name for name, priority in (("a", 5), ("b", 6), ("c", 7))}
    for batch in batches:
        for number in range(40):
            store.add_item(batch, entry(number))
    store.take_items(28)
    assert {name: one(store, name).items["sent"] for name in batches.values()} == {"a": 4, "b": 8, "c": 16}


def test_a_batch_stops_at_its_budget_and_goes_on_with_another(
    archive: Path, store: Store, settings: Settings
) -> None:
    reader = Asked()
    reader.calls = (PAID,)
    submit([archive], store, settings, "b", budget=Decimal("0.000003"))
    readers: list[Reader] = [LayoutReader(), reader]
    serve(store, settings, until_done=True, threads=1, readers=readers)
    paused = one(store, "b")
    # Two tables cost it; the third is not asked for.
    assert (paused.status, paused.reason) == ("paused", "its budget is spent")
    assert paused.spent_usd == 2 * Decimal("0.000001500001")
    assert sum(reader.times.values()) == 2
    with pytest.raises(InputError, match=r"has spent 0\.000003000002 USD of its budget of 0\.000003"):
        store.resume_batch("b")
    store.resume_batch("b", Decimal(1))
    serve(store, settings, until_done=True, threads=1, readers=readers)
    done = one(store, "b")
    assert (done.status, done.items) == ("done", {"done": 3, "failed": 1})
    assert done.spent_usd == 6 * Decimal("0.000001500001")
    assert done.tokens == 6 * 10


def test_a_cancelled_batch_leaves_alone_what_another_waits_for(
    archive: Path, store: Store, settings: Settings
) -> None:
    submit([archive], store, settings, "first", priority=9)
    submit([archive], store, settings, "second")
    assert store.cancel_batch("first") == 4
    with pytest.raises(InputError, match="there is no batch of this name; gouji status lists them"):
        store.cancel_batch("third")
    serve(store, settings, until_done=True)
    assert (one(store, "first").status, one(store, "first").items) == ("cancelled", {"cancelled": 4})
    assert one(store, "second").items == {"done": 3, "failed": 1}


def test_a_document_of_a_cancelled_batch_can_be_read_after_all(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(FORM.format(total="120.50"), encoding="utf-8")
    submit([path], store, settings, "b")
    (item,) = store.take_items(1)
    claim = store.claim_item(item, "w", 3, timedelta(hours=1))
    assert claim is not None
    document = store.add_document(load(path))
    store.settle_item(item, "reading", document.id)
    store.cancel_batch("b")
    assert store.record(document.id).status == "cancelled"
    (outcome,) = process([path], store, settings)
    assert (outcome.record.status, outcome.record.counts) == ("done", {"accepted": 2})


def test_what_failed_is_tried_again(archive: Path, store: Store, settings: Settings) -> None:
    well = False
    reader = Asked(lambda _chunk, _times: None if well else Transient("connection reset"))
    submit([archive], store, settings, "b")
    serve(store, settings, until_done=True, threads=4, readers=[reader])
    assert one(store, "b").tables == {"failed": 6}
    well = True
    assert store.retry_batch("b") == 4
    serve(store, settings, until_done=True, threads=4, readers=[reader])
    assert (one(store, "b").items, one(store, "b").tables) == ({"done": 3, "failed": 1}, {"accepted": 6})


def test_a_file_whose_readers_are_lost_is_given_up(store: Store, database_url: str) -> None:
    batch = store.enter_batch("b")
    store.add_item(batch, entry(1))
    store.close_entry(batch)
    (item,) = store.take_items(1)
    hour = timedelta(hours=1)
    assert store.claim_item(item, "first", 2, hour)
    assert store.claim_item(item, "second", 2, hour) is None
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.update(ItemRow).values(touched_at=datetime(2020, 1, 1, tzinfo=UTC)))
    engine.dispose()
    assert store.claim_item(item, "second", 2, hour)
    # Who has it may take it again; another not before it is lost, and then it is given up.
    assert store.claim_item(item, "second", 2, hour)
    assert store.claim_item(item, "third", 2, hour) is None
    assert store.claim_item(item, "third", 2, hour, lambda worker: worker == "second") is None
    (failed,) = store.list_items("b")
    assert failed.error == "1: its reader was lost 2 times; give it by itself, or raise GOUJI_INGEST_MEMORY"


def test_the_tables_come_and_go(database_url: str, settings: Settings) -> None:
    Store.open(settings).close()
    config = Config()
    config.set_main_option("script_location", "worker:store/migrations")
    engine = connect(database_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
        assert "items" in sa.inspect(connection).get_table_names()
    engine.dispose()


# The command


def test_a_batch_without_a_broker(tmp_path: Path, archive: Path) -> None:
    gouji = Gouji(tmp_path)
    entered = gouji("submit", archive)
    assert (entered.returncode, entered.stdout) == (0, "2023: 4 files queued\n")
    assert gouji("worker", "--until-done").returncode == 0
    shown = gouji("status", "2023")
    assert "4/4" in shown.stdout
    assert "2023.zip!/bad.txt" in shown.stderr
    told = json.loads(gouji("status", "2023", "--json").stdout)
    assert (told[0]["status"], told[0]["items"]) == ("done", {"done": 3, "failed": 1})
    assert gouji("retry", "2023", "--failed").stdout == "2023: 1 files are tried again\n"
    assert gouji("cancel", "2023").stdout == "2023: 1 files given up\n"
    assert gouji("submit", archive, "--budget-usd", "much").returncode == 2


def test_a_batch_over_a_broker(tmp_path: Path, archive: Path, broker: Broker) -> None:
    gouji = Gouji(tmp_path)
    for queue in QUEUES:
        broker.queue(queue)
    over = {"GOUJI_BROKER_URL": broker.url, "GOUJI_QUEUE_PREFIX": broker.prefix}
    assert gouji("submit", archive, **over).returncode == 0
    environment = clean_environment(gouji.home, **over)
    with subprocess.Popen([EXECUTABLE, "worker"], env=environment, cwd=tmp_path) as worker:
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                (told,) = json.loads(gouji("status", "2023", "--json", **over).stdout)
                if told["status"] == "done":
                    break
                time.sleep(0.3)
        finally:
            worker.terminate()
    assert (told["status"], told["items"]) == ("done", {"done": 3, "failed": 1})
    assert os.WEXITSTATUS(worker.returncode) == 0
