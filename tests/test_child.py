"""The process that parses: without secrets, within limits, replaced when it dies, gone when it is not needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from PIL import Image
from pydantic import ByteSize

from schemas import TooLarge, Unreadable
from tests.hostile import pdf, stream
from worker.ingest import Limits, load, notes_of, unread_pages

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes in /proc")


PAGES = 8


def pages(count: int) -> bytes:
    """A PDF of so many pages, each with its number, and more words than a pipe holds at a time."""
    lines = b"".join(b"T* (%s) Tj" % b" ".join(b"%d.%02d" % (row, n) for n in range(12)) for row in range(25))
    kids = b" ".join(b"%d 0 R" % (3 + 2 * n) for n in range(count))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)]
    font = b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    for n in range(count):
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources %s>>"
            % (4 + 2 * n, font),
            stream(b"BT /F1 12 Tf 14 TL 72 800 Td (Amount on page %d) Tj %s ET" % (n + 1, lines)),
        ]
    return pdf(*objects)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.pdf"
    path.write_bytes(pages(PAGES))
    return path


def children() -> list[int]:
    """The processes that this one has started and that still run."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if folder.name.isdigit() and int(parent) == os.getpid() and state != "Z":
            found.append(int(folder.name))
    return found


@pytest.fixture(autouse=True)
def before() -> set[int]:
    return set(children())


def new(before: set[int]) -> list[int]:
    return [pid for pid in children() if pid not in before]


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    assert true()


@contextmanager
def killing(times: int, before: set[int]) -> Iterator[None]:
    """Children are killed as they start, so many of them."""

    def kill() -> None:
        killed: set[int] = set()
        while len(killed) < times and not done.is_set():
            for pid in new(before):
                if pid not in killed:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGSEGV)
                        killed.add(pid)
            time.sleep(0.001)

    done = threading.Event()
    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_the_child_has_no_secrets_and_lives_within_limits(
    book: Path, before: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-opensesame")
    monkeypatch.setenv("GOUJI_DATABASE_URL", "postgresql://me:opensesame@host/name")
    seen: list[tuple[bytes, str]] = []

    def look(_done: int, _total: int) -> None:
        for pid in new(before):
            folder = Path(f"/proc/{pid}")
            with suppress(FileNotFoundError, ProcessLookupError):
                told = (folder / "limits").read_text()
                if environment := (folder / "environ").read_bytes():
                    seen.append((environment, told))

    for _ in range(20):  # a child may be gone, or going, when it is looked at
        load(book, Limits(memory=ByteSize(2_000_000_000), page_timeout_s=30), progress=look)
        if seen:
            break
    assert seen
    for environment, limits in seen:
        assert b"opensesame" not in environment
        told = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
        assert told["Max address space"] == ["2000000000", "2000000000"]
        assert told["Max core file size"] == ["0", "0"]
        assert int(told["Max cpu time"][0]) < 30 * (os.cpu_count() or 1) + 60
    assert new(before) == []


def test_pages_are_kept_and_an_interrupted_file_goes_on_where_it_was(
    book: Path, before: set[int], tmp_path: Path
) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(book, cache=tmp_path / "pages", progress=interrupt)
    assert new(before) == []
    told: list[tuple[int, int]] = []
    found = load(book, cache=tmp_path / "pages", progress=lambda *now: told.append(now))
    assert told == [(n, PAGES) for n in range(4, PAGES + 1)]
    assert found == load(book)
    assert found == load(book, cache=tmp_path / "pages", progress=lambda *now: told.append(now))
    assert len(told) == PAGES - 3, "nothing is read twice"
    for path in (tmp_path / "pages").rglob("2.json.gz"):
        path.write_bytes(b"damaged")
    assert found == load(book, cache=tmp_path / "pages", progress=lambda *now: told.append(now))
    assert told[PAGES - 3 :] == [(PAGES, PAGES)]


def test_a_child_that_dies_once_costs_nothing(book: Path, before: set[int]) -> None:
    with killing(1, before):
        found = load(book)
    assert found == load(book)
    assert unread_pages(found) == ()


def test_a_page_on_which_the_child_dies_is_named_and_the_others_are_read(
    book: Path, before: set[int], tmp_path: Path
) -> None:
    load(book, cache=tmp_path / "pages")
    for path in [*(tmp_path / "pages").rglob("2.json.gz"), *(tmp_path / "pages").rglob("4.json.gz")]:
        path.unlink()
    with killing(2, before):
        found = load(book, cache=tmp_path / "pages")
    assert unread_pages(found) == (2,)
    assert notes_of(found) == ("page 2: makes its reader crash (SIGSEGV)",)
    assert "page 1" in found.text
    assert "page 2" not in found.text
    assert "page 4" in found.text
    again = load(book, cache=tmp_path / "pages")
    assert unread_pages(again) == (), "a page that failed is tried again"


def test_a_file_on_which_the_child_dies_is_refused(book: Path, before: set[int]) -> None:
    with killing(2, before), pytest.raises(Unreadable, match=r"makes its reader crash \(SIGSEGV\)"):
        load(book)


def test_a_page_that_takes_too_long_is_given_up(book: Path, before: set[int]) -> None:
    stopped: list[int] = []

    def stop(done: int, _total: int) -> None:
        if done == 2 and len(stopped) < 2:
            pids = new(before)
            stopped.extend(pids)
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)

    for _ in range(20):  # a child may be gone when it is looked for
        found = load(book, Limits(page_timeout_s=3), progress=stop)
        if stopped:
            break
    assert [x.problem for x in found.pages].count("") >= PAGES - 1
    assert new(before) == []
    assert stopped


def test_what_needs_too_much_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("L", (6000, 6000)).save(path)
    with pytest.raises(TooLarge, match=r"needs more than .* bytes of memory; .*GOUJI_INGEST_MEMORY"):
        load(path, Limits(memory=ByteSize(300_000_000)))


def test_too_many_pages_are_refused(book: Path) -> None:
    with pytest.raises(TooLarge, match="has 8 pages, the limit is 4; split it or raise GOUJI_MAX_PAGES"):
        load(book, Limits(max_pages=4))


def test_a_scan_without_recognition_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    Image.effect_noise((800, 1000), 90).save(path)
    with pytest.raises(Unreadable, match="GOUJI_OCR=auto"):
        load(path, Limits(ocr="never"))


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pages(500))
    script = (
        "import sys, time; from pathlib import Path; from worker.ingest import load\n"
        "def tell(done, total): print(done, flush=True); time.sleep(60)\n"
        f"load(Path({str(path)!r}), progress=tell)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        parent.stdout.readline()
        [child] = [
            int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        ]
        parent.kill()
    wait_until(lambda: not Path(f"/proc/{child}").exists())
