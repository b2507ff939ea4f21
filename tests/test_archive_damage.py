"""Limits and damage: what an archive may not be, and what stays of one that is cut off or damaged."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archives import COMPRESSIONS, Raw, put, raw_zip, taken, tarred, zipped
from worker.archive import Limits, Refused, members


def problems(path: Path, limits: Limits | None = None) -> dict[str, str]:
    return {name: said for name, said in taken(path, limits=limits) if isinstance(said, str)}


# Limits


def test_a_member_over_the_limit_is_refused_whether_it_says_so_or_not(tmp_path: Path) -> None:
    limits = Limits(member_bytes=10)
    made = raw_zip([Raw(b"says.txt", b"x" * 11), Raw(b"a.txt"), Raw(b"claims.txt", b"x", size=2 << 30)])
    assert problems(put(tmp_path, "x.zip", made), limits) == {
        "x.zip!/says.txt": "has 11 bytes, the limit is 10",
        "x.zip!/claims.txt": "has 2,147,483,648 bytes, the limit is 10",
    }
    tar = put(tmp_path, "x.tar", tarred({"big.txt": b"x" * 2000, "a.txt": b"a"}))
    assert taken(tar, limits=limits) == [
        ("x.tar!/big.txt", "has 2,000 bytes, the limit is 10"),
        ("x.tar!/a.txt", b"a"),
    ]
    short = put(tmp_path, "y.zip", zipped({"a.txt": b"x" * 100}))
    assert taken(short, max_bytes=99) == [
        ("y.zip!/a.txt", "has more bytes than are allowed, the limit is 99")
    ]


def test_too_many_members_and_too_many_bytes_end_an_archive(tmp_path: Path) -> None:
    many = {f"{number}.txt": b"x" * 1000 for number in range(5)}
    for path in (put(tmp_path, "x.zip", zipped(many)), put(tmp_path, "x.tar", tarred(many))):
        found = taken(path, limits=Limits(members=3))
        assert [data for _, data in found[:-1]] == [b"x" * 1000] * 3
        assert found[-1] == (path.name, "has more than 3 members, what follows is not read")
        *some, last = taken(path, limits=Limits(total_bytes=4000))
        assert some[0][1] == b"x" * 1000
        assert last == (path.name, "unpacks to more than 4,000 bytes, what follows is not read")


def test_limits_hold_for_an_archive_with_those_inside_it(tmp_path: Path) -> None:
    inner = zipped({"1.txt": b"1", "2.txt": b"2"})
    path = put(tmp_path, "x.zip", zipped({f"{number}.zip": inner for number in range(3)}))
    assert [name for name, said in taken(path, limits=Limits(members=5)) if isinstance(said, bytes)] == [
        *("x.zip!/0.zip!/1.txt", "x.zip!/0.zip!/2.txt", "x.zip!/1.zip!/1.txt")
    ]


@pytest.mark.parametrize("name", [name for name in COMPRESSIONS if name != "x.tar"])
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path, name: str) -> None:
    bomb = put(tmp_path, "x.tar.gz", COMPRESSIONS[name](tarred({"a.txt": bytes(20_000_000), "b.txt": b"b"})))
    assert problems(bomb)["x.tar.gz"] == "unpacks to more than 200 times its size"
    assert "x.tar.gz!/b.txt" not in dict(taken(bomb))


def test_a_bomb_in_a_zip_fails_alone_and_a_table_of_zeros_does_not(tmp_path: Path) -> None:
    path = put(tmp_path, "x.zip", zipped({"bomb.txt": bytes(20_000_000), "zeros.csv": b"0,0,0\n" * 100_000}))
    found = dict(taken(path, max_bytes=1 << 26))
    assert found["x.zip!/bomb.txt"] == "unpacks to more than 200 times its size"
    assert found["x.zip!/zeros.csv"] == b"0,0,0\n" * 100_000


# Damage


def test_of_a_tar_that_is_cut_off_the_beginning_stays_and_the_end_is_named(tmp_path: Path) -> None:
    whole = tarred({"a.txt": b"a" * 1000, "b.txt": b"b" * 1000})
    for cut in range(512, 4096, 256):
        found = taken(put(tmp_path, "x.tar", whole[:cut]))
        complete = [name for name, data in found if isinstance(data, bytes)]
        assert (
            complete == ["x.tar!/a.txt", "x.tar!/b.txt"][: (cut >= 512 + 1000) + (cut >= 1536 + 512 + 1000)]
        )
        # Without the mark of its end nothing shows that this was all.
        assert (found[-1][0] == "x.tar") == (cut < 2 * 1536 + 512)
    packed = gzip.compress(whole)
    assert taken(put(tmp_path, "x.tar.gz", packed[:-8]))[-1][0] == "x.tar.gz"
    assert "is damaged" in str(taken(put(tmp_path, "x.tar.gz", packed[:-8]))[-1][1])


def test_a_checksum_at_the_end_of_a_packed_tar_is_held_to(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(tarred({"a.txt": b"a"})))
    packed[-8] ^= 1
    assert taken(put(tmp_path, "x.tar.gz", bytes(packed)))[-1] == (
        "x.tar.gz",
        "is damaged (Error -3 while decompressing data: incorrect data check)",
    )


def test_a_tar_with_hostile_headers_ends_with_a_word(tmp_path: Path) -> None:
    def header(kind: bytes, size: bytes, name: bytes = b"a") -> bytes:
        block = bytearray(512)
        block[: len(name)], block[124 : 124 + len(size)], block[156:157] = name, size, kind
        block[148:156] = b" " * 8
        block[148:156] = f"{sum(block):06o}\0 ".encode()
        return bytes(block)

    negative = b"\xff" * 12
    huge = b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7
    for made, problem in [
        (header(b"0", negative), "has a size below nothing"),
        (header(b"x", huge), "has an extended header of"),
        (header(b"L", huge), "has an extended header of"),
        (header(b"0", huge), "ends inside a member"),
        (header(b"x", b"00000000005\0") + b"9 a=b".ljust(512, b"\0"), "extended header cannot be read"),
        (header(b"x", b"00000000011\0") + b"9 size=x\n".ljust(512, b"\0"), "size that is no number"),
        (header(b"x", b"00000000400\0"), "ends inside a header"),
        (b"\1" * 512, "is no archive"),
        (header(b"0", b"0") + b"\1" * 512, "what follows cannot be found"),
    ]:
        name, said = taken(put(tmp_path, "x.tar", made))[-1]
        assert name == "x.tar"
        assert problem in str(said)


def test_a_zip_with_a_false_table_of_contents_is_named(tmp_path: Path) -> None:
    good = raw_zip([Raw(b"a.txt"), Raw(b"b.txt")])
    table = good.rindex(b"PK\1\2")
    for made, problem in [
        (raw_zip([Raw(b"a.txt")], count=7), "says it has 7 members, 1 are listed"),
        (good[:table] + b"XX" + good[table + 2 :], "damaged after 1 members"),
        (good[:-6] + struct.pack("<L", 0xFFFFFF0) + good[-2:], "not where it is said to be"),
        (good[:-22], "is cut off"),
        (good[:-18] + b"\1\0" + good[-16:], "is one part of a ZIP in several"),
    ]:
        name, said = taken(put(tmp_path, "x.zip", made))[-1]
        assert name == "x.zip"
        assert problem in str(said)


def test_a_comment_may_stand_at_the_end(tmp_path: Path) -> None:
    assert taken(put(tmp_path, "x.zip", raw_zip([Raw(b"a.txt")], comment=b"made by hand"))) == [
        ("x.zip!/a.txt", b"x")
    ]


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    put(tmp_path, "x.rar", b"Rar!\x1a\x07\x00 and so on")
    put(tmp_path, "x.zip", b"")
    put(tmp_path, "x.tgz", gzip.compress(b"text"))
    (tmp_path / "dir.zip").mkdir()
    assert taken(*(tmp_path / name for name in ("x.rar", "x.zip", "x.tgz", "dir.zip", "none.zip"))) == [
        ("x.rar", "is no archive of a kind that is opened"),
        ("x.zip", "is empty"),
        ("x.tgz", "holds no TAR"),
        ("dir.zip", "is not a regular file"),
        ("none.zip", "no such file"),
    ]


SOUND = {"a.txt": b"alpha " * 50, "d/b.txt": b"beta", "in.zip": zipped({"c.txt": b"gamma" * 30})}
ZIPS = [
    zipped(SOUND, method)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
]
TARS = [pack(tarred(SOUND)) for pack in COMPRESSIONS.values()]
DAMAGE = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.binary(max_size=6), st.integers(0, 6)), min_size=1, max_size=4
)


def damaged(data: bytes, damage: list[tuple[int, bytes, int]]) -> bytes:
    for at, put_in, left_out in damage:
        at %= len(data) + 1
        data = data[:at] + put_in + data[at + left_out :]
    return data


@given(st.sampled_from(ZIPS), DAMAGE)
def test_whatever_happened_to_a_zip_what_comes_out_of_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, made: bytes, damage: list[tuple[int, bytes, int]]
) -> None:
    path = put(tmp_path_factory.getbasetemp() / "damaged", "x.zip", damaged(made, damage))
    whole = {b"alpha " * 50, b"beta", b"gamma" * 30, b""}
    assert {data for _, data in taken(path) if isinstance(data, bytes)} <= whole


@given(st.sampled_from(TARS), DAMAGE)
def test_whatever_happened_to_a_tar_it_ends_with_members_or_a_word(
    tmp_path_factory: pytest.TempPathFactory, made: bytes, damage: list[tuple[int, bytes, int]]
) -> None:
    path = put(tmp_path_factory.getbasetemp() / "damaged", "x.tar", damaged(made, damage))
    assert taken(path)


@given(st.binary(max_size=600), st.sampled_from(["x.zip", "x.tar.gz"]))
def test_bytes_of_any_kind_are_an_archive_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = put(tmp_path_factory.getbasetemp() / "bytes", name, data)
    for each in members([path]):
        assert isinstance(each, Refused) or zlib.crc32(each.read(1000)) >= 0
