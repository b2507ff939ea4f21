"""Folders, globs, URLs and manifests: which files they stand for, and which they do not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from schemas import ConfigError
from tests.archives import put, taken, tarred, zipped
from worker.archive import Limits, Member, Refused, members


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.txt", "b/1.txt", "b/2.csv", "b/c/3.txt", ".hidden/x.txt", "b/.x.txt", "d/e.txt"):
        put(tmp_path / "tree", name, name)
    return tmp_path / "tree"


@pytest.fixture
def memory() -> Iterator[Any]:
    """A file system in memory, empty before and after."""
    system = import_module("fsspec").filesystem("memory")
    for name in ("/in/a.txt", "/in/b/1.txt", "/in/b/2.csv", "/in/b/.x.txt"):
        system.pipe(name, name.encode())
    system.pipe("/in/x.zip", zipped({"预算/z.txt": b"z"}))
    system.pipe("/in/y.tar.gz", tarred({"t.txt": b"t"}, "w:gz"))
    yield system
    system.rm("/in", recursive=True)


def below(tree: Path, *sources: str | Path) -> list[str]:
    return [
        each.place.removeprefix(f"{tree}/") if isinstance(each, Member) else each.error.problem
        for each in members(sources)
    ]


# Paths and globs


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["a.txt"]),
        ("**/*.txt", ["a.txt", "b/1.txt", "b/c/3.txt", "d/e.txt"]),
        ("**/**/3.txt", ["b/c/3.txt"]),
        ("b/**", ["b/1.txt", "b/2.csv", "b/c/3.txt"]),
        ("[bd]/?.*", ["b/1.txt", "b/2.csv", "d/e.txt"]),
        ("b*", ["b/1.txt", "b/2.csv", "b/c/3.txt"]),
        ("*/./1.txt", ["b/1.txt"]),
        ("*.pdf", ["matches no file"]),
        ("a.txt/*", ["matches no file"]),
    ],
)
def test_a_glob_stands_for_what_it_matches_in_order(tree: Path, pattern: str, expected: list[str]) -> None:
    assert below(tree, f"{tree}/{pattern}") == expected


def test_a_name_that_looks_like_a_glob_is_a_name_where_it_is_one(tree: Path) -> None:
    put(tree, "a[1].txt", "x")
    assert below(tree, f"{tree}/a[1].txt", tree / "b", f"{tree}/nowhere/*.txt") == [
        *("a[1].txt", "b/1.txt", "b/2.csv", "b/c/3.txt", "nowhere")
    ]


def test_a_glob_follows_no_link_out_of_its_folder(tree: Path, tmp_path: Path) -> None:
    outside = put(tmp_path, "outside/secret.txt", "s")
    (tree / "out").symlink_to(outside.parent)
    (tree / "out.txt").symlink_to(outside)
    (tree / "same.txt").symlink_to(tree / "a.txt")
    assert below(tree, f"{tree}/*.txt", f"{tree}/*/secret.txt") == ["a.txt", "same.txt", "matches no file"]


def test_files_of_one_name_are_told_apart_and_no_pipe_is_waited_for(tmp_path: Path) -> None:
    one, two = (put(tmp_path, f"{year}/x.zip", zipped({"a.txt": year.encode()})) for year in ("2022", "2023"))
    put(tmp_path, "2022/a.txt", "1")
    put(tmp_path, "2023/a.txt", "2")
    os.mkfifo(tmp_path / "p.zip")
    given: list[str | Path] = [
        one,
        two,
        tmp_path / "p.zip",
        f"{tmp_path}/*/a.txt",
        tmp_path / "2022" / "a.txt",
    ]
    assert taken(*given) == [
        ("x.zip!/a.txt", b"2022"),
        ("2023/x.zip!/a.txt", b"2023"),
        ("p.zip", "is not a regular file"),
        ("a.txt", b"1"),
        ("2023/a.txt", b"2"),
        ("a.txt", b"1"),
    ]


# URLs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://in/a.txt", ["a.txt"]),
        ("memory://in/b", ["b/1.txt", "b/2.csv"]),
        ("memory://in/*.txt", ["a.txt"]),
        ("memory://in/**/*.txt", ["a.txt", "b/1.txt"]),
        ("memory://in/b*", ["b/1.txt", "b/2.csv"]),
        ("memory://in/x.zip", ["x.zip!/预算/z.txt"]),
        ("memory://in/*.gz", ["y.tar.gz!/t.txt"]),
    ],
)
@pytest.mark.usefixtures("memory")
def test_a_url_stands_for_files_folders_globs_and_archives(url: str, expected: list[str]) -> None:
    assert [(each.place, bool(each.read(100))) for each in members([url]) if isinstance(each, Member)] == [
        (f"memory://in/{name}", True) for name in expected
    ]


@pytest.mark.usefixtures("memory")
def test_a_url_to_nothing_says_so() -> None:
    assert [said for _, said in taken("memory://in/none.txt", "memory://in/*.pdf")] == [
        "no such file",
        "matches no file",
    ]


def test_globs_go_as_deep_as_folders_do(memory: Any) -> None:
    deep = "/in/" + "d/" * 1200 + "deep.md"
    memory.pipe(deep, b"deep")
    assert taken("memory://in/**/*.md") == [("deep.md", b"deep")]


def test_a_file_url_is_a_path(tree: Path) -> None:
    assert below(tree, f"file://{tree}/b/*.txt", f"file://{tree}/a.txt") == ["b/1.txt", "a.txt"]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1/latest/meta-data", "addresses with http:// are not followed"),
        ("HTTPS://example.org/a.zip?X-Amz-Signature=secret", "addresses with https:// are not followed"),
        ("ftp://example.org/a.zip", "addresses with ftp:// are not followed"),
        ("https://me:secret@example.org/a.zip", "holds a name or a password"),
        ("s3://key:secret@bucket/a.zip", "holds a name or a password"),
        ("zip://*.txt::http://127.0.0.1/a.zip", "leads through several places"),
        ("simplecache::s3://bucket/a.zip", "no such file"),
    ],
)
def test_addresses_that_are_not_followed(url: str, problem: str) -> None:
    ((_, said),) = taken(url)
    assert said == problem
    (refused,) = members([url])
    assert isinstance(refused, Refused)
    assert "secret" not in f"{refused.name} {refused.error}"


def test_what_a_file_system_says_of_an_error_is_not_passed_on(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("https://host/?key=secret")

    monkeypatch.setattr(type(memory), "info", fail)
    (refused,) = members(["memory://in/a.txt"])
    monkeypatch.undo()
    assert isinstance(refused, Refused)
    assert refused.error.problem == "cannot be read (RuntimeError)"


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError, match=r"s3:// takes a package .* pip install 'gouji\[s3\]'"):
        taken("s3://bucket/a.zip")
    with pytest.raises(ConfigError, match="nothing://"):
        taken("nothing://bucket/a.zip", limits=Limits(schemes=frozenset({"nothing"})))


def test_zstandard_missing_is_said_of_the_file_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    put(tmp_path, "x.tar.zst", b"\x28\xb5\x2f\xfd and so on")
    (refused,) = members([tmp_path / "x.tar.zst"])
    assert isinstance(refused, Refused)
    assert "pip install 'gouji[zstd]'" in refused.error.remedy


# Manifests


def listed(folder: Path, text: str | bytes) -> list[Member | Refused]:
    return list(members([], manifest=put(folder, "list.csv", text)))


def test_a_manifest_lists_files_with_what_is_known_of_them(tree: Path) -> None:
    text = "Path,name,priority,批次\nb/1.txt,一号,,甲\na.txt,,5,乙\nb,其他,-1,\n\n"
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        found = listed(tree, text.encode(encoding))
        assert [(each.name, dict(each.metadata)) for each in found if isinstance(each, Member)] == [
            ("a.txt", {"priority": "5", "批次": "乙"}),
            ("一号.txt", {"name": "一号", "批次": "甲"}),
            ("1.txt", {"name": "其他", "priority": "-1"}),
            ("2.csv", {"name": "其他", "priority": "-1"}),
            ("3.txt", {"name": "其他", "priority": "-1"}),
        ]


def test_members_of_a_listed_archive_carry_its_row(tmp_path: Path) -> None:
    put(tmp_path, "sub/x.zip", zipped({"a.txt": b"a"}))
    (member,) = listed(tmp_path, "path;batch;name\nsub\\x.zip;7;决算.zip\n")
    assert isinstance(member, Member)
    assert (member.name, member.metadata["batch"]) == ("决算.zip!/a.txt", "7")


def test_rows_that_cannot_be_had_are_named_with_their_line(tree: Path) -> None:
    put(tree.parent, "outside.txt", "s")
    (tree / "out.txt").symlink_to(tree.parent / "outside.txt")
    rows = [
        "../outside.txt",
        "/etc/passwd",
        "c:\\x.txt",
        "gone.txt",
        "out.txt",
        "s3://bucket/x.txt",
        "",
        "a.txt",
    ]
    text = "path,priority\n" + "".join(f'"{row}",\n' for row in rows) + "a.txt,soon\n"
    found = listed(tree, text)
    assert [each.error.problem if isinstance(each, Refused) else each.name for each in found] == [
        "has a name that leads elsewhere (..)",
        "has an absolute path for a name",
        "has a drive letter in its name",
        "no such file",
        "leads out of the folder of the manifest",
        "no such file",
        "a.txt",
        "has the priority soon",
    ]
    assert isinstance(found[3], Refused)
    assert found[3].error.file.endswith("list.csv, line 5: gone.txt")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,batch\na.txt,1\n", "does not name its columns"),
        ("path,Path\na.txt,b.txt\n", "does not name its columns"),
        ("", "does not name its columns"),
        (bytes(range(256)), "is binary data"),
        ("path\n" + '"' + "x" * 200_000 + '"\n', "is no CSV in line"),
    ],
)
def test_a_file_that_is_no_manifest_is_named(tmp_path: Path, text: str | bytes, problem: str) -> None:
    (refused,) = listed(tmp_path, text)
    assert isinstance(refused, Refused)
    assert refused.name == "list.csv"
    assert problem in refused.error.problem


def test_a_manifest_that_is_not_there_is_named(tmp_path: Path) -> None:
    (refused,) = members([], manifest=tmp_path / "none.csv")
    assert isinstance(refused, Refused)
    assert refused.error.problem == "no such file"
