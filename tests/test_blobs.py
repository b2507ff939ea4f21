"""What belongs to documents, kept in a folder, in memory and behind real S3 HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest

from schemas import ConfigError
from worker.readers.cache import AnswerCache
from worker.store import BlobStore

SHA = "ab" + "0" * 62


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(endpoint: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"b{uuid4().hex}"
    import_module("s3fs").S3FileSystem(skip_instance_cache=True).mkdir(bucket)
    return f"s3://{bucket}/some/prefix"


@pytest.fixture(params=["path", "file", "memory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    if request.param == "path":
        return tmp_path / "a b"
    if request.param == "file":
        return (tmp_path / "a b").as_uri()
    if request.param == "memory":
        return f"memory://{uuid4().hex}"
    found: str = request.getfixturevalue("s3_url")
    return found


def test_what_is_kept_comes_back_and_goes(url: str | Path) -> None:
    blobs, other = BlobStore(url), BlobStore(url)
    assert other.kept(SHA, "original") is None
    assert not other.has(SHA, "original")
    with pytest.raises(FileNotFoundError):
        other.get(SHA)
    with pytest.raises(FileNotFoundError), other.opened(SHA, "original"):
        pass
    for data in (b"one", b"two", b"two"):
        blobs.keep(SHA, "original", data)
    blobs.keep(SHA, "page-1-150.png", b"png")
    neighbour = SHA[:-1] + "1"
    blobs.keep(neighbour, "original", b"stays")
    assert other.kept(SHA, "original") == b"two"
    with other.opened(SHA, "original") as file:
        assert (file.read(1), file.read()) == (b"t", b"wo")
    other.drop(SHA, "page-1-150.png")
    other.drop(SHA, "page-1-150.png")
    assert (blobs.has(SHA, "page-1-150.png"), blobs.has(SHA, "original")) == (False, True)
    other.drop(SHA, None)
    assert not blobs.has(SHA, "original")
    assert blobs.kept(neighbour, "original") == b"stays"


def test_answers_are_shared(url: str | Path) -> None:
    AnswerCache(url).put("key", {"text": "甲"})
    AnswerCache(url).put("key", {"text": "乙"})
    assert AnswerCache(url).get("key") == {"text": "甲"}
    assert AnswerCache(url).get("other") is None


def test_threads_write_the_same_file(url: str | Path) -> None:
    blobs = BlobStore(url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: blobs.keep(SHA, f"n{number % 4}", b"x" * 10_000), range(32)))
    assert [blobs.kept(SHA, f"n{number}") for number in range(4)] == [b"x" * 10_000] * 4


def test_a_bucket_that_is_not_there_names_the_setting(s3_url: str) -> None:
    with pytest.raises(
        ConfigError, match="GOUJI_BLOBS_URL: s3://nosuch-bucket/x cannot be written"
    ) as raised:
        BlobStore("s3://nosuch-bucket/x").keep(SHA, "original", b"")
    assert "testing-secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["s3://me:secret@bucket/x", "s3://bucket/x?key=secret", "ftp://host/x"])
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="GOUJI_BLOBS_URL") as raised:
        BlobStore(url)
    assert "secret" not in str(raised.value)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_has_a_client_of_its_own(s3_url: str) -> None:
    blobs = BlobStore(s3_url)
    blobs.keep(SHA, "original", b"parent")
    child = os.fork()
    if child == 0:
        try:
            blobs.keep(SHA, "seen", blobs.kept(SHA, "original") or b"")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert blobs.kept(SHA, "seen") == b"parent"
