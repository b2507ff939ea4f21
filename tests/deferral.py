"""Archives of small forms, and a server that knows what stands in them: for tests of requests that can wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

from evals.simulate.server import Asked, Reply
from prompts import WIRES
from tests.book import Book
from tests.form import FORM
from worker.ingest import load
from worker.readers.layout import LayoutReader
from worker.segment import segment
from worker.settings import Settings, load_settings
from worker.store import BatchRecord, Store

MODEL = "gpt-5-mini"
OFFICES = ("甲局", "乙局", "丙局")
ONE = OFFICES[:1]


def archive(folder: Path, offices: tuple[str, ...] = OFFICES) -> Path:
    """A form for each office, of two tables, in a ZIP archive."""
    folder.mkdir(exist_ok=True)
    path = folder / "2023.zip"
    with ZipFile(path, "w") as packed:
        for number, office in enumerate(offices, start=1):
            # Figures of their own: what is the same is asked once.
            text = FORM.format(total="120.50").replace("某某局", office).replace("20.50", f"{20 + number}.50")
            packed.writestr(f"{office}.txt", text.replace("1" + f"{20 + number}.50", f"{120 + number}.50"))
    return path


def book(folder: Path, wire: str = "rows", offices: tuple[str, ...] = OFFICES) -> Book:
    """A model that knows every table of the archive."""
    known = Book(WIRES[wire])
    unpacked = folder / "unpacked"
    with ZipFile(archive(folder, offices)) as packed:
        packed.extractall(unpacked)
    for path in sorted(unpacked.iterdir()):
        for chunk in segment(load(path)):
            known.add(chunk, LayoutReader().read(chunk).table)
    return known


def waiting_settings(database_url: str, url: str, **more: object) -> Settings:
    """Settings of one who asks the model at an address by jobs, and looks after them all the time."""
    given = {
        "database_url": database_url,
        "openai_base_url": url,
        "model": MODEL,
        "mode": "json_schema",
        "wire": "rows",
        "readers": "llm",
        "attempts": 2,
        "job_poll_s": 0.2,
    }
    return load_settings(**{**given, **more})


def one(store: Store, name: str = "b") -> BatchRecord:
    """The batch of a name."""
    (record,) = store.list_batches(name)
    return record


def verdicts(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """What stands of each document: kind, status, reader, confidence and cells of its tables."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for record in store.list_documents():
        extraction = store.load_extraction(record.id)
        found[record.sha256 or record.name] = [
            (
                *(key, extraction.tables[key].model_dump_json() if key in extraction.tables else ""),
                *(verdict.status, verdict.confidence, verdict.reasons),
            )
            for key, verdict in extraction.verdicts.items()
        ]
    return found


def await_that(condition: Callable[[], bool]) -> None:
    """Wait until something is so, for some minutes at most: how long it takes is not what is tested."""
    until = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


class Counting:
    """A script that answers as `known` does, and remembers the prompts; what `refuse` names it refuses."""

    def __init__(self, known: Book) -> None:
        self.known = known
        self.refuse: set[str] = set()

    def __call__(self, asked: Asked) -> Reply:
        if asked.by_job and any(word in asked.prompt for word in self.refuse):
            return Reply(status=500)
        return self.known(asked)
