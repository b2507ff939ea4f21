"""Exports as tasks: asked for, written to one file whatever their size, taken over, removed after their time."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from schemas import InputError
from tests.api_client import client, served, until, walked
from tests.command import EXECUTABLE, Gouji
from tests.conftest import Broker
from tests.extractions import DOCUMENT, extraction
from tests.form import FORM
from worker import exporting
from worker.app import make_app
from worker.batch import serve, submit
from worker.desk.server import make_backend
from worker.queues import WRITE_EXPORT
from worker.settings import Settings, load_settings
from worker.store import Store
from worker.store.database import connect
from worker.store.models import ExportRow

WORKER = [str(EXECUTABLE), "worker", "-q", "export", "-c", "1"]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url, attempts=2)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "2023.zip"
    with ZipFile(path, "w") as packed:
        for name in ("甲", "乙"):
            packed.writestr(f"{name}.txt", FORM.format(total="120.50").replace("某某局", f"{name}局"))
        packed.writestr("bad.txt", b"\x00\x01\x02")
    return path


def age(database_url: str) -> None:
    """Let all exports lie untouched for years."""
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.update(ExportRow).values(touched_at=LONG_AGO))
    engine.dispose()


def unpacked(store: Store, settings: Settings, export_id: int) -> dict[str, bytes]:
    with exporting.opened(settings, store.exports.get(export_id)) as file:
        packed = ZipFile(io.BytesIO(file.read()))
    return {name: packed.read(name) for name in packed.namelist()}


def documents(files: dict[str, bytes]) -> dict[str, str]:
    """Document → status, as documents.csv lists them."""
    rows = csv.DictReader(io.StringIO(files["documents.csv"].decode("utf-8")))
    return {row["document"]: row["status"] for row in rows}


def test_an_export_of_a_batch_is_one_file_with_what_failed_named(
    archive: Path, store: Store, settings: Settings
) -> None:
    submit([archive], store, settings, "b")
    serve(store, settings, until_done=True)
    store.save_extraction(extraction())
    asked = store.exports.ask(("csv", "xlsx", "parquet"), "b")
    assert (asked.status, asked.batch, asked.done, asked.total) == ("queued", "b", 0, 2)
    with pytest.raises(InputError, match="is queued; wait until it is done"):
        exporting.opened(settings, asked)
    serve(store, settings, until_done=True)
    done = store.exports.get(asked.id)
    assert (done.status, done.done, done.total, done.reason) == ("done", 2, 2, "")
    files = unpacked(store, settings, asked.id)
    assert {"datapackage.json", "cells.csv", "gouji.xlsx", "cells.parquet"} <= set(files)
    assert documents(files) == {
        "2023.zip!/甲.txt": "accepted",
        "2023.zip!/乙.txt": "accepted",
        "2023.zip!/bad.txt": "failed",
    }
    everything = store.exports.ask(("csv",))
    exporting.write(store, settings, everything.id, "w")
    assert len(documents(unpacked(store, settings, everything.id))) == 4
    assert [each.id for each in store.exports.latest()] == [everything.id, asked.id]
    assert [each.id for each in store.exports.latest(before=everything.id)] == [asked.id]


def test_who_dies_leaves_nothing_that_is_served_and_another_takes_over(
    store: Store, settings: Settings, database_url: str
) -> None:
    store.save_extraction(extraction())
    asked = store.exports.ask(("csv",))
    assert store.exports.claim(asked.id, "first", 2)
    assert store.exports.claim(asked.id, "second", 2) is None
    assert store.exports.stuck() == []
    age(database_url)
    assert store.exports.stuck() == [asked.id]
    exporting.write(store, settings, asked.id, "second")
    done = store.exports.get(asked.id)
    assert (done.status, done.attempts, done.file) == ("done", 2, f"{asked.id}-2.zip")
    # The first was only slow: what it brings now is not taken.
    assert not store.exports.touch(asked.id, "first", 1)
    assert not store.exports.finish(asked.id, "first", "other.zip", 1, 1)
    exporting.write(store, settings, asked.id, "third")
    assert store.exports.get(asked.id) == done


def test_one_whose_workers_are_lost_each_time_ends_as_failed(store: Store, database_url: str) -> None:
    asked = store.exports.ask(("csv",))
    for worker in ("first", "second", "third"):
        store.exports.claim(asked.id, worker, 2)
        age(database_url)
    failed = store.exports.get(asked.id)
    assert (failed.status, failed.reason) == ("failed", "its worker was lost 2 times")


def test_a_worker_of_this_machine_that_is_gone_is_not_waited_for(store: Store) -> None:
    asked = store.exports.ask(("csv",))
    store.exports.claim(asked.id, "here/1/x", 2)
    assert store.exports.stuck(lambda worker: worker == "elsewhere/1/x") == []
    assert store.exports.stuck(lambda worker: worker == "here/1/x") == [asked.id]


def test_what_cannot_be_written_says_why(store: Store, settings: Settings, tmp_path: Path) -> None:
    store.save_extraction(extraction())
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "exports").write_text("in the way")
    elsewhere = settings.model_copy(update={"blobs_url": str(tmp_path / "blobs")})
    asked = store.exports.ask(("csv",))
    exporting.write(store, elsewhere, asked.id, "w")
    failed = store.exports.get(asked.id)
    assert failed.status == "failed"
    assert "cannot be written" in failed.reason
    assert not list((settings.home / "exports").iterdir())
    with pytest.raises(InputError, match="there is no such export"):
        store.exports.get(99)
    with pytest.raises(InputError, match="there is no batch of this name"):
        store.exports.ask(("csv",), "none")


def test_exports_are_removed_after_their_time(store: Store, settings: Settings, database_url: str) -> None:
    old, new = store.exports.ask(("csv",)), store.exports.ask(("csv",))
    exporting.write(store, settings, old.id, "w")
    file = settings.home / "blobs" / "exports" / f"{old.id}-1.zip"
    assert file.is_file()
    age(database_url)
    exporting.write(store, settings, new.id, "w")
    assert [each.id for each in store.exports.latest()] == [new.id]
    assert not file.exists()


def test_documents_are_not_held_in_memory() -> None:
    settings = load_settings()

    def peak(store: Store, documents: int) -> int:
        for number in range(documents):
            document = DOCUMENT.model_copy(update={"sha256": f"{number:064x}", "name": f"{number}.txt"})
            store.save_extraction(extraction(document))
        asked = store.exports.ask(("csv",))
        tracemalloc.start()
        exporting.write(store, settings, asked.id, "w")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert store.exports.get(asked.id).done == documents
        return most

    with Store.open(settings) as store:
        peak(store, 1)  # what is imported or kept once
        few, many = peak(store, 2), peak(store, 20)
    # Names of files are held, some kB for each document; one extraction is about 100 kB.
    assert many - few < 18 * 15_000


KILLED = """
import os, signal, sys
from worker import exporting
from worker.holding import holder
from worker.settings import load_settings
from worker.store import Store

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

