"""The review over HTTP: the queue, claims, changes with a version, what the loser of a race is told, history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.api_client import client, served, walked
from tests.command import ARCHIVE
from worker.batch import serve, submit
from worker.desk.server import make_backend
from worker.settings import Settings, load_settings
from worker.store import Store

TABLE = "/review/documents/1/tables/t02"


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        submit([ARCHIVE], store, settings, "first")
        serve(store, settings, until_done=True)
        yield store


@pytest.fixture
def url(settings: Settings, store: Store) -> Iterator[str]:
    # With a broker that is never spoken to, so that nothing moves by itself.
    still = settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})
    with served(make_backend(still, store)) as url:
        yield url


@pytest.fixture
def wang(url: str, store: Store) -> Iterator[httpx2.Client]:
    with client(url, store, "review") as asked:
        yield asked


@pytest.fixture
def li(url: str, store: Store, wang: httpx2.Client) -> Iterator[httpx2.Client]:
    with client(url, store, "review") as asked:
        yield asked


def change(asked: httpx2.Client, version: int, **wanted: Any) -> httpx2.Response:
    return asked.post(f"{TABLE}/changes", json={"version": version, "change": wanted})


def proposed(table: dict[str, Any]) -> dict[str, Any]:
    """The first change that the first suspect of the gravest identity proposes."""
    found: dict[str, Any] = table["identities"][0]["suspects"][0]["proposals"][0]["change"]
    return found


def test_a_table_is_claimed_mended_by_its_proposal_and_settled(wang: httpx2.Client, store: Store) -> None:
    queued = wang.post("/review/next").json()["table"]
    assert (queued["document"], queued["table"], queued["reason"]) == (1, "t02", "contradiction")
    assert (queued["claimed_by"], queued["money"], queued["batches"]) == ("review-0", "90000", ["first"])
    opened = wang.get(TABLE).json()
    assert (opened["status"], opened["held_by"], opened["failed"]) == ("review", "review-0", 2)
    # A proposal goes back as it came.
    done = change(wang, opened["version"], **proposed(opened)).json()
    assert (len(done["closed"]), done["broke"]) == (2, [])
    assert (done["table"]["failed"], done["table"]["accept"]) == (0, "corrected")
    (cell,) = [
        cell for row in done["table"]["rows"] for cell in row["cells"] if cell["changed_from"] is not None
    ]
    assert (cell["value"], cell["changed_from"], cell["state"]) == ("310.20", "301.20", "changed")
    settled = change(wang, done["table"]["version"], action="decide", verdict="corrected", why="page 3")
    assert settled.json()["table"]["status"] == "corrected"
    assert wang.post("/review/next").json() == {"table": None}
    # Everything else tells the same: the table with its corrected cell, the log with who did it.
    table = wang.get("/documents/1/tables/t02").json()
    cells = [cell for row in table["rows"] for cell in row["cells"].values() if cell["changed_from"]]
    assert [(cell["value"], cell["changed_from"]) for cell in cells] == [("310.20", "301.20")]
    assert table["verdict"]["status"] == "corrected"
    assert all(finding["status"] != "failed" for finding in table["findings"])
    events = walked(wang, "/review/documents/1/history", limit=1)
    assert [(event["action"], event["by"]) for event in events] == [
        ("corrected", "review-0"),
        ("set", "review-0"),
    ]
    assert [(cell["before"], cell["after"]) for cell in events[1]["cells"]] == [("301.20", "310.20")]


def test_the_loser_is_told_what_the_other_did(wang: httpx2.Client, li: httpx2.Client) -> None:
    version = wang.get(TABLE).json()["version"]
    first = change(wang, version, action="set", row=0, column="basic", typed="１,000.5")
    assert first.status_code == 200
    refused = change(li, version, action="clear", row=0, column="basic")
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    told = refused.json()
    assert (told["version"], told["same_table"]) == (first.json()["table"]["version"], True)
    assert [(each["by"], each["cells"][0]["after"]) for each in told["events"]] == [("review-0", "1000.50")]
    # The first one holds the table now, whatever version the other knows.
    held = change(li, told["version"], action="undo")
    assert (held.status_code, held.json()["held_by"]) == (409, "review-0")
    assert li.put(f"{TABLE}/claim").json()["held_by"] == "review-0"
    assert wang.delete(f"{TABLE}/claim").status_code == 204
    assert li.put(f"{TABLE}/claim").status_code == 204
    assert change(li, told["version"], action="undo").status_code == 200


def test_a_change_under_a_key_is_made_once(wang: httpx2.Client) -> None:
    version = wang.get(TABLE).json()["version"]
    body = {"version": version, "change": {"action": "set", "row": 0, "column": "basic", "typed": "7"}}
    first, again = (
        wang.post(f"{TABLE}/changes", json=body, headers={"idempotency-key": "once"}) for _ in range(2)
    )
    assert first.status_code == again.status_code == 200
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json() == again.json()
    assert len(wang.get("/review/documents/1/history").json()["items"]) == 1


def test_the_queue_is_filtered_walked_and_counted(wang: httpx2.Client, store: Store) -> None:
    assert [each["table"] for each in walked(wang, "/review/queue", limit=1, status="all")] == ["t02"]
    found = {
        "free=true": 1,
        "kind=expenditure_by_function": 1,
        "kind=none": 0,
        "reason=contradiction": 1,
        "status=accepted": 0,
        "batch=first": 1,
        "batch=second": 0,
        "document=1": 1,
        "text=ARCHIVE 2024": 1,
        "text=100%": 0,
        "held_by=review-0": 0,
        "held_by=nobody": 0,
    }
    for filters, number in found.items():
        assert len(wang.get(f"/review/queue?{filters}").json()["items"]) == number, filters
    assert wang.put(f"{TABLE}/claim").status_code == 204
    assert len(wang.get("/review/queue?held_by=review-0").json()["items"]) == 1
    counts = wang.get("/review/counts").json()
    assert (counts["total"], counts["held"], counts["free"]) == (1, 1, 0)
    assert counts["document"] == [{"document": 1, "name": ARCHIVE.name, "tables": 1}]
    cursor = wang.get("/findings?limit=1").json()["next"]
    assert wang.get("/review/queue", params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_is_refused(wang: httpx2.Client, url: str, store: Store) -> None:
    with client(url, store, "submit") as other:
        assert other.get(TABLE).status_code == other.get("/review/queue").status_code == 200
        assert other.post("/review/next").status_code == 403
        assert change(other, 1, action="undo").status_code == 403
        assert other.put(f"{TABLE}/claim").status_code == other.delete(f"{TABLE}/claim").status_code == 403
    opened = wang.get(TABLE).json()
    version = opened["version"]
    nothing = change(wang, version, action="undo")
    assert (nothing.status_code, nothing.json()["detail"]) == (422, "there is nothing to undo in this table")
    wrong: list[dict[str, Any]] = [
        {"action": "set", "row": 0, "column": "basic", "typed": "about ten"},
        {"action": "set", "row": 10_000, "column": "basic", "typed": "1"},
        {"action": "set", "row": 0, "column": "none", "typed": "1"},
        {"action": "set", "row": 0, "column": "basic", "typed": "1", "more": 1},
        {"action": "set", "row": -1, "column": "basic", "typed": "1"},
        {"action": "clear", "row": 0, "column": "basic", "why": "\0"},
        {"action": "decide", "verdict": "corrected"},
        {"action": "decide", "verdict": "fine"},
        {"action": "redo"},
        {"action": "move", "moves": []},
        {"action": "else"},
    ]
    for each in wrong:
        assert change(wang, version, **each).status_code == 422, each
    for path in ("/review/documents/1/tables/t99", "/review/documents/9/tables/t02"):
        assert wang.get(path).status_code == wang.put(f"{path}/claim").status_code == 404
        body = {"version": version, "change": {"action": "undo"}}
        assert wang.post(f"{path}/changes", json=body).status_code == 404
    assert wang.get("/review/documents/9/history").status_code == 404
    # A token stands among the users, and whoever is disabled there reviews nothing.
    assert wang.put(f"{TABLE}/claim").status_code == 204
    assert store.users.change("review-0", disabled=True)
    assert wang.delete(f"{TABLE}/claim").status_code == 204
    assert change(wang, version, action="undo").status_code == 403
