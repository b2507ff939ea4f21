"""Documents through the tasks: in this process and over real brokers, with readers that fail in every way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from evals.simulate.server import ScriptedServer
from prompts import WIRES
from schemas import Chunk, Invalid, Refused, Throttled, Transient
from tests.asked import CALL, Asked
from tests.book import Book
from tests.form import FORM
from worker import steps
from worker.app import InProcess, make_app
from worker.batch import Outcome, process
from worker.holding import is_gone
from worker.ingest import load
from worker.queues import SWEEP
from worker.readers.breaker import Breaker
from worker.readers.layout import LayoutReader
from worker.segment import segment
from worker.settings import Settings, load_settings
from worker.store import Progress, Store
from worker.store.database import connect
from worker.store.models import ChunkRow, DocumentRow


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url, attempts=3)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


def run(paths: Sequence[Path], store: Store, settings: Settings, *readers: Asked) -> list[Outcome]:
    return process(paths, store, settings, readers=[LayoutReader(), *readers])


# In this process


def test_files_come_out_read_and_bad_ones_stop_nothing(form: Path, store: Store, settings: Settings) -> None:
    folder = form.parent
    (folder / "a.bin.txt").write_bytes(bytes(range(256)))
    (folder / "same.txt").write_bytes(form.read_bytes())
    seen: list[Progress] = []
    outcomes = process([folder, folder / "missing.txt"], store, settings, seen.append)
    assert [(Path(outcome.place).name, outcome.record.status, outcome.read) for outcome in outcomes] == [
        ("a.bin.txt", "failed", False),
        ("form.txt", "done", True),
        ("same.txt", "done", True),
        ("missing.txt", "failed", False),
    ]
    assert "is binary data" in outcomes[0].error
    assert "no such file" in outcomes[3].error
    assert outcomes[1].document_id == outcomes[2].document_id
    assert [record.status for record in store.list_documents()] == ["failed", "done", "failed"]
    assert seen[-1].open == 0 < seen[-1].done == seen[-1].total
    assert {"accepted"} == set(store.record(outcomes[1].document_id).counts)


def test_the_same_file_is_read_once_until_it_is_asked_otherwise(
    form: Path, store: Store, settings: Settings
) -> None:
    reader = Asked()
    chunks = len(segment(load(form)))
    (first,) = run([form], store, settings, reader)
    (second,) = run([form], store, settings, reader)
    assert (first.read, second.read, sum(reader.times.values())) == (True, False, chunks)
    (other,) = run([form], store, settings.model_copy(update={"model": "m", "readers": "both"}), reader)
    assert (other.read, other.record.run, sum(reader.times.values())) == (True, 2, 2 * chunks)
    (again,) = process([form], store, settings, again=True)
    assert (again.read, again.record.run) == (True, 3)


def test_what_passes_is_tried_again_and_what_is_known_is_not_asked_again(
    form: Path, store: Store, settings: Settings
) -> None:
    def trouble(chunk: Chunk, times: int) -> Exception | None:
        busy = Throttled("429", retry_after=0.01)
        busy.calls = (CALL,)
        return busy if chunk.id == "t01" and times < 3 else None

    first, second = Asked(trouble), Asked()
    second.name = "second"
    (outcome,) = run([form], store, settings, second, first)
    assert (outcome.record.status, outcome.record.poisoned) == ("done", 0)
    assert (first.times["t01"], second.times["t01"]) == (3, 1)
    read = store.load_read(outcome.document_id)
    assert [reading.reader for reading in read.readings["t01"]] == ["layout", "second", "asked"]
    assert read.problems == {}
    assert store.usage(outcome.document_id).calls == 2


def test_what_does_not_pass_is_poisoned_and_the_document_finishes(
    form: Path, store: Store, settings: Settings
) -> None:
    reader = Asked(lambda chunk, _: Throttled("429", retry_after=0.0) if chunk.id == "t01" else None)
    (outcome,) = run([form], store, settings, reader)
    assert (outcome.record.status, outcome.record.poisoned, outcome.error) == ("done", 1, "")
    assert reader.times["t01"] == settings.attempts
    assert store.load_read(outcome.document_id).problems == {"t01": ("asked: 429",)}
    assert [r.reader for r in store.load_extraction(outcome.document_id).readings["t01"]] == ["layout"]
    # Once the endpoint is well again, the same command reads what was given up.
    (later,) = run([form], store, settings, Asked())
    assert (later.read, later.record.run, later.record.poisoned) == (True, 2, 0)


@pytest.mark.parametrize("error", [Refused("declined"), Invalid(("row 7 has 3 cells",)), KeyError("bug")])
def test_what_will_not_pass_leaves_the_chunk_without_that_reading(
    form: Path, store: Store, settings: Settings, error: Exception
) -> None:
    reader = Asked(lambda _chunk, _times: error)
    (outcome,) = process([form], store, settings, readers=[reader])
    assert set(reader.times.values()) == {1}
    assert outcome.record.status == "done"
    assert set(outcome.record.counts) == {"failed"}
    for verdict in store.load_extraction(outcome.document_id).verdicts.values():
        assert f"asked: {error}" in verdict.reasons


def test_a_model_is_asked_only_where_the_layout_does_not_close(
    form: Path, store: Store, settings: Settings
) -> None:
    form.write_text(FORM.format(total="999.50"), encoding="utf-8")
    reader = Asked()
    run([form], store, settings.model_copy(update={"llm_when": "unclosed"}), reader)
    assert set(reader.times) == {"t02"}


def test_a_model_behind_http_is_the_second_reader(form: Path, store: Store, settings: Settings) -> None:
    book = Book(WIRES["refs"])
    for chunk in segment(load(form)):
        book.add(chunk, LayoutReader().read(chunk).table)
    with ScriptedServer(book) as server:
        asking = load_settings(
            database_url=settings.database_url, model="m", openai_base_url=server.url, openai_api_key="k"
        )
        (outcome,) = process([form], store, asking)
    assert (outcome.record.status, outcome.record.counts) == ("done", {"accepted": 2})
    readings = store.load_extraction(outcome.document_id).readings
    assert [[r.reader for r in found] for found in readings.values()] == [["layout", "llm"]] * 2
    used = store.usage(outcome.document_id)
    assert (used.calls, used.prompt_tokens) == (len(server.asked + server.probes), 1000 * used.calls)


def test_a_chunk_that_is_delivered_twice_is_read_once(form: Path, store: Store, settings: Settings) -> None:
    reader = Asked()
    document_id = store.add_document(load(form)).id
    first, *_ = steps.cut_document(store, document_id)
    assert steps.cut_document(store, document_id)[0] == first
    assert steps.read(store, [reader], settings, first, "m1") == steps.Read(document_id)
    assert steps.read(store, [reader], settings, first, "m1") == steps.Read(document_id)
    assert steps.read(store, [reader], settings, first, "m2") == steps.Read(document_id)
    assert reader.times == {"t01": 1}
    assert len(store.load_read(document_id).readings["t01"]) == 1


def test_an_endpoint_that_does_not_answer_is_spared(form: Path) -> None:
    well = False
    reader = Asked(lambda chunk, _times: None if well or chunk.blank else Transient("connection refused"))
    chunk = segment(load(form))[0]
    breaker = Breaker(reader, failures=2, pause_s=0.3, wait_s=0)

    def is_turned_away() -> bool:
        with pytest.raises((Throttled, Transient)) as caught:
            breaker.read(chunk)
        if isinstance(caught.value, Throttled):
            assert str(caught.value).endswith("tries in vain, the last: connection refused")
            assert 0 < (caught.value.retry_after or 0) <= 0.3
        return isinstance(caught.value, Throttled)

    # What needs no answer is neither turned away nor a sign of life.
    blank = chunk.model_copy(update={"blank": "no figures"})
    breaker.read(blank)
    assert [is_turned_away() for _ in range(3)] == [False, True, True]
    breaker.read(blank)
    assert is_turned_away()
    time.sleep(0.35)
    assert [is_turned_away() for _ in range(2)] == [False, True]
    time.sleep(0.35)
    well, reader.calls = True, (CALL.model_copy(update={"cached": True}),)
    assert breaker.read(chunk).reader == "asked"
    reader.calls = (CALL,)
    breaker.read(chunk)
    # One that has answered once gets more patience.
    well = False
    assert [is_turned_away() for _ in range(3)] == [False, False, True]


def test_nothing_is_asked_of_an_endpoint_until_it_has_answered_once(form: Path) -> None:
    met: list[str] = []

    def trouble(_chunk: Chunk, _times: int) -> Exception:
        met.append(threading.current_thread().name)
        time.sleep(0.3)
        return Transient("connection refused")

    breaker = Breaker(Asked(trouble), wait_s=0)
    chunk = segment(load(form))[0]
    told: list[Exception] = []

    def ask() -> None:
        try:
            breaker.read(chunk)
        except (Transient, Throttled) as error:
            told.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(met) == 1
    assert sorted(type(error).__name__ for error in told) == ["Paused"] * 3 + ["Transient"]


def test_many_threads_read_a_folder(form: Path, store: Store, settings: Settings) -> None:
    for number in range(8):
        text = FORM.format(total=f"{number}.00")
        (form.parent / f"{number}.txt").write_text(text, encoding="utf-8")
    names: set[str] = set()
    gate = threading.Barrier(3, timeout=20)

    def meet(_chunk: Chunk, _times: int) -> None:
        # Three at a time, or the gate breaks.
        if len(names) < 3:
            names.add(threading.current_thread().name)
            gate.wait()

    wide = settings.model_copy(update={"model": "m", "readers": "both", "concurrency": 3})
    outcomes = run([form.parent], store, wide, Asked(meet))
    assert [outcome.record.status for outcome in outcomes] == ["done"] * 9
    assert {outcome.record.poisoned for outcome in outcomes} == {0}
    assert len(names) == 3


# Loss

KILLED = """
import os, sys
from worker.batch import process
from worker.settings import load_settings
from worker.store import Store