exporting._pack = die
settings = load_settings()
with Store.open(settings) as store:
    exporting.write(store, settings, int(sys.argv[1]), holder("x"))
"""


def test_an_export_survives_the_kill_of_its_worker(archive: Path) -> None:
    settings = load_settings()
    with Store.open(settings) as store:
        submit([archive], store, settings, "b")
        serve(store, settings, until_done=True)
        asked = store.exports.ask(("csv",), "b")
        killed = subprocess.run([sys.executable, "-c", KILLED, str(asked.id)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert store.exports.get(asked.id).status == "running"
        assert list((settings.home / "exports").iterdir())
        serve(store, settings, until_done=True)
        assert store.exports.get(asked.id).status == "done"
        assert len(documents(unpacked(store, settings, asked.id))) == 3
    assert not list((settings.home / "exports").iterdir())


def test_the_command_exports_a_batch(tmp_path: Path, archive: Path) -> None:
    gouji = Gouji(tmp_path)
    settings = load_settings(home=gouji.home)
    with Store.open(settings) as store:
        submit([archive], store, settings, "b")
        serve(store, settings, until_done=True)
    done = gouji("export", "--batch", "b", "--out", "out")
    assert done.returncode == 1
    assert "2 documents, " in done.stdout
    assert "failed: 1 documents (see documents.csv)" in done.stdout
    assert len((tmp_path / "out" / "documents.csv").read_text("utf-8").splitlines()) == 4
    assert "there is no batch" in gouji("export", "--batch", "2024", "--out", "out").stderr


def test_a_worker_takes_an_export_from_a_broker(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.queue("export")
    monkeypatch.setenv("GOUJI_BROKER_URL", broker.url)
    monkeypatch.setenv("GOUJI_QUEUE_PREFIX", broker.prefix)
    settings = load_settings()
    with Store.open(settings) as store:
        store.save_extraction(extraction())
        asked = store.exports.ask(("csv",))
        make_app(settings).send(WRITE_EXPORT, asked.id)
        with subprocess.Popen(WORKER) as worker:
            try:
                await_that(lambda: store.exports.get(asked.id).status == "done")
            finally:
                worker.terminate()
        assert len(documents(unpacked(store, settings, asked.id))) == 1


def test_an_export_is_asked_for_and_fetched_over_http() -> None:
    settings = load_settings()
    with Store.open(settings) as store, served(make_backend(settings, store)) as url:
        store.save_extraction(extraction())
        with client(url, store, "read") as asked:
            wish, key = {"formats": ["csv", "xlsx"]}, {"idempotency-key": "once"}
            answer = asked.post("/exports", json=wish, headers=key)
            assert (answer.status_code, answer.json()["total"]) == (202, 1)
            path = answer.headers["location"].removeprefix("/api/v1")
            assert asked.post("/exports", json=wish, headers=key).json() == answer.json()
            until(lambda: asked.get(path).json()["status"] == "done")
            fetched = asked.get(f"{path}/file")
            assert fetched.headers["content-disposition"] == 'attachment; filename="gouji-export-1.zip"'
            assert fetched.headers["content-type"] == "application/zip"
            with ZipFile(io.BytesIO(fetched.content)) as packed:
                assert {"documents.csv", "gouji.xlsx"} <= set(packed.namelist())
            (listed,) = walked(asked, "/exports")
            assert (listed["id"], listed["done"], listed["size"]) == (1, 1, len(fetched.content))
            assert asked.get("/exports/9").status_code == asked.get("/exports/9/file").status_code == 404
            assert asked.post("/exports", json={"batch": "none"}).status_code == 409
            assert asked.post("/exports", json={"formats": ["docx"]}).status_code == 422
            waiting = store.exports.ask(("csv",))
            store.exports.claim(waiting.id, "other", 2)
            assert asked.get(f"/exports/{waiting.id}/file").status_code == 409


def await_that(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.1)
