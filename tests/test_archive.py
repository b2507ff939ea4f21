"""ZIP and TAR: what is in them comes out, and what is wrong with them is said by name."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.archives import COMPRESSIONS, Raw, put, raw_zip, taken, tarred, zipped
from worker.archive import Member, members

FILES = {"a.txt": b"alpha", "预算/b.txt": b"beta" * 1000, "c.txt": b""}


# What is in them


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_zip_comes_out_as_it_went_in(tmp_path: Path, method: int) -> None:
    path = put(tmp_path, "x.zip", zipped(FILES, method))
    assert taken(path) == [(f"x.zip!/{name}", data) for name, data in FILES.items()]


@pytest.mark.parametrize("name", COMPRESSIONS)
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_comes_out_as_it_went_in(tmp_path: Path, name: str, form: int) -> None:
    path = put(tmp_path, name, COMPRESSIONS[name](tarred(FILES, form=form)))
    assert taken(path) == [(f"{name}!/{inner}", data) for inner, data in FILES.items()]


def test_what_is_in_an_archive_decides_and_not_its_ending(tmp_path: Path) -> None:
    put(tmp_path, "really-tar.zip", gzip.compress(tarred(FILES)))
    put(tmp_path, "really-zip.tar.gz", zipped(FILES))
    assert [data for _, data in taken(tmp_path / "really-tar.zip", tmp_path / "really-zip.tar.gz")] == [
        *FILES.values(),
        *FILES.values(),
    ]


def test_a_zip_that_was_streamed_comes_out_as_it_went_in(tmp_path: Path) -> None:
    # Sizes and checksums then stand behind the data, and before it zeros.
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    assert taken(put(tmp_path, "x.zip", made.getvalue())) == [
        (f"x.zip!/{name}", data) for name, data in FILES.items()
    ]


def test_folders_are_passed_over_and_what_has_data_is_none(tmp_path: Path) -> None:
    entries = [Raw(b"d/", b""), Raw(b"e", b"", mode=0o040755), Raw(b"f.txt/", b"data")]
    assert taken(put(tmp_path, "x.zip", raw_zip(entries))) == [("x.zip!/f.txt", b"data")]


def test_long_names_are_whole(tmp_path: Path) -> None:
    name = "/".join(["甲" * 20] * 3) + "/决算.txt"
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert taken(put(tmp_path, "x.tar", tarred({name: b"1"}, form=form))) == [(f"x.tar!/{name}", b"1")]


def test_packed_streams_that_follow_one_another_are_one(tmp_path: Path) -> None:
    whole = tarred({"a.txt": b"a" * 3000, "b.txt": b"b" * 3000})
    for name in ("x.tar.gz", "x.tar.bz2", "x.tar.xz", "x.tar.zst"):
        pack = COMPRESSIONS[name]
        path = put(tmp_path, name, b"".join(pack(whole[at : at + 700]) for at in range(0, len(whole), 700)))
        assert [data for _, data in taken(path)] == [b"a" * 3000, b"b" * 3000]


def test_a_zip_behind_other_data_and_one_of_nothing(tmp_path: Path) -> None:
    put(tmp_path, "nothing.zip", zipped({}))
    put(tmp_path, "nothing.tar", tarred({}))
    # The offsets of a self-extracting ZIP may count from where the ZIP begins.
    within = put(tmp_path, "out.zip", zipped({"in.zip": b"PK\3\4 a loader" + zipped(FILES)}))
    assert taken(tmp_path / "nothing.zip", tmp_path / "nothing.tar") == []
    assert [data for _, data in taken(within)] == [*FILES.values()]


@pytest.mark.parametrize("is_full", [True, False])
def test_a_zip_with_wide_fields(tmp_path: Path, is_full: bool) -> None:
    wide = struct.pack("<HHQQ", 1, 16, 4, 4)
    entry = Raw(b"a.txt", b"wide", extra=wide, size=0xFFFFFFFF, packed=0xFFFFFFFF)
    made = raw_zip([entry])
    end = len(made) - 22
    table = made.index(b"PK\1\2")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, end - table, table)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    # Some tools leave the narrow record true where it has the room.
    narrow = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path = put(tmp_path, "x.zip", made[:end] + record + locator + (narrow if is_full else made[end:]))
    assert taken(path) == [("x.zip!/a.txt", b"wide")]


# Archives in archives


@pytest.mark.parametrize("outer", ["x.zip", "x.tar.gz"])
@pytest.mark.parametrize("inner", ["y.zip", "y.tar", "y.tar.xz"])
def test_an_archive_in_an_archive_is_opened_once(tmp_path: Path, outer: str, inner: str) -> None:
    def pack(name: str, files: dict[str, bytes]) -> bytes:
        return zipped(files) if name.endswith(".zip") else COMPRESSIONS[f"x{name[1:]}"](tarred(files))

    deep = pack(inner, {"a.txt": b"deep", "z.zip": zipped(FILES), "b.txt": b"after"})
    path = put(tmp_path, outer, pack(outer, {"first.txt": b"1", inner: deep, "last.txt": b"2"}))
    assert taken(path) == [
        (f"{outer}!/first.txt", b"1"),
        (f"{outer}!/{inner}!/a.txt", b"deep"),
        (f"{outer}!/{inner}!/z.zip", "is an archive in an archive in an archive"),
        (f"{outer}!/{inner}!/b.txt", b"after"),
        (f"{outer}!/last.txt", b"2"),
    ]


def test_a_damaged_archive_in_an_archive_stops_nothing_else(tmp_path: Path) -> None:
    inner = zipped(FILES)
    path = put(tmp_path, "x.zip", zipped({"cut.zip": inner[:-30], "no.tar": b"text", "last.txt": b"2"}))
    assert taken(path) == [
        ("x.zip!/cut.zip", "is cut off: a ZIP has its table of contents at its end"),
        ("x.zip!/no.tar", "is no archive of a kind that is opened"),
        ("x.zip!/last.txt", b"2"),
    ]


@pytest.mark.parametrize("name", ["x.zip", "x.tar"])
def test_a_member_is_read_in_its_turn_or_not_at_all(tmp_path: Path, name: str) -> None:
    put(tmp_path, "x.zip", zipped(FILES))
    put(tmp_path, "x.tar", tarred(FILES))
    first, *_ = members([tmp_path / name])
    assert isinstance(first, Member)
    with pytest.raises(RuntimeError, match="before the next one is asked for"):
        first.read(10)


# What is refused by name


LINK, PIPE, FILE = 0o120777, 0o010644, 0o100644


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (Raw(b"../up.txt"), "leads elsewhere"),
        (Raw(b"a/..\\..\\up.txt"), "leads elsewhere"),
        (Raw(b"/etc/passwd"), "absolute path"),
        (Raw(b"\\\\host\\share\\x.txt"), "absolute path"),
        (Raw(b"c:x.txt"), "drive letter"),
        (Raw(b"a\0.txt"), "zero byte"),
        (Raw(b"x" * 2000), "2,000 characters"),
        (Raw(b"l.txt", mode=LINK), "is a link"),
        (Raw(b"p.txt", mode=PIPE), "is a device or a pipe"),
        (Raw(b"e.txt", flags=1), "is encrypted"),
        (Raw(b"m.txt", method=9), "is packed with Deflate64"),
        (Raw(b"m.txt", method=77), "is packed with method 77"),
        (Raw(b"c.txt", crc=1), "checksum is another"),
        (Raw(b"n.txt", local_name=b"m.txt"), "has two names"),
        (Raw(b"s.txt", size=3), "has 1 bytes where it says 3"),
        (Raw(b"s.txt", size=0), "is longer than the 0 bytes it says it has"),
        (Raw(b"s.txt", at=0xFFFFFFF0), "not where its archive says"),
        (Raw(b"s.txt", packed=5000, size=5000), "lies on another member"),
        (Raw(b"d.txt", method=8), "is damaged"),
        (Raw(b"b.txt", method=12), "is damaged"),
        (Raw(b"l.txt", method=14), "is damaged"),
        (Raw(b"x.txt", method=95), "is damaged"),
        (Raw(b"z.txt", method=93), "is damaged"),
    ],
)
def test_one_bad_member_is_named_and_the_others_come(tmp_path: Path, entry: Raw, problem: str) -> None:
    path = put(tmp_path, "x.zip", raw_zip([Raw(b"a.txt"), entry, Raw(b"z.txt", mode=FILE)]))
    first, (name, said), last = taken(path)
    assert (first, last[1]) == (("x.zip!/a.txt", b"x"), b"x")
    assert name.startswith("x.zip!/")
    assert isinstance(said, str)
    assert problem in said


def test_members_that_lie_on_one_another_are_refused(tmp_path: Path) -> None:
    entries = [Raw(b"a.txt", at=0), Raw(b"a.txt", at=0), Raw(b"c.txt")]
    assert [said for _, said in taken(put(tmp_path, "x.zip", raw_zip(entries)))] == [
        "lies on another member of its archive",
        "lies on another member of its archive",
        b"x",
    ]
    # One inside the other, as in a bomb whose members share one kernel.
    kernel = raw_zip([Raw(b"k.txt", b"k")])[:36]
    outer = Raw(b"o.txt", kernel)
    both = put(tmp_path, "y.zip", raw_zip([outer, Raw(b"k.txt", b"k", at=35)]))
    assert taken(both)[0][1] == "lies on another member of its archive, or is cut off"


def test_links_devices_and_sparse_files_of_a_tar_are_refused(tmp_path: Path) -> None:
    def special(name: str, kind: bytes, **pax: str) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.pax_headers = kind, "/etc/passwd", pax
        return info

    files: dict[str, bytes | tarfile.TarInfo] = {
        "s": special("s", tarfile.SYMTYPE),
        "h": special("h", tarfile.LNKTYPE),
        "c": special("c", tarfile.CHRTYPE),
        "f": special("f", tarfile.FIFOTYPE),
        "m": special("m", b"M"),
        "o": special("o", tarfile.GNUTYPE_SPARSE),
        "g": special(
            "g", tarfile.REGTYPE, **{"GNU.sparse.major": "1", "GNU.sparse.realsize": "9999999999999"}
        ),
        "../up.txt": b"x",
        "/abs.txt": b"x",
        "dir": special("dir", tarfile.DIRTYPE),
        "last.txt": b"last",
    }
    found = taken(put(tmp_path, "x.tar", tarred(files)))
    assert [name for name, _ in found][-3:] == ["x.tar!/../up.txt", "x.tar!/abs.txt", "x.tar!/last.txt"]
    assert [said for _, said in found] == [
        "is a link",
        "is a link",
        "is a device",
        "is a pipe",
        "is no regular file",
        "is a sparse file",
        "is a sparse file",
        "has a name that leads elsewhere (..)",
        "has an absolute path for a name",
        b"last",
    ]


def test_the_same_name_twice_is_two_members(tmp_path: Path) -> None:
    files = [
        ("d.d/a.txt", b"1"),
        ("d.d/a.txt", b"2"),
        ("d.d/a#2.txt", b"3"),
        ("./d.d/a.txt", b"4"),
        ("b", b"5"),
        ("b", b"6"),
    ]
    assert taken(put(tmp_path, "x.zip", zipped(files))) == [
        ("x.zip!/d.d/a.txt", b"1"),
        ("x.zip!/d.d/a#2.txt", b"2"),
        ("x.zip!/d.d/a#2#2.txt", b"3"),
        ("x.zip!/d.d/a#3.txt", b"4"),
        ("x.zip!/b", b"5"),
        ("x.zip!/b#2", b"6"),
    ]


def test_what_systems_leave_is_counted_and_passed_over(tmp_path: Path) -> None:
    left = ["__MACOSX/a.txt", "d/.DS_Store", "d/Thumbs.db", "DESKTOP.INI", ".git/x"]
    path = put(tmp_path, "x.zip", zipped({**dict.fromkeys(left, b"x"), "d/": b"", "d/a.txt": b"a"}))
    found = members([path])
    assert [each.name for each in found] == ["x.zip!/d/a.txt"]
    assert found.skipped == len(left)