class Deadly:
    name = "layout"
    def read(self, chunk):
        os._exit(9)

settings = load_settings(attempts=2)
process(sys.argv[1:], Store.open(settings), settings, readers=[Deadly()])
"""


def kill_while_reading(form: Path, database_url: str) -> None:
    environment = {**os.environ, "GOUJI_DATABASE_URL": database_url}
    done = subprocess.run([sys.executable, "-c", KILLED, str(form)], env=environment, check=False)
    assert done.returncode == 9


def test_what_a_killed_process_left_is_taken_up(
    form: Path, store: Store, settings: Settings, database_url: str
) -> None:
    kill_while_reading(form, database_url)
    assert store.progress([store.find("form.txt").id]).held == 1
    (outcome,) = run([form], store, settings)
    assert (outcome.record.status, outcome.record.poisoned) == ("done", 0)


def test_a_chunk_that_kills_its_reader_is_given_up(
    form: Path, store: Store, settings: Settings, database_url: str
) -> None:
    for _ in range(2):
        kill_while_reading(form, database_url)
    careful = settings.model_copy(update={"attempts": 2})
    (outcome,) = process([form], store, careful)
    assert (outcome.record.status, outcome.record.poisoned) == ("done", 1)
    verdicts = store.load_extraction(outcome.document_id).verdicts
    assert [verdict.status for verdict in verdicts.values()] == ["failed", "accepted"]


def test_only_processes_of_this_machine_are_known_to_be_gone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    host = os.uname().nodename
    assert is_gone(f"{host}/{int(done.stdout)}/x")
    assert not is_gone(f"{host}/{os.getpid()}/x")
    assert not is_gone(f"elsewhere/{int(done.stdout)}/x")
    assert not is_gone("0b7d9a52-2f64-4e0e-a1a4-2f1f3b4b3f0e")


def test_the_sweeper_finds_what_has_lost_its_message(
    form: Path, store: Store, settings: Settings, database_url: str
) -> None:
    document = load(form)
    queued = store.add_document(document).id
    half = store.add_document(document.model_copy(update={"sha256": "b" * 64})).id
    first, *_ = steps.cut_document(store, half)
    store.claim_chunk(first, "gone", 5, timedelta(hours=1))
    unconcluded = store.add_document(document.model_copy(update={"sha256": "c" * 64})).id
    for each in steps.cut_document(store, unconcluded):
        steps.read(store, [LayoutReader()], settings, each, "m")
    app = make_app(settings, store, [LayoutReader()])
    assert isinstance(app, InProcess)
    app.send(SWEEP)
    app.run(1, lambda: None)
    assert store.unfinished([queued, half, unconcluded]) == [queued, half, unconcluded]
    engine = connect(database_url)
    with engine.begin() as connection:
        for row in (ChunkRow, DocumentRow):
            connection.execute(sa.update(row).values(touched_at=datetime(2020, 1, 1, tzinfo=UTC)))
    engine.dispose()
    app.send(SWEEP)
    app.run(1, lambda: None)
    assert store.unfinished([queued, half, unconcluded]) == []


def test_transient_faults_wait_longer_each_time(form: Path, store: Store, settings: Settings) -> None:
    reader = Asked(lambda _chunk, _times: Transient("connection reset"))
    first, *_ = steps.cut_document(store, store.add_document(load(form)).id)
    pauses = [steps.read(store, [reader], settings, first, "m").again_in for _ in range(settings.attempts)]
    assert pauses == [1.0, 2.0, None]
