"""Hostile files end in a plain error or are read for what is sound in them; nothing hangs, crashes or grows."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ByteSize

from schemas import Document, EmptyInput, InputError, Unreadable, Unsupported
from tests.hostile import Hostile, hostile_files
from worker.ingest import Limits, load

FILES = hostile_files()
LIMITS = Limits(memory=ByteSize(1_500_000_000), page_timeout_s=20)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Document]]]:
    """All files, read side by side."""
    folder = tmp_path_factory.mktemp("hostile")
    with ThreadPoolExecutor(4) as pool:

        def read(file: Hostile) -> Document:
            path = folder / file.name
            path.write_bytes(file.make())
            return load(path, LIMITS)

        yield {file.name: pool.submit(read, file) for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_a_hostile_file_is_refused_or_read(file: Hostile, outcomes: dict[str, Future[Document]]) -> None:
    if file.error is None:
        assert file.words in outcomes[file.name].result().text
        return
    with pytest.raises(InputError) as caught:
        outcomes[file.name].result()
    assert type(caught.value) is file.error
    assert file.words in str(caught.value)
    assert caught.value.file.endswith(file.name)
    assert caught.value.remedy


def test_no_hostile_file_makes_this_process_large(outcomes: dict[str, Future[Document]]) -> None:
    for outcome in outcomes.values():
        outcome.exception()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000, "kilobytes"


def test_what_is_no_file_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(EmptyInput, match="is a folder without any file"):
        load(tmp_path / "folder.pdf")
    os.mkfifo(tmp_path / "pipe.xlsx")
    with pytest.raises(Unsupported, match="not a regular file"):
        load(tmp_path / "pipe.xlsx")
    (tmp_path / "one.pdf").symlink_to(tmp_path / "two.pdf")
    (tmp_path / "two.pdf").symlink_to(tmp_path / "one.pdf")
    with pytest.raises(Unreadable, match="cannot be opened"):
        load(tmp_path / "one.pdf")
