"""What is put into the store comes out as it was, and of several workers one gets the work. On both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemas import ConfigError, Document, InputError, Unreadable
from schemas.findings import Call
from tests.form import FORM
from worker.ingest import load
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader
from worker.segment import segment
from worker.settings import load_settings
from worker.store import BlobStore, Store
from worker.store.database import connect
from worker.store.models import ChunkRow, FindingRow, ReadingRow, TableRow

HOUR = timedelta(hours=1)
NOTHING = timedelta(0)

BUDGET = FORM.format(total="119.50")


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    with Store(database_url, BlobStore(tmp_path / "blobs")) as store:
        yield store


@pytest.fixture
def document(tmp_path: Path) -> Document:
    path = tmp_path / "某某局.txt"
    path.write_text(BUDGET, encoding="utf-8")
    return load(path)


@pytest.fixture
def extraction(document: Document) -> Extraction:
    return extract(document, [LayoutReader()])


# Documents


def test_an_extraction_comes_back_as_it_was(store: Store, extraction: Extraction) -> None:
    assert len(extraction.tables) >= 2
    assert {finding.status for finding in extraction.findings} >= {"passed", "failed"}
    document_id = store.save_extraction(extraction, "layout")
    for key in (
        document_id,
        "某某局.txt",
        extraction.document.sha256,
        extraction.document.sha256[:8].upper(),
    ):
        assert store.load_extraction(key) == extraction


def test_saving_again_replaces_and_does_not_double(store: Store, extraction: Extraction) -> None:
    first = store.save_extraction(extraction)
    assert store.save_extraction(extraction) == first
    assert store.load_extraction(first) == extraction
    assert len(store.list_documents()) == 1


def test_a_listed_document_says_what_became_of_it(store: Store, extraction: Extraction) -> None:
    store.save_extraction(extraction, "layout")
    (record,) = store.list_documents()
    assert (record.name, record.status, record.recipe, record.run) == ("某某局.txt", "done", "layout", 1)
    assert (record.year, record.stage, record.pages) == (2024, "final", 1)
    statuses = [verdict.status for verdict in extraction.verdicts.values()]
    assert record.counts == {status: statuses.count(status) for status in statuses}
    assert record.tables == len(extraction.verdicts)
    assert record.failed == sum(finding.status == "failed" for finding in extraction.findings) > 0


def test_the_same_file_is_one_document_under_its_latest_name(store: Store, document: Document) -> None:
    first = store.add_document(document, "layout")
    again = store.add_document(document.model_copy(update={"name": "second.txt"}), "other")
    assert (first.created, again.created) == (True, False)
    assert again.id == first.id
    assert (again.record.name, again.record.recipe) == ("second.txt", "layout")
    assert store.find("某某局.txt").id == store.find("second.txt").id == first.id
    assert store.load_document(first.id) == document.model_copy(update={"name": "second.txt"})


def test_what_is_not_there_is_an_error_with_its_remedy(store: Store, document: Document) -> None:
    with pytest.raises(InputError, match=r"nothing\.txt: is not in the store; extract it first"):
        store.find("nothing.txt")
    with pytest.raises(KeyError):
        store.record(7)
    added = store.add_document(document)
    with pytest.raises(InputError, match=r"is queued: not read to its end; extract it again"):
        store.load_extraction(added.id)


def test_a_text_that_is_gone_is_named(store: Store, document: Document, tmp_path: Path) -> None:
    added = store.add_document(document)
    next((tmp_path / "blobs").rglob("*.json.gz")).unlink()
    with pytest.raises(InputError, match=r"its text .* is gone; extract it again"):
        store.load_document(added.id)


def test_failed_files_are_kept_until_they_can_be_read(store: Store, document: Document) -> None:
    store.record_failure(document.name, Unreadable("a/b", "is binary data", "convert it"))
    failed_id = store.record_failure(document.name, Unreadable("a/b", "is damaged", "save it again"))
    (failed,) = store.list_documents()
    assert (failed.id, failed.sha256, failed.status, failed.error) == (
        failed_id,
        None,
        "failed",
        "is damaged; save it again",
    )
    with pytest.raises(InputError, match="is damaged"):
        store.load_extraction(failed_id)
    store.add_document(document)
    (record,) = store.list_documents()
    assert (record.sha256, record.status) == (document.sha256, "queued")


def test_reading_anew_keeps_what_was_read_before(
    store: Store, extraction: Extraction, database_url: str
) -> None:
    document_id = store.save_extraction(extraction, "layout")
    store.reread(document_id, extraction.document, "both")
    record = store.record(document_id)
    assert (record.status, record.recipe, record.run, record.tables) == ("queued", "both", 2, 0)
    ids = store.add_chunks(document_id, extraction.chunks)
    assert store.claim_chunk(ids[0], "w", 5, HOUR) is not None
    store.save_extraction(extraction)
    assert store.load_extraction(document_id) == extraction
    engine = connect(database_url)
    with engine.connect() as connection:
        numbers = {
            row.__tablename__: list(
                connection.execute(
                    sa.select(sa.func.count(row.id)).group_by(row.run).order_by(row.run)
                ).scalars()
            )
            for row in (ChunkRow, TableRow, FindingRow)
        }
        readings = connection.execute(sa.select(sa.func.count(ReadingRow.id))).scalar()
    engine.dispose()
    chunks = len(extraction.chunks)
    assert numbers == {
        "chunks": [chunks] * 2,
        "tables": [chunks] * 2,
        "findings": [len(extraction.findings)] * 2,
    }
    assert readings == 2 * chunks


# Chunks


@pytest.fixture
def chunk_ids(store: Store, document: Document) -> list[int]:
    return store.add_chunks(store.add_document(document).id, segment(document))


def test_chunks_are_entered_once(store: Store, document: Document, chunk_ids: list[int]) -> None:
    document_id = store.find(document.name).id
    assert store.add_chunks(document_id, segment(document)) == chunk_ids
    assert store.load_read(document_id).chunks == tuple(segment(document))
    assert store.progress([document_id]) == (0, len(chunk_ids), 1, 0, 0)
    assert store.unfinished([document_id, 99]) == [document_id]


def test_one_worker_gets_a_chunk(store: Store, chunk_ids: list[int], document: Document) -> None:
    claim = store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    assert claim is not None
    assert (claim.chunk, claim.attempt, claim.known) == (segment(document)[0], 1, ())
    assert store.claim_chunk(chunk_ids[0], "two", 5, HOUR) is None
    assert store.progress([claim.document_id]).held == 1


def test_a_message_that_comes_again_to_its_own_worker_is_taken_up(store: Store, chunk_ids: list[int]) -> None:
    store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    again = store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    assert again is not None
    assert again.attempt == 1


def test_a_chunk_of_a_worker_that_is_known_to_be_gone_is_free_at_once(
    store: Store, chunk_ids: list[int]
) -> None:
    store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    assert store.claim_chunk(chunk_ids[0], "two", 5, HOUR, lambda worker: worker == "three") is None
    again = store.claim_chunk(chunk_ids[0], "two", 5, HOUR, lambda worker: worker == "one")
    assert again is not None
    assert again.attempt == 2


def test_a_chunk_whose_worker_was_silent_for_the_lease_is_free(store: Store, chunk_ids: list[int]) -> None:
    store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    assert store.claim_chunk(chunk_ids[0], "two", 5, NOTHING) is not None


def test_a_chunk_of_a_worker_that_is_gone_is_free(
    store: Store, chunk_ids: list[int], document: Document
) -> None:
    document_id = store.find(document.name).id
    store.claim_chunk(chunk_ids[0], "dead", 5, HOUR)
    store.claim_chunk(chunk_ids[1], "alive", 5, HOUR)
    store.release_lost(document_id, lambda worker: worker == "dead")
    assert store.claim_chunk(chunk_ids[0], "two", 5, HOUR) is not None
    assert store.claim_chunk(chunk_ids[1], "two", 5, HOUR) is None


def test_after_the_cap_a_chunk_is_poisoned(store: Store, chunk_ids: list[int], document: Document) -> None:
    for worker in ("one", "two"):
        assert store.claim_chunk(chunk_ids[0], worker, 2, NOTHING) is not None
    assert store.claim_chunk(chunk_ids[0], "three", 2, NOTHING) is None
    record = store.find(document.name)
    assert record.poisoned == 1
    assert store.progress([record.id]).done == 1
    assert store.claim_chunk(chunk_ids[0], "two", 9, NOTHING) is None


def test_a_finished_chunk_is_not_given_out(store: Store, chunk_ids: list[int], document: Document) -> None:
    store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    store.finish_chunk(chunk_ids[0], ["llm: declined"])
    assert store.claim_chunk(chunk_ids[0], "one", 5, NOTHING) is None
    read = store.load_read(store.find(document.name).id)
    assert read.problems == {read.chunks[0].id: ("llm: declined",)}


def test_a_released_chunk_can_be_taken_with_what_is_known(
    store: Store, chunk_ids: list[int], extraction: Extraction
) -> None:
    reading = extraction.readings[extraction.chunks[0].id][0]
    store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    assert store.save_reading(chunk_ids[0], reading)
    store.release_chunk(chunk_ids[0], ["llm: busy"], HOUR)
    claim = store.claim_chunk(chunk_ids[0], "two", 5, HOUR)
    assert claim is not None
    assert (claim.attempt, claim.known) == (2, (reading,))


def test_chunks_of_an_earlier_run_are_given_to_no_one(
    store: Store, chunk_ids: list[int], document: Document
) -> None:
    store.reread(store.find(document.name).id, document)
    assert store.claim_chunk(chunk_ids[0], "one", 5, NOTHING) is None


def test_readings_are_written_once_and_figures_stay_exact(
    store: Store, chunk_ids: list[int], extraction: Extraction
) -> None:
    reading = extraction.readings[extraction.chunks[0].id][0]
    call = Call(
        model="m", prompt_version="v", wire="refs", prompt_tokens=1000, cost_usd=Decimal("0.10"), seconds=0.5
    )
    paid = reading.model_copy(update={"calls": (call, call), "notes": ("first",)})
    assert store.save_reading(chunk_ids[0], paid)
    assert not store.save_reading(chunk_ids[0], paid.model_copy(update={"notes": ("second",)}))
    document_id = store.document_of(chunk_ids[0])
    assert store.load_read(document_id).readings[reading.chunk] == (paid,)
    assert store.usage(document_id) == (2, 2000, 0, 0, Decimal("0.20"), 1.0)
    store.save_calls(chunk_ids[1], "llm", [call.model_copy(update={"cost_usd": None, "outcome": "refused"})])
    assert store.usage() == (3, 3000, 0, 0, None, 1.5)


def test_of_many_threads_each_chunk_goes_to_one(store: Store, chunk_ids: list[int]) -> None:
    taken: list[int] = []
    start = threading.Barrier(6)

    def work(worker: str) -> None:
        start.wait()
        taken.extend(each for each in chunk_ids if store.claim_chunk(each, worker, 9, HOUR))

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == chunk_ids


# Conclusion


def test_a_document_is_concluded_by_one_when_all_is_read(
    store: Store, chunk_ids: list[int], extraction: Extraction
) -> None:
    document_id = store.document_of(chunk_ids[0])
    for each in chunk_ids[:-1]:
        store.finish_chunk(each)
    assert not store.is_read(document_id)
    assert not store.claim_finalisation(document_id, "one", HOUR)
    store.finish_chunk(chunk_ids[-1], poisoned=True)
    assert store.is_read(document_id)
    assert store.claim_finalisation(document_id, "one", HOUR)
    assert not store.claim_finalisation(document_id, "two", HOUR)
    assert store.claim_finalisation(document_id, "one", HOUR)
    assert store.claim_finalisation(document_id, "two", NOTHING)
    store.save_extraction(extraction)
    assert not store.claim_finalisation(document_id, "two", NOTHING)
    record = store.record(document_id)
    assert (record.status, record.poisoned) == ("done", 1)


def test_of_many_threads_one_concludes(store: Store, chunk_ids: list[int]) -> None:
    document_id = store.document_of(chunk_ids[0])
    for each in chunk_ids:
        store.finish_chunk(each)
    got: list[bool] = []
    start = threading.Barrier(6)

    def work(worker: str) -> None:
        start.wait()
        got.append(store.claim_finalisation(document_id, worker, HOUR))

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 5 + [True]


def test_what_no_one_touches_is_found_once_in_its_time(
    store: Store, chunk_ids: list[int], document: Document
) -> None:
    reading = store.document_of(chunk_ids[0])
    other = document.model_copy(update={"sha256": "b" * 64, "name": "queued.txt"})
    queued = store.add_document(other).id
    store.claim_chunk(chunk_ids[0], "one", 5, HOUR)
    assert store.stuck(HOUR) == ((), (), (), ())
    assert store.stuck(NOTHING) == ((), (queued,), tuple(chunk_ids), ())
    for each in chunk_ids:
        store.finish_chunk(each)
    assert store.stuck(NOTHING).unconcluded == (reading,)
    store.fail_document(reading, "no way")
    assert store.stuck(NOTHING) == ((), (queued,), (), ())
    assert store.record(reading).error == "no way"


# Defaults


def test_the_default_store_lies_under_the_home(home: Path, document: Document) -> None:
    with Store.open(load_settings()) as store:
        store.add_document(document)
    assert sorted(path.name for path in home.iterdir() if not path.name.startswith("gouji.db-")) == [
        "blobs",
        "gouji.db",
    ]


def test_a_users_kinds_are_known_to_the_store(home: Path, tmp_path: Path) -> None:
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "bad.py").write_text("raise RuntimeError('broken')\n")
    with pytest.raises(ConfigError, match=r"bad\.py: broken"):
        Store.open(load_settings(kinds_folder=tmp_path / "kinds"))
