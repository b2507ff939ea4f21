"""Names inside archives: their characters by evidence, and no name that leads anywhere."""

from __future__ import annotations

import tarfile
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archives import Raw, put, raw_zip, taken, tarred, unicode_path
from worker.archive import Member, members

UTF8_FLAG = 1 << 11


def names(path: Path) -> list[str]:
    return [name.removeprefix(f"{path.name}!/") for name, _ in taken(path)]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("2023年度部门决算.txt", "gb18030"),
        ("联通.txt", "gb18030"),
        ("预算/附表1 收支总表.xlsx", "gb18030"),
        ("一、说明（公开）.txt", "gb18030"),
        ("朱镕基.txt", "gb18030"),
        # Each of these is valid UTF-8 as well: ѧУ, ո, and so on.
        ("学校.txt", "gb18030"),
        ("2023年度部门决算.txt", "utf-8"),
        ("聯合國.txt", "utf-8"),
        ("résumé.txt", "utf-8"),
        ("Отчёт за год.txt", "utf-8"),
        ("Ελλάδα.txt", "utf-8"),
        ("résumé.txt", "cp437"),
        ("Müller & Söhne.txt", "cp437"),
        ("plain.txt", "ascii"),
    ],
)
def test_names_without_a_flag_are_told_by_evidence(tmp_path: Path, name: str, encoding: str) -> None:
    raw = name.encode(encoding)
    assert names(put(tmp_path, "x.zip", raw_zip([Raw(raw)]))) == [name]
    if encoding != "cp437":
        made = tarred({raw.decode("utf-8", "surrogateescape"): b"x"}, form=tarfile.GNU_FORMAT)
        assert names(put(tmp_path, "x.tar", made)) == [name]


def test_a_flag_and_a_field_are_believed_where_they_can_be(tmp_path: Path) -> None:
    chinese = "学校".encode("gb18030")
    entries = [
        Raw(chinese, flags=UTF8_FLAG),
        Raw("预算".encode(), flags=UTF8_FLAG),
        Raw("预算".encode("gb18030"), flags=UTF8_FLAG),
        Raw(b"a.txt", extra=unicode_path(b"a.txt", "甲.txt")),
        # Left behind by a tool that gave the file another name.
        Raw(b"b.txt", extra=unicode_path(b"a.txt", "甲.txt")),
        Raw(b"c.txt", extra=unicode_path(b"c.txt", "../up.txt")),
        Raw(b"d.txt", extra=b"\x75\x70\xff\xff\1"),
    ]
    assert names(put(tmp_path, "x.zip", raw_zip(entries))) == [
        *(chinese.decode("utf-8"), "预算", "预算#2", "甲.txt", "b.txt", "../up.txt", "d.txt")
    ]


def test_names_are_composed_and_steer_nothing(tmp_path: Path) -> None:
    entries = [
        Raw(unicodedata.normalize("NFD", "é.txt").encode(), flags=UTF8_FLAG),
        Raw(b"red\x1b[31m\r\n.txt"),
        Raw("gpj\u202etxt.exe".encode(), flags=UTF8_FLAG),
        Raw(b"folder\\sub\\file.txt"),
        Raw(b"x" * 900 + b".txt"),
    ]
    composed, escaped, turned, parts, long = names(put(tmp_path, "x.zip", raw_zip(entries)))
    assert (composed, escaped, turned) == ("é.txt", "red\ufffd[31m\ufffd\ufffd.txt", "gpj\ufffdtxt.exe")
    assert parts == "folder/sub/file.txt"
    assert len(long) < 400
    assert long.endswith("x.txt")


HOSTILE = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from([b"..", b"/", b"\\", b"c:", b".", b" ", b"a", b"\0", b"~", b"\xff"]),
    ),
    max_size=6,
).map(b"".join)


@given(st.lists(HOSTILE, max_size=5), st.sampled_from([0, UTF8_FLAG]))
def test_no_name_leads_anywhere(
    tmp_path_factory: pytest.TempPathFactory, raw: list[bytes], flags: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "names"
    path = put(folder, "x.zip", raw_zip([Raw(name, flags=flags) for name in raw]))
    before = sorted(folder.rglob("*"))
    found = set()
    for each in members([path]):
        assert each.name not in found
        found.add(each.name)
        each.name.encode()
        assert each.name.startswith("x.zip!/")
        inner = each.name.removeprefix("x.zip!/")
        assert inner.isprintable() or not inner.isascii()
        if isinstance(each, Member):
            assert each.read(10) == b"x"
            for kind in (PurePosixPath, PureWindowsPath):
                assert not kind(inner).is_absolute()
                assert not kind(inner).drive
                assert ".." not in kind(inner).parts
    assert sorted(folder.rglob("*")) == before


@given(st.lists(HOSTILE.filter(lambda raw: b"\0" not in raw), max_size=5))
def test_no_name_in_a_tar_leads_anywhere(tmp_path_factory: pytest.TempPathFactory, raw: list[bytes]) -> None:
    files = {name.decode("utf-8", "surrogateescape"): b"x" for name in raw}
    path = put(tmp_path_factory.getbasetemp() / "names", "x.tar", tarred(files, form=tarfile.GNU_FORMAT))
    for each in members([path]):
        each.name.encode()
        if isinstance(each, Member):
            assert each.read(10) == b"x"
            assert ".." not in PurePosixPath(each.name).parts


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=8))
def test_chinese_names_in_utf8_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    path = put(tmp_path_factory.getbasetemp() / "names", "x.zip", raw_zip([Raw(name.encode())]))
    assert names(path) == [name]
