"""Lists of the API: page by page, each entry exactly once, whatever is added meanwhile; cursors that lead nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.api_client import client, served
from tests.form import FORM
from worker.batch import serve, submit
from worker.desk.server import make_backend
from worker.settings import Settings, load_settings
from worker.store import Entry, Store


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def asked(settings: Settings, store: Store) -> Iterator[httpx2.Client]:
    # With a broker that is never spoken to, so that nothing moves by itself.
    still = settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})
    with served(make_backend(still, store)) as url, client(url, store, "read") as asked:
        yield asked


def entry(number: int) -> Entry:
    return Entry(f"{number}", f"{number}", f"{number:064}", 1, {})


def test_all_is_walked_exactly_once_while_more_is_added(asked: httpx2.Client, store: Store) -> None:
    for number in range(25):
        store.enter_batch(f"b{number}")
    seen: list[str] = []
    address: str | None = "/batches?limit=4"
    while address is not None:
        answer = asked.get(address)
        seen += [batch["name"] for batch in answer.json()["items"]]
        store.enter_batch(f"late {len(seen)}")
        link = answer.links.get("next", {}).get("url")
        assert (link is None) == (answer.json()["next"] is None)
        address = f"http://{asked.base_url.netloc.decode()}{link}" if link else None
    assert seen == [f"b{number}" for number in reversed(range(25))]


def test_files_of_a_batch_are_walked_in_their_order(asked: httpx2.Client, store: Store) -> None:
    batch, other = store.enter_batch("b"), store.enter_batch("other")
    for number in range(9):
        store.add_item(batch, entry(number))
        store.add_item(other, entry(number + 100))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2", "status": "waiting", **({"cursor": cursor} if cursor else {})}
        page = asked.get(f"/batches/{batch}/items", params=params).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next"]
        store.add_item(batch, entry(50 + len(seen)))
    assert seen[:9] == [str(number) for number in range(9)]
    assert len(seen) == len(set(seen))


def test_documents_tables_and_findings_are_found_by_what_they_are(
    asked: httpx2.Client, store: Store, settings: Settings, tmp_path: Any
) -> None:
    for name, total in (("a", "120.50"), ("b", "999.50"), ("c", "120.50")):
        path = tmp_path / f"{name}.txt"
        path.write_text(FORM.format(total=total).replace("某某局", f"{name}局"), encoding="utf-8")
        submit([path], store, settings, "first" if name != "c" else "second")
    (tmp_path / "bad.txt").write_bytes(b"\0\1")
    submit([tmp_path / "a.txt", tmp_path / "bad.txt"], store, settings, "second")
    serve(store, settings, until_done=True)

    def names(**params: Any) -> list[str]:
        answer = asked.get("/documents", params=params)
        assert answer.status_code == 200, answer.text
        return sorted(each["name"] for each in answer.json()["items"])

    batches = {each["name"]: each["id"] for each in asked.get("/batches").json()["items"]}
    assert names() == ["a.txt", "b.txt", "bad.txt", "c.txt"]
    assert names(batch=batches["first"]) == ["a.txt", "b.txt"]
    assert names(batch=batches["second"], status="done") == ["a.txt", "c.txt"]
    assert names(status="failed") == ["bad.txt"]
    assert names(name="b.txt") == ["b.txt"]
    assert names(batch=99) == []
    (second,) = asked.get("/batches", params={"name": "second"}).json()["items"]
    assert (second["items"], second["tables"]) == ({"done": 2, "failed": 1}, {"accepted": 4})
    (wrong,) = asked.get("/documents", params={"name": "b.txt"}).json()["items"]
    failed = asked.get("/findings").json()["items"]
    assert {each["document_id"] for each in failed} == {wrong["id"]}
    assert len(failed) == wrong["checks_failed"] > 0
    rule = failed[0]["finding"]["rule"]
    assert asked.get("/findings", params={"rule": rule}).json()["items"][0] == failed[0]
    assert asked.get("/findings", params={"rule": "none"}).json()["items"] == []
    own = f"/documents/{wrong['id']}"
    of_document = asked.get(f"{own}/findings", params={"status": "failed", "limit": 200}).json()["items"]
    assert of_document == [each["finding"] for each in reversed(failed)]
    kinds = [each["kind"] for each in asked.get(f"{own}/tables").json()["items"]]
    assert kinds == ["income_by_function", "expenditure_by_function"]
    (table,) = asked.get(f"{own}/tables", params={"kind": kinds[1]}).json()["items"]
    found = asked.get(f"{own}/tables/{table['table']}").json()
    assert found["verdict"]["status"] == "review"
    assert [each for each in found["findings"] if each["status"] == "failed"] == of_document
    assert asked.get(f"{own}/tables/t99").status_code == 404


def mended(cursor: str, at: int, value: Any) -> str:
    whole = json.loads(base64.urlsafe_b64decode(cursor))
    whole[at] = value
    return base64.urlsafe_b64encode(json.dumps(whole).encode()).decode()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_cursor_that_is_none_of_this_list_is_refused(asked: httpx2.Client, store: Store) -> None:
    for number in range(3):
        store.enter_batch(f"b{number}")
    cursor = asked.get("/batches", params={"limit": 1}).json()["next"]
    good = asked.get("/batches", params={"cursor": cursor, "limit": 2}).json()
    assert [each["name"] for each in good["items"]] == ["b1", "b0"]
    wrong = ["", "x", "äöü", "bnVsbA==", "W1tbW1tb", cursor + "=", cursor[:-4]]
    wrong += [mended(cursor, 0, 2), mended(cursor, 2, -1), mended(cursor, 2, True), mended(cursor, 2, 2**63)]
    for each in wrong:
        answer = asked.get("/batches", params={"cursor": each})
        assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "query.cursor"), each
    assert asked.get("/batches", params={"cursor": cursor, "status": "open"}).status_code == 422
    assert asked.get("/documents", params={"cursor": cursor}).status_code == 422
    for limit in ("0", "201", "x"):
        assert asked.get("/batches", params={"limit": limit}).status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_readiness_names_what_is_missing(asked: httpx2.Client, store: Store, settings: Settings) -> None:
    answer = asked.get("/ready")
    assert answer.status_code == 503
    parts = {part["name"]: part["ready"] for part in answer.json()["parts"]}
    assert (parts["database"], parts["blobs"], parts["broker"], parts["queue ingest"]) == (
        True,
        True,
        False,
        False,
    )
    with served(make_backend(settings, store)) as url, client(url, store, "read") as alone:
        good = alone.get("/ready")
        assert (good.status_code, good.json()["ready"]) == (200, True)
        text = alone.get("/metrics")
        assert text.headers["content-type"].startswith("text/plain")
        assert "gouji_documents" in text.text
        assert alone.get("/usage").json()["calls"] == 0
        assert "income_by_function" in [kind["kind"] for kind in alone.get("/kinds").json()]
