"""What ended long ago goes, rows first and then files; what is open, shared or waits for a person stays."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from schemas import InputError, Transient
from tests.asked import Asked
from tests.command import ARCHIVE, EXECUTABLE, Gouji
from tests.documentation import clean_environment
from tests.form import FORM
from tests.test_blobs import endpoint as endpoint
from tests.test_blobs import s3_url as s3_url
from worker.batch import process, serve, submit
from worker.cli import app
from worker.files import write_whole
from worker.ingest import load
from worker.ingest.cache import PageCache
from worker.readers.cache import AnswerCache, key_of
from worker.retention import plan, purge
from worker.settings import Settings, load_settings
from worker.steps import RAW
from worker.store import Store
from worker.store.database import connect
from worker.store.retention import Expired

OLD = datetime(2020, 1, 1, tzinfo=UTC)
AT_WORK = ("batches", "items", "documents", "names", "chunks", "readings", "tables", "findings", "calls")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url, attempts=2)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


def quarter() -> Expired:
    return Expired(datetime.now(UTC) - timedelta(days=90))


def read(store: Store, settings: Settings, batch: str, *paths: Path) -> None:
    submit(list(paths), store, settings, batch)
    serve(store, settings, until_done=True)


def form(folder: Path, name: str) -> Path:
    """A form all of whose tables are accepted."""
    path = folder / f"{name}.txt"
    path.write_text(FORM.format(total="120.50").replace("某某局", f"{name}局"), encoding="utf-8")
    return path


def age(settings: Settings, *batches: str) -> None:
    """Let all that is there, or these batches with their documents, have ended long ago; all files are old."""
    engine = connect(settings.database_url)
    mine = "(select id from batches where name in :names)"
    of = f"(select document_id from items where batch_id in {mine})"  # noqa: S608
    with engine.begin() as connection:
        for table, which in (("batches", mine), ("documents", of)):
            chosen = f" where id in {which}" if batches else ""
            statement = sa.text(f"update {table} set touched_at = :old{chosen}")  # noqa: S608
            if batches:
                statement = statement.bindparams(sa.bindparam("names", list(batches), expanding=True))
            connection.execute(statement, {"old": OLD.isoformat(" ") if "sqlite" in engine.name else OLD})
    engine.dispose()
    for path in settings.home.rglob("*"):
        if path.is_file() and path.suffix != ".db":
            os.utime(path, (OLD.timestamp(), OLD.timestamp()))


def rows(settings: Settings) -> dict[str, list[Any]]:
    """The whole database."""
    engine = connect(settings.database_url)
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        ordered = "select * from {} order by 1, 2"
        found = {
            each: list(connection.execute(sa.text(ordered.format(each))))
            for each in tables
            if each != "alembic_version"
        }
    engine.dispose()
    return found


def files(settings: Settings) -> dict[str, tuple[bytes, float]]:
    """All files of the home but a database."""
    found = [path for path in settings.home.rglob("*") if path.is_file() and "gouji.db" not in path.name]
    return {
        path.relative_to(settings.home).as_posix(): (path.read_bytes(), path.stat().st_mtime)
        for path in found
    }


def kept(settings: Settings) -> list[str]:
    return sorted(files(settings))


def counted(settings: Settings) -> dict[str, int]:
    found = rows(settings)
    return {name: len(found[name]) for name in AT_WORK}


def test_a_dry_run_says_what_goes_and_changes_nothing(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    read(store, settings, "b", form(tmp_path, "甲"), ARCHIVE)
    store.blobs.keep("ab" * 32, "original", b"of no one")
    age(settings)
    before = rows(settings), files(settings)
    told = plan(store, settings, quarter())
    assert (rows(settings), files(settings)) == before
    assert (told.documents, told.items, told.batches, told.files, told.unreviewed) == (1, 1, 0, 2, 1)
    assert purge(store, settings, quarter()) == told
    assert told.size == sum(len(data) for data, _ in before[1].values()) - sum(
        len(data) for data, _ in files(settings).values()
    )
    everything = plan(store, settings, Expired(quarter().before, unreviewed=True))
    assert (everything.documents, everything.items, everything.batches) == (1, 1, 1)


def test_what_waits_for_a_person_stays_until_it_is_told_to_go(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    read(store, settings, "b", form(tmp_path, "甲"), ARCHIVE)
    age(settings)
    purge(store, settings, quarter())
    (left,) = store.list_documents()
    assert left.name == ARCHIVE.name
    assert store.load_extraction(left.id).tables
    assert store.list_batches("b")[0].items == {"done": 1}
    purge(store, settings, Expired(quarter().before, unreviewed=True))
    assert set(counted(settings).values()) == {0}
    assert kept(settings) == []


def test_what_is_young_or_open_stays(tmp_path: Path, store: Store, settings: Settings) -> None:
    first, second, third = (form(tmp_path, name) for name in "甲乙丙")
    read(store, settings, "old", first)
    process([second], store, settings)
    age(settings, "old")
    # The same file waits in another batch: its document is needed still.
    submit([first, third], store, settings, "open")
    before = counted(settings)
    assert purge(store, settings, quarter(), timedelta(0)).documents == 0
    assert counted(settings) == before
    assert len([name for name in kept(settings) if name.endswith(RAW)]) == 2
    serve(store, settings, until_done=True)
    assert store.list_batches("open")[0].items == {"done": 2}
    assert [record.status for record in store.list_documents()] == ["done"] * 3


def test_a_document_goes_with_the_last_of_its_batches(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    shared, own = form(tmp_path, "甲"), form(tmp_path, "乙")
    read(store, settings, "first", shared, own)
    read(store, settings, "second", shared)
    age(settings)
    gone = purge(store, settings, Expired(quarter().before, "first"))
    assert (gone.documents, gone.items, gone.batches, gone.files) == (1, 2, 1, 1)
    (left,) = store.list_documents()
    assert left.name == shared.name
    assert store.load_extraction(left.id).tables
    assert [batch.name for batch in store.list_batches()] == ["second"]
    assert purge(store, settings, quarter()).documents == 1
    assert set(counted(settings).values()) == {0}
    with pytest.raises(InputError, match="there is no batch of this name; gouji status lists them"):
        purge(store, settings, Expired(OLD, "first"))


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from worker.retention import purge
from worker.settings import load_settings
from worker.store import Store, retention
retention.ROWS = 1
settings = load_settings(database_url=sys.argv[1])
def progress(gone):
    if getattr(gone, sys.argv[2]) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
with Store.open(settings) as store:
    purge(store, settings, retention.Expired(datetime(2021, 1, 1, tzinfo=UTC)), progress=progress)
"""


