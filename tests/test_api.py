"""The HTTP API: tokens and scopes on every route, archives handed in, read, and given back typed."""

from __future__ import annotations

import re
import socket
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.api_client import client, served, until, walked
from tests.form import FORM
from worker.access import Scope
from worker.desk.server import make_backend
from worker.settings import Settings, load_settings
from worker.store import Store

CORPUS = Path(__file__).parent.parent / "evals" / "corpus"
SAMPLES = ("yanbian-office-2023-budget.txt", "jilin-office-2024-final.txt")
FILE = FORM.format(total="120.50").encode()

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url, max_unpacked=3_000_000)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def url(settings: Settings, store: Store) -> Iterator[str]:
    with served(make_backend(settings, store)) as url:
        yield url


@pytest.fixture
def asked(url: str, store: Store) -> Iterator[httpx2.Client]:
    with client(url, store, "submit") as asked:
        yield asked


def packed(**files: str | bytes) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"{name}.txt", data)
    return content.getvalue()


def hand_in(asked: httpx2.Client, called: str, data: bytes, **fields: str) -> dict[str, Any]:
    answer = asked.post("/batches", files={"file": (called, data)}, data=fields)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/batches/{answer.json()['id']}"
    batch: dict[str, Any] = answer.json()
    return batch


def done(asked: httpx2.Client, batch: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = asked.get(f"/batches/{batch['id']}").json()
        return found if found["status"] == "done" else None

    found: dict[str, Any] = until(look)
    return found


def scope_of(method: str, path: str) -> Scope:
    if path.startswith("/v1/webhooks") or path == "/v1/batches/fetch":
        return "admin"
    if method == "get" or path == "/v1/exports":
        return "read"
    return "review" if path.startswith("/v1/review/") else "submit"


def test_every_route_asks_for_a_token_and_a_scope(url: str, store: Store) -> None:
    reader, ended = (store.access.create_token(name, ["read"]) for name in ("reader", "ended"))
    store.access.revoke_token("ended")
    with httpx2.Client(base_url=f"{url}/api") as plain:
        assert plain.get(f"{url}/health").json() == {"status": "ok"}

        def ask(method: str, path: str, authorization: str = "") -> httpx2.Response:
            headers = {"authorization": authorization} if authorization else {}
            return plain.request(method, re.sub(r"{[^}]*}", "1", path), headers=headers)

        schema = ask("get", "/openapi.json", f"Bearer {reader}").json()
        routes = [(method, path) for path, found in schema["paths"].items() for method in found]
        assert len(routes) > 20
        for method, path in [
            *routes,
            ("get", "/openapi.json"),
            ("get", "/v1/none"),
            ("get", "/docs"),
            ("get", "/"),
        ]:
            for given in ("", f"Bearer gouji_{'a' * 43}", "Basic eDp5", f"Bearer {ended}", reader):
                answer = ask(method, path, given)
                assert (answer.status_code, answer.json()["status"]) == (401, 401), (method, path)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.headers["content-type"] == "application/problem+json"
            answer = ask(method, path, f"Bearer {reader}")
            if (wanted := scope_of(method, path)) == "read":
                assert answer.status_code not in {401, 403}
            else:
                assert answer.status_code == 403, (method, path)
                assert answer.json()["detail"].endswith(f"does not have the scope {wanted}")


@SQLITE
def test_every_answer_says_how_it_may_be_used(asked: httpx2.Client) -> None:
    for path, status in (("/batches", 200), ("/batches/1", 404), ("/batches/x", 422), ("/none", 404)):
        answer = asked.get(path)
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@SQLITE
def test_a_body_that_is_too_large_or_no_json_is_refused(asked: httpx2.Client) -> None:
    headers = {"content-type": "application/json"}
    large = asked.patch("/batches/1", content=b"[" * 1_000_001, headers=headers)
    assert (large.status_code, large.json()["title"]) == (413, "Request Entity Too Large")
    broken = asked.patch("/batches/1", content=b'{"priority": 1', headers=headers)
    assert (broken.status_code, broken.json()["detail"][:6]) == (422, "body.1")
    assert asked.patch("/batches/1", content=b'{"priority": 1}').status_code == 422
    assert asked.delete("/batches/1").status_code == 405


def test_an_archive_is_handed_in_read_and_given_back_typed(asked: httpx2.Client) -> None:
    samples = {Path(name).stem: (CORPUS / name).read_bytes() for name in SAMPLES}
    batch = hand_in(asked, "2023.zip", packed(**samples, bad=b"\0\1\2"), priority="7", budget_usd="20")
    assert (batch["name"], batch["priority"], batch["budget_usd"]) == ("2023", 7, "20")
    found = done(asked, batch)
    assert (found["items"], found["entered"], found["reason"]) == ({"done": 2, "failed": 1}, True, "")
    (failed,) = walked(asked, f"/batches/{batch['id']}/items", status="failed")
    assert (failed["place"], failed["document_id"] is None) == ("2023.zip!/bad.txt", False)
    documents = walked(asked, "/documents", batch=batch["id"], status="done")
    assert {each["name"] for each in documents} == {f"2023.zip!/{name}" for name in SAMPLES}
    for document in documents:
        tables = walked(asked, f"/documents/{document['id']}/tables")
        assert len(tables) == sum(document["tables"].values()) > 5
        text = asked.get(f"/documents/{document['id']}/text").text
        for summary in tables:
            table = asked.get(f"/documents/{document['id']}/tables/{summary['table']}").json()
            assert (table["kind"], table["verdict"]["status"]) == (summary["kind"], summary["status"])
            for row in table["rows"]:
                for cell in row["cells"].values():
                    # As text, with the digits as they are printed.
                    assert cell["value"] is None or Decimal(cell["value"]).is_finite()
                    assert text[cell["start"] : cell["end"]].strip() or cell["text"] == ""
    failing = walked(asked, "/findings")
    assert all(each["finding"]["status"] == "failed" for each in failing)
    assert len(failing) == sum(each["checks_failed"] for each in documents)


def test_one_file_is_a_batch_and_one_given_again_is_not_entered_twice(asked: httpx2.Client) -> None:
    first = done(asked, hand_in(asked, "账.txt", FILE, name="账"))
    assert (first["name"], first["items"]) == ("账", {"done": 1})
    again = hand_in(asked, "账.txt", FILE, name="账")
    assert again["id"] == first["id"]
    assert done(asked, again)["items"] == {"done": 1}
    (document,) = walked(asked, "/documents", name="账.txt")
    answer = asked.get(f"/documents/{document['id']}/tables/t02")
    row = answer.json()["rows"][0]
    total = row["cells"]["total"]
    assert (row["code"], total["value"], total["text"], total["line"]) == ("201", "120.50", "120.50", 15)
    tag = {"if-none-match": answer.headers["etag"]}
    assert asked.get(f"/documents/{document['id']}/tables/t02", headers=tag).status_code == 304


def entries(asked: httpx2.Client, path: str) -> Any:
    return asked.get(path).json()["items"]


@SQLITE
def test_the_name_of_a_file_is_data(asked: httpx2.Client) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    for name, shown in (
        (b"../../etc/passwd.txt", "passwd.txt"),
        (b"C:\\\\x\\\\a.txt", "a.txt"),
        (b"<b>.txt", "<b>.txt"),
        (b"a\x07.txt", "a\ufffd.txt"),
        (b"", "?"),
    ):
        batch = asked.post("/batches", content=form % (name, FILE), headers=headers).json()
        address = f"/batches/{batch['id']}/items"
        (item,) = until(partial(entries, asked, address))
        assert (item["place"], batch["name"]) == (shown, shown)


BROKEN: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"files": {"other": ("a.txt", b"x")}}, 422, "no file in the form"),
    ({"files": {"file": ("a.txt", b"x")}, "data": {"priority": "10"}}, 422, "body.priority"),
    ({"files": {"file": ("a.txt", b"x")}, "data": {"budget_usd": "0"}}, 422, "body.budget_usd"),
    ({"files": {"file": ("a.txt", b"x")}, "data": {"path": "/etc"}}, 422, "body.path"),
    ({"files": {"file": ("a.txt", b"x")}, "data": {"name": "a\0b"}}, 422, "body.name"),
    ({"files": [("file", ("a.txt", b"x")), ("file", ("b.txt", b"y"))]}, 422, "more than one file"),
    ({"files": {"file": ("a.txt", b"x" * 3_200_000)}}, 413, "more than 3,000,000 bytes"),
    ({"json": {"urls": ["/etc/passwd"]}}, 415, "multipart/form-data"),
    ({"content": b"--x\r\nno", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400, "form"),
)


