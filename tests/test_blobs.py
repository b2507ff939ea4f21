"""What belongs to documents, kept in a folder, in memory and behind real S3 HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest

from schemas import Away, ConfigError
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


def test_an_endpoint_that_is_down_is_waited_for(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Away, match=r"GOUJI_BLOBS_URL: s3://.* cannot be read \(EndpointConnectionError\)"):
        BlobStore(s3_url).kept(SHA, "original")


def test_a_url_of_another_host_is_refused() -> None:
    with pytest.raises(ConfigError, match="GOUJI_BLOBS_URL: file://nas/ is on another host; write file:///"):
        BlobStore("file://nas/blobs")


def test_what_is_listed(url: str | Path) -> None:
    blobs = BlobStore(url)
    assert list(blobs.listed()) == []
    begin = time.time()
    blobs.keep(SHA, "original", b"12345")
    blobs.keep(SHA, "page-1-150.png", b"")
    AnswerCache(f"{url}/answers").put("cd" * 32, {})
    found = sorted(blobs.listed())
    assert [(each.sha256, each.name, each.size) for each in found] == [
        (SHA, "original", 5),
        (SHA, "page-1-150.png", 0),
    ]
    (answer,) = blobs.answers()
    assert answer.name == f"answers/{'cd' * 32}.json"
    # S3 tells whole seconds.
    assert all(begin - 2 <= at <= time.time() + 2 for at in [answer.at, *(each.at for each in found)])
    blobs.discard(answer.name)
    assert list(blobs.answers()) == []


@pytest.mark.parametrize("done", ["written", "read", "removed", "listed", "opened"])
def test_what_a_disk_refuses_names_the_setting_and_what_to_do(done: str, tmp_path: Path) -> None:
    (tmp_path / SHA[:2]).write_text("a file where a folder belongs")
    blobs = BlobStore(tmp_path)
    ask: dict[str, Callable[[], object]] = {
        "written": lambda: blobs.keep(SHA, "original", b""),
        "read": lambda: blobs.kept(SHA, "original"),
        "removed": lambda: blobs.drop(SHA, "original"),
        "listed": lambda: blobs.drop(SHA),
        "opened": lambda: blobs.opened(SHA, "original").__enter__(),
    }
    with pytest.raises(ConfigError, match=r"GOUJI_BLOBS_URL: .*/ab.* cannot be .*; check the folder"):
        ask[done]()


def test_a_full_disk_names_the_setting_and_what_to_do(tmp_path: Path) -> None:
    # A process that may write no more than so many bytes to a file stands in for the disk.
    script = (
        "import resource, sys; from worker.store import BlobStore\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "BlobStore(sys.argv[1]).keep('ab' * 32, 'original', b'x' * 5000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, encoding="utf-8", check=False
    )
    last = done.stderr.splitlines()[-1]
    assert "Away: GOUJI_BLOBS_URL: " in last
    assert "cannot be written (File too large); free some space (gouji purge), or name another" in last
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


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
