"""Bulk input through the batch and the command: every member a document, or a failure by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archives import Raw, put, raw_zip, tarred, zipped
from tests.command import Gouji
from tests.form import FORM as TO_FILL
from worker.batch import Outcome, process
from worker.settings import Settings, load_settings
from worker.store import Store

FORM = TO_FILL.format(total="120.50")
OTHER = FORM.replace("2024", "2023")
BINARY = bytes(range(256))


@pytest.fixture
def settings() -> Settings:
    return load_settings()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def gouji(tmp_path: Path) -> Gouji:
    return Gouji(tmp_path)


def said(outcomes: list[Outcome]) -> list[tuple[str, str, bool]]:
    return [(outcome.record.name, outcome.record.status, outcome.read) for outcome in outcomes]


def test_members_become_documents_and_bad_ones_stop_nothing(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    entries = [
        Raw(b"2022/form.txt", OTHER.encode()),
        Raw(b"2023/form.txt", FORM.encode()),
        Raw(b"../form.txt", FORM.encode()),
        Raw("预算/表.txt".encode("gb18030"), BINARY),
        Raw(b"broken.txt", FORM.encode(), crc=1),
        Raw(b"tool.exe", b"MZ"),
    ]
    path = put(tmp_path, "2023.zip", raw_zip(entries))
    first = process([path, tmp_path / "none.zip"], store, settings)
    assert said(first) == [
        ("2023.zip!/2022/form.txt", "done", True),
        ("2023.zip!/2023/form.txt", "done", True),
        ("2023.zip!/../form.txt", "failed", False),
        ("2023.zip!/预算/表.txt", "failed", False),
        ("2023.zip!/broken.txt", "failed", False),
        ("2023.zip!/tool.exe", "failed", False),
        ("none.zip", "failed", False),
    ]
    assert [outcome.place for outcome in first[:1]] == [f"{path}!/2022/form.txt"]
    for outcome, problem in zip(
        first[2:],
        ("leads elsewhere", "is binary data", "checksum", "ending in .exe", "no such file"),
        strict=True,
    ):
        assert problem in outcome.error
        assert problem in str(outcome.record.error)
    assert len(store.list_documents()) == len(first)


def test_an_archive_given_again_is_not_read_again(tmp_path: Path, store: Store, settings: Settings) -> None:
    process([put(tmp_path, "x.zip", zipped({"a/form.txt": FORM.encode()}))], store, settings)
    # Packed another way under another name, with something new in it.
    again = put(tmp_path, "y.tar.gz", tarred({"form.txt": FORM.encode(), "new.txt": OTHER.encode()}, "w:gz"))
    assert said(process([again], store, settings)) == [
        ("y.tar.gz!/form.txt", "done", False),
        ("y.tar.gz!/new.txt", "done", True),
    ]
    assert store.find("x.zip!/a/form.txt").id == store.find("y.tar.gz!/form.txt").id


def test_files_of_one_name_in_several_folders_each_keep_their_own_fate(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    for folder, text in (("1", BINARY), ("2", FORM), ("3", BINARY + b".")):
        put(tmp_path, f"in/{folder}/form.txt", text)
    outcomes = process([tmp_path / "in", tmp_path / "in" / "3"], store, settings)
    assert said(outcomes) == [
        ("form.txt", "failed", False),
        ("2/form.txt", "done", True),
        ("3/form.txt", "failed", False),
        ("3/form.txt", "failed", False),
    ]


def test_the_command_takes_patterns_archives_urls_and_a_manifest(tmp_path: Path, gouji: Gouji) -> None:
    put(tmp_path, "in/2022/form.txt", OTHER)
    put(tmp_path, "in/2023.zip", zipped({"a/form.txt": FORM.encode(), "b/form.txt": (FORM + "\n").encode()}))
    put(tmp_path, "in/list.csv", "path,batch\n2022/form.txt,一\n../up.txt,二\n")
    ran = gouji(
        *("extract", "in/**/*.txt", f"file://{tmp_path}/in/2023.zip", "--manifest", "in/list.csv"),
        *("--out", "out", "--json"),
    )
    documents = json.loads(ran.stdout)["documents"]
    assert [(each["path"], each["document"], each["status"], each["metadata"]) for each in documents] == [
        ("in/2022/form.txt", "form.txt", "done", {}),
        (f"{tmp_path}/in/2023.zip!/a/form.txt", "2023.zip!/a/form.txt", "done", {}),
        (f"{tmp_path}/in/2023.zip!/b/form.txt", "2023.zip!/b/form.txt", "done", {}),
        ("in/2022/form.txt", "form.txt", "done", {"batch": "一"}),
        ("in/list.csv, line 3: ../up.txt", "../up.txt", "failed", {"batch": "二"}),
    ]
    assert ran.returncode == 1
    assert "in/list.csv, line 3: ../up.txt: has a name that leads elsewhere" in ran.stderr
    texts = sorted(path.name for path in (tmp_path / "out" / "text").iterdir())
    assert len(texts) == 3
    assert "2023.zip!/b/form.txt" in (tmp_path / "out" / "documents.csv").read_text("utf-8")
    shown = gouji("show", "2023.zip!/b/form.txt")
    assert (shown.returncode, "2023.zip!/b/form.txt" in shown.stdout) == (0, True)