@SQLITE
def test_what_is_no_proper_upload_is_refused_and_leaves_nothing(asked: httpx2.Client, home: Path) -> None:
    for given, status, words in BROKEN:
        answer = asked.post("/batches", **given)
        assert answer.status_code == status, answer.text
        assert words in answer.json()["detail"]
    assert asked.get("/batches").json() == {"items": [], "next": None}
    assert list((home / "uploads").iterdir()) == []


@SQLITE
def test_an_upload_that_is_broken_off_leaves_nothing(
    asked: httpx2.Client, url: str, home: Path, store: Store
) -> None:
    _, _, port = url.rpartition(":")
    token = asked.headers["authorization"]
    with socket.create_connection(("127.0.0.1", int(port))) as raw:
        raw.sendall(
            f"POST /api/v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: 9000\r\n"
            'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; '
            'filename="a.txt"\r\n\r\nhalf of it'.encode()
        )
        # It has begun when the folder for it is there.
        until((home / "uploads").is_dir)
    assert asked.get("/batches").json()["items"] == []
    assert list((home / "uploads").iterdir()) == []
    assert store.list_batches() == []


@SQLITE
def test_paths_of_the_server_are_not_followed(url: str, store: Store, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(FORM, encoding="utf-8")
    with client(url, store, "admin") as asked:
        for address in (
            str(secret),
            secret.as_uri(),
            "memory://x",
            "http://127.0.0.1/x",
            "s3://",
            "S3://b/x",
        ):
            answer = asked.post("/batches/fetch", json={"urls": [address]})
            assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "body.urls.0")
        chained = asked.post(
            "/batches/fetch", json={"urls": [f"s3://a::{secret.as_uri()}"], "name": "x"}
        ).json()
        (item,) = until(lambda: asked.get(f"/batches/{chained['id']}/items").json()["items"])
    assert "leads through several places" in item["error"]


