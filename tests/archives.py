"""Archives as the tests need them, hostile ones among them: written byte by byte where no tool would."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import zstandard

from schemas import InputError
from worker.archive import Limits, Member, Refused, members

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "x.tar": bytes,
    "x.tar.gz": gzip.compress,
    "x.tgz": gzip.compress,
    "x.tar.bz2": bz2.compress,
    "x.tar.xz": lzma.compress,
    "x.tar.zst": zstandard.ZstdCompressor().compress,
}
"""What packs a TAR under each of its endings."""


class Raw(NamedTuple):
    """An entry of a ZIP, true or false: None stands for what is true. `at`: where its header is said to be."""

    name: bytes
    data: bytes = b"x"
    method: int = 0
    flags: int = 0
    mode: int = 0
    extra: bytes = b""
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    at: int | None = None
    local_name: bytes | None = None


def raw_zip(entries: Iterable[Raw], *, count: int | None = None, comment: bytes = b"") -> bytes:
    """A ZIP with these entries; `data` is stored as it is, whatever the method."""
    body, table, number = b"", b"", 0
    for entry in entries:
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        size = len(entry.data) if entry.size is None else entry.size
        packed = len(entry.data) if entry.packed is None else entry.packed
        common = struct.pack("<4H3L", entry.flags, entry.method, 0, 0x21, crc, packed, size)
        at = len(body) if entry.at is None else entry.at
        local = entry.name if entry.local_name is None else entry.local_name
        body += b"PK\3\4\x14\0" + common + struct.pack("<2H", len(local), 0) + local + entry.data
        table += b"PK\1\2\x14\3\x14\0" + common
        table += struct.pack("<5H2L", len(entry.name), len(entry.extra), 0, 0, 0, entry.mode << 16, at)
        table += entry.name + entry.extra
        number += 1
    number = number if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(table), len(body), len(comment))
    return body + table + end + comment


def unicode_path(raw: bytes, name: str) -> bytes:
    """The extra field by which Info-ZIP says how the name in `raw` is really written."""
    data = b"\1" + struct.pack("<L", zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x7075, len(data)) + data


def zipped(
    files: Mapping[str, bytes] | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A ZIP as a tool writes it; a name may come twice."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(name, data)
    return made.getvalue()


def tarred(
    files: Mapping[str, bytes | tarfile.TarInfo], mode: str = "w", form: int = tarfile.PAX_FORMAT
) -> bytes:
    """A TAR; `mode` as for tarfile. A TarInfo stands for an entry without data."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
            if isinstance(data, bytes):
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)
    return made.getvalue()


def put(folder: Path, name: str, data: bytes | str) -> Path:
    """A file below a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def taken(
    *sources: str | Path, limits: Limits | None = None, manifest: Path | None = None, max_bytes: int = 1 << 20
) -> list[tuple[str, bytes | str]]:
    """What comes of sources: name and content, or name and the problem for which it is refused or not read."""
    found: list[tuple[str, bytes | str]] = []
    for each in members(sources, limits, manifest=manifest):
        if isinstance(each, Refused):
            found.append((each.name, each.error.problem))
            continue
        found.append((each.name, content(each, max_bytes)))
    return found


def content(member: Member, max_bytes: int = 1 << 20) -> bytes | str:
    """The bytes of a member, or the problem with them."""
    try:
        return member.read(max_bytes)
    except InputError as error:
        return error.problem if error.file == member.place else repr(error)