@pytest.mark.parametrize("at", ["documents", "items", "answers"])
def test_one_that_was_killed_is_simply_repeated(
    at: str, tmp_path: Path, store: Store, settings: Settings
) -> None:
    read(store, settings, "b", *(form(tmp_path, name) for name in "甲乙丙"))
    answers = AnswerCache(settings.blobs_url + "/answers")
    for number in range(3):
        answers.put(key_of(number), {"text": "x"})
    age(settings)
    done = subprocess.run([sys.executable, "-c", _KILLED, settings.database_url, at], check=False)
    assert done.returncode == -9
    for record in store.list_documents():
        assert store.load_extraction(record.id).tables
    purge(store, settings, Expired(datetime(2021, 1, 1, tzinfo=UTC)))
    assert set(counted(settings).values()) == {0}
    assert kept(settings) == []


def test_files_that_nothing_speaks_of_go_after_a_day(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    (outcome,) = process([form(tmp_path, "甲")], store, settings)
    text = outcome.record.sha256 or ""
    blobs = settings.home / "blobs"
    sheets = PageCache(settings.home / "pages", text, settings.limits)
    others = PageCache(settings.home / "pages", "cd" * 32, settings.limits)
    for cache in (sheets, others):
        cache.put_total(3)
    for name in (f"ab/{'ab' * 32}.original", f"ab/{'ab' * 32}.raw", "ab/.new-half", "README", "ab/notes"):
        write_whole(blobs / name, b"12345")
    age(settings)
    fresh = f"ef/{'ef' * 32}.{RAW}"
    write_whole(blobs / fresh, b"just now")
    gone = purge(store, settings, Expired(OLD - timedelta(days=1)))
    assert (gone.documents, gone.files, gone.pages) == (0, 3, 1)
    left = [name.removeprefix("blobs/") for name in kept(settings) if name.startswith("blobs/")]
    assert left == sorted(["README", "ab/notes", fresh, f"{text[:2]}/{text}.json.gz"])
    assert (others.load()[0], sheets.load()[0]) == (None, 3)


def test_a_document_that_is_entered_meanwhile_keeps_its_text(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    document = load(form(tmp_path, "甲"))
    store.blobs.put(document)
    blobs = list(store.blobs.listed())
    with store.retention.holding_unnamed(blobs) as going:
        entering = threading.Thread(target=store.add_document, args=[document])
        entering.start()
        for each in going:
            store.blobs.drop(each.sha256, each.name)
    entering.join()
    (record,) = store.list_documents()
    assert store.load_document(record.id).text == document.text
    assert store.retention.unnamed(list(store.blobs.listed())) == []


def test_bytes_of_a_file_go_when_it_is_read_and_stay_where_it_failed(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    good, bad = form(tmp_path, "甲"), tmp_path / "bad.txt"
    bad.write_bytes(b"\x00\x01")
    submit([good, bad], store, settings, "first")
    submit([good], store, settings, "second")
    serve(store, settings, until_done=True, threads=1)
    assert [batch.items for batch in store.list_batches()] == [{"done": 1}, {"done": 1, "failed": 1}]
    (failed,) = store.list_items("first", "failed")
    assert [each.sha256 for each in store.blobs.listed() if each.name == RAW] == [failed.sha256]
    # What was read before takes no room when it is submitted again.
    submit([good], store, settings, "second")
    assert len([each for each in store.blobs.listed() if each.name == RAW]) == 1
    bad.write_text(good.read_text("utf-8") + "注", encoding="utf-8")
    submit([good, bad], store, settings, "first")
    serve(store, settings, until_done=True)
    assert store.list_batches("first")[0].items == {"done": 2}


def test_bytes_that_went_between_two_of_the_same_file_are_not_missed(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    path = form(tmp_path, "甲")
    read(store, settings, "first", path)
    submit([path], store, settings, "second")
    digest = store.list_documents()[0].sha256
    store.blobs.drop(digest or "", RAW)
    serve(store, settings, until_done=True)
    assert store.list_batches("second")[0].items == {"done": 1}


def test_what_was_given_up_is_tried_again_with_its_bytes(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    well = False
    reader = Asked(lambda _chunk, _times: None if well else Transient("connection reset"))
    submit([form(tmp_path, "甲")], store, settings, "b")
    serve(store, settings, until_done=True, threads=2, readers=[reader])
    assert [each.name for each in store.blobs.listed()].count(RAW) == 1
    well = True
    assert store.retry_batch("b") == 1
    serve(store, settings, until_done=True, threads=2, readers=[reader])
    assert store.list_batches("b")[0].tables == {"accepted": 2}
    assert [each.name for each in store.blobs.listed()] == ["json.gz"]


def test_behind_s3(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings = load_settings(blobs_url=request.getfixturevalue("s3_url"))
    with Store.open(settings) as store:
        read(store, settings, "b", form(tmp_path, "甲"), ARCHIVE)
        AnswerCache(settings.blobs_url + "/answers").put(key_of(1), {})
        now = Expired(datetime.now(UTC) + timedelta(minutes=1))
        assert plan(store, settings, now).files == 0  # all of it is young
        gone = purge(store, settings, now, timedelta(minutes=-1))
        assert (gone.documents, gone.files, gone.answers) == (1, 1, 1)
        (left,) = store.list_documents()
        assert store.load_extraction(left.id).tables
        assert [each.sha256 for each in store.blobs.listed()] == [left.sha256]


# The command


@pytest.fixture
def one(tmp_path: Path) -> Gouji:
    """The command, with a batch of one document that ended long ago."""
    gouji = Gouji(tmp_path)
    settings = load_settings(home=gouji.home)
    with Store.open(settings) as store:
        read(store, settings, "b", form(tmp_path, "甲"))
    age(settings)
    return gouji


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--older-than", "90d"], "there is no terminal to ask at; give --yes, or --dry-run"),
        (["--older-than", "90", "--yes"], "90 is no age of a day or more"),
        (["--older-than", "0d", "--yes"], "0d is no age of a day or more"),
        (["--older-than", "99999y", "--yes"], "99999y is no age of a day or more"),
    ],
)
def test_what_it_refuses(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["purge", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert said in done.stderr


def test_it_does_what_it_said_it_would(one: Gouji) -> None:
    told = one("purge", "--older-than", "90d", "--dry-run", "--json")
    gone = one("purge", "--older-than", "90d", "--yes", "--json")
    assert json.loads(told.stdout) == json.loads(gone.stdout)
    assert {key: json.loads(gone.stdout)[key] for key in ("documents", "items", "batches", "files")} == {
        "documents": 1,
        "items": 1,
        "batches": 1,
        "files": 1,
    }


@pytest.mark.parametrize(("answer", "left"), [("n", 1), ("y", 0)])
def test_it_asks_at_a_terminal(one: Gouji, answer: str, left: int) -> None:
    ours, theirs = pty.openpty()
    with (
        os.fdopen(ours, "wb", buffering=0) as terminal,
        subprocess.Popen(
            [EXECUTABLE, "purge", "--older-than", "90d"],
            env=clean_environment(one.home),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as asked,
    ):
        os.close(theirs)
        terminal.write(f"{answer}\n".encode())
        shown = asked.communicate(timeout=60)[1].decode()
    assert "will go: 1 documents, 1 batches with 1 files; 1 kept files" in shown
    assert asked.returncode == left
    with Store.open(load_settings(home=one.home)) as store:
        assert len(store.list_documents()) == left