def test_a_batch_is_steered(asked: httpx2.Client, store: Store) -> None:
    batch = done(asked, hand_in(asked, "b.zip", packed(a=FILE, b=b"\0\1")))
    address = f"/batches/{batch['id']}"
    changed = asked.patch(address, json={"priority": 9, "budget_usd": "1.25"}).json()
    assert (changed["priority"], changed["budget_usd"], changed["status"]) == (9, "1.25", "done")
    assert asked.patch(address, json={"budget_usd": None}).json()["budget_usd"] is None
    assert asked.patch(address, json={"priority": 0}).status_code == 422
    assert asked.patch(address, json={"status": "done"}).status_code == 422
    assert asked.post(f"{address}/retry").json()["files"] == 1
    assert done(asked, batch)["items"] == {"done": 1, "failed": 1}
    assert asked.post(f"{address}/resume", json={"budget_usd": "3"}).json()["batch"]["budget_usd"] == "3"
    store.enter_batch("empty")
    empty = asked.get("/batches", params={"name": "empty"}).json()["items"][0]
    assert asked.post(f"/batches/{empty['id']}/cancel").json()["batch"]["status"] == "cancelled"
    (failed,) = walked(asked, "/documents", status="failed")
    assert asked.post("/documents/1/retry").status_code == 409
    assert asked.post("/documents/99/retry").status_code == 404
    assert failed["error"]


@SQLITE
def test_a_broker_that_is_away_holds_up_no_request(settings: Settings, store: Store) -> None:
    away = settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})
    with served(make_backend(away, store)) as url, client(url, store, "submit") as asked:
        batch = hand_in(asked, "a.txt", FILE)
        found = until(lambda: (line := store.listing.batch(batch["id"])) and line.entered and line)
        assert (found.reason, sum(found.items.values())) == ("", 1)
        for order in ("cancel", "retry", "resume"):
            assert asked.post(f"/batches/{batch['id']}/{order}").status_code == 200
