"""Jobs of the batch API when workers are killed, over a broker, and for the bundled documents."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from evals.real import real_cases
from evals.simulate import Batches, ScriptedServer, SimulatedModel
from evals.simulate.batches import Dropped, Event
from tests.command import EXECUTABLE, Gouji
from tests.conftest import Broker
from tests.deferral import MODEL, ONE, Counting, archive, await_that, book, one, verdicts, waiting_settings
from tests.documentation import clean_environment
from worker.batch import serve, submit
from worker.settings import Settings
from worker.store import Store

CORPUS = Path(__file__).parent.parent / "evals" / "corpus"


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a worker of its own reads them."""
    given = {
        "GOUJI_DATABASE_URL": settings.database_url,
        "GOUJI_BLOBS_URL": settings.blobs_url,
        "OPENAI_BASE_URL": settings.openai_base_url or "",
        "GOUJI_MODEL": MODEL,
        "GOUJI_MODE": "json_schema",
        "GOUJI_WIRE": "rows",
        "GOUJI_READERS": "llm",
        "GOUJI_JOB_POLL_S": "0.2",
    }
    return clean_environment(settings.home, **given)


@pytest.mark.parametrize("moment", ["upload", "uploaded", "create", "created"])
def test_after_a_kill_nothing_is_sent_twice(tmp_path: Path, database_url: str, moment: Event) -> None:
    batches = Batches()
    workers: list[subprocess.Popen[bytes]] = []

    def kill(event: Event) -> None:
        if event == moment and workers[0].poll() is None:
            workers[0].send_signal(signal.SIGKILL)
            workers[0].wait()
            if event in ("upload", "create"):
                raise Dropped

    batches.hook = kill
    with ScriptedServer(Counting(book(tmp_path / "book", offices=ONE)), batches=batches) as server:
        settings = waiting_settings(database_url, server.url)
        with Store.open(settings) as store:
            submit([archive(tmp_path / "in", ONE)], store, settings, "b", llm_batch=True)
            command = [str(EXECUTABLE), "worker", "--until-done"]
            workers.append(subprocess.Popen(command, env=environment(settings), cwd=tmp_path))
            assert workers[0].wait(180) == -signal.SIGKILL
            assert {job.remote_id for job in store.jobs.listed()} == {None}
            serve(store, settings, until_done=True)
            assert (one(store).status, one(store).tables) == ("done", {"accepted": 2})
            sent = [request["custom_id"] for job in batches.jobs for request in job.requests]
            assert len(sent) == len(set(sent)) == 2
            assert len(batches.jobs) == len(store.jobs.listed())
            assert len([file for file in batches.files if file.purpose == "batch"]) == len(batches.jobs)
            assert len(server.asked) == 2
            assert server.live == []


def test_jobs_over_a_broker(tmp_path: Path, broker: Broker, postgres_url: str) -> None:
    batches = Batches()
    gouji = Gouji(tmp_path)
    for queue in ("ingest", "llm", "reconcile", "export"):
        broker.queue(queue)
    with ScriptedServer(Counting(book(tmp_path / "book")), batches=batches) as server:
        settings = waiting_settings(
            postgres_url, server.url, broker_url=broker.url, queue_prefix=broker.prefix, home=gouji.home
        )
        over = {
            **environment(settings),
            "GOUJI_BROKER_URL": broker.url,
            "GOUJI_QUEUE_PREFIX": broker.prefix,
        }
        with Store.open(settings) as store:
            submit([archive(tmp_path / "in")], store, settings, "b", llm_batch=True)
            with subprocess.Popen([EXECUTABLE, "worker"], env=over, cwd=tmp_path) as worker:
                try:
                    await_that(lambda: one(store).status == "done")
                finally:
                    worker.terminate()
            assert (one(store).items, one(store).tables) == ({"done": 3}, {"accepted": 6})
            assert server.live == []
            assert len(server.asked) == 6


def test_bundled_documents_come_out_as_live(tmp_path: Path) -> None:
    # The smaller half of them: all take minutes.
    files = sorted(CORPUS.glob("*.txt"), key=lambda path: path.stat().st_size)[:2]
    batches = Batches()
    with SimulatedModel(real_cases(), batches=batches) as model:
        found = []
        for name, llm_batch in (("waiting", True), ("live", False)):
            settings = waiting_settings(
                f"sqlite:///{tmp_path / name}.db",
                model.url,
                readers="both",
                wire="refs",
                blobs_url=(tmp_path / name).as_uri(),
                concurrency=2,
            )
            with Store.open(settings) as store:
                submit(files, store, settings, "b", llm_batch=llm_batch)
                serve(store, settings, until_done=True)
                assert one(store).items == {"done": len(files)}
                found.append(verdicts(store))
        assert found[0] == found[1]
        assert batches.jobs
