"""ZIP: entry by entry from the table of contents at its end, which is never held as a whole.

Written from the published application note rather than on `zipfile`, which holds every entry at once, unpacks
bzip2 and LZMA without a bound, and does not see entries that lie on one another in every version.
"""

from __future__ import annotations

import io
import stat
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import BinaryIO, NamedTuple

from schemas import InputError, Unsupported
from worker.archive.model import Budget, Entry, Readable, Reason, damaged
from worker.archive.names import extra_fields, zip_name
from worker.archive.packed import join, lzma_head, unpacked

_CENTRAL = struct.Struct("<4s2B5H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_NARROW, _WIDE = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_ENDS_ITSELF = 1 << 1
_FOLDER = 0x10
_METHODS = {0: "stored", 8: "deflate", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}
_UNKNOWN_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 97: "WavPack", 98: "PPMd", 99: "AES"}


class _Contents(NamedTuple):
    """Where the table of contents lies, by how much its offsets are off, and how many entries it is to have."""

    start: int
    end: int
    shift: int
    number: int


class _Listed(NamedTuple):
    """An entry as the table of contents has it; `start` is where its own header lies in the file."""

    raw: bytes
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int
    mode: int
    attributes: int


def entries(file: BinaryIO, budget: Budget, place: str) -> Iterator[Entry]:
    """The entries of a ZIP in the order of its table of contents. Raises Unreadable where that is damaged."""
    contents = _find(file, place)
    # Eight bytes an entry: no more is kept of them.
    starts = array("Q")
    # What is damaged comes again below, after what lies before it.
    with suppress(InputError):
        for listed in islice(_listed(file, contents, place), budget.limits.members + 1):
            starts.append(listed.start)
    starts = array("Q", sorted(starts))
    for listed in _listed(file, contents, place):
        at = bisect_right(starts, listed.start)
        end = starts[at] if at < len(starts) else contents.start
        alone = at - bisect_left(starts, listed.start) == 1
        yield Entry(
            name=listed.name,
            size=listed.size,
            open=partial(_open, file, listed, end, budget, place),
            reason=_refusal(listed) if alone else damaged("lies on another member of its archive"),
            is_folder=not listed.size and _is_folder(listed),
        )


def _is_folder(listed: _Listed) -> bool:
    return listed.raw.endswith(b"/") or bool(listed.attributes & _FOLDER) or stat.S_ISDIR(listed.mode)


def _find(file: BinaryIO, place: str) -> _Contents:
    size = file.seek(0, io.SEEK_END)
    first = file.seek(max(0, size - _END.size - _NARROW))
    tail = file.read(size - first)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise damaged("is cut off: a ZIP has its table of contents at its end").of(place)
    _, disk, _, _, count, length, offset, _ = _END.unpack_from(tail, at)
    end = first + at
    if wide := _find_64(file, end):
        disk, count, length, offset, end = wide
    if disk:
        raise Unsupported(place, "is one part of a ZIP in several", "join the parts")
    start = end - length
    if start < 0 or start < offset:
        raise damaged("is damaged: its table of contents is not where it is said to be").of(place)
    return _Contents(start, end, start - offset, count)


def _find_64(file: BinaryIO, end: int) -> tuple[int, int, int, int, int] | None:
    """Disk, count, length, offset and place of the wide end record that stands before the end record."""
    at = end - _LOCATOR_64.size - _END_64.size
    if at < 0:
        return None
    data = _at(file, at, end - at)
    locator = data[_END_64.size :]
    if len(locator) < _LOCATOR_64.size or not (data.startswith(b"PK\6\6") and locator.startswith(b"PK\6\7")):
        return None
    *_, disk, _, _, count, length, offset = _END_64.unpack_from(data)
    return disk, count, length, offset, at


def _listed(file: BinaryIO, contents: _Contents, place: str) -> Iterator[_Listed]:
    table = io.BufferedReader(_Window(file, contents.start, contents.end), 1 << 16)
    left, count = contents.end - contents.start, 0
    while left >= _CENTRAL.size:
        head = table.read(_CENTRAL.size)
        if len(head) < _CENTRAL.size or head[:4] != b"PK\1\2":
            raise damaged(f"has a table of contents that is damaged after {count:,} members").of(place)
        fields = _CENTRAL.unpack(head)
        raw, extra, comment = (table.read(length) for length in fields[11:14])
        left -= len(head) + len(raw) + len(extra) + len(comment)
        count += 1
        yield _entry(fields, raw, extra, contents.shift)
    # The narrow record counts to 65,535 and then from zero.
    if contents.number not in {count, count % 65_536}:
        raise damaged(f"says it has {contents.number:,} members, {count:,} are listed").of(place)


def _entry(fields: tuple[int, ...], raw: bytes, extra: bytes, shift: int) -> _Listed:
    _, _, _, _, flags, method, _, _, crc, packed, size, *_, attributes, start = fields
    wide = next((data for kind, data in extra_fields(extra) if kind == 1), b"")
    widened = iter(struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) // 8 * 8]))
    # In this order, and only those for which the narrow field has no room.
    size, packed, start = (
        next(widened, _WIDE) if value == _WIDE else value for value in (size, packed, start)
    )
    return _Listed(
        raw=raw,
        name=zip_name(raw, flags, extra),
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        size=size,
        start=min(start + shift, (1 << 64) - 1),
        mode=attributes >> 16,
        attributes=attributes,
    )


def _refusal(listed: _Listed) -> Reason | None:
    kind = stat.S_IFMT(listed.mode)
    if kind == stat.S_IFLNK:
        return Reason(Unsupported, "is a link", "pack the file itself")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return Reason(Unsupported, "is a device or a pipe", "pack files only")
    if listed.flags & _ENCRYPTED:
        return Reason(Unsupported, "is encrypted", "pack it again without a password")
    if listed.method not in _METHODS:
        name = _UNKNOWN_METHODS.get(listed.method, f"method {listed.method}")
        return Reason(Unsupported, f"is packed with {name}", "pack it again with Deflate")
    return None


def _open(file: BinaryIO, listed: _Listed, end: int, budget: Budget, place: str) -> Readable:
    # An offset may be past what can be sought.
    head = b"" if listed.start > end else _at(file, listed.start, _LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
        raise damaged("is damaged: it is not where its archive says").of(place)
    *_, name_size, extra_size = _LOCAL.unpack(head)
    if file.read(name_size) != listed.raw:
        raise damaged("has two names: its own and that of the table of contents").of(place)
    start = listed.start + len(head) + name_size + extra_size
    if start + listed.packed > end:
        raise damaged("lies on another member of its archive, or is cut off").of(place)
    source: Readable = _Window(file, start, start + listed.packed)
    method = _METHODS[listed.method]
    if method == "lzma":
        # Two bytes of version, two of length, then the properties.
        properties = source.read(9)[4:]
        source = join(lzma_head(properties, -1 if listed.flags & _ENDS_ITSELF else listed.size), source)
    return _Checked(unpacked(source, method, budget, place), listed, place)


def _at(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


class _Window(io.RawIOBase):
    """Part of a file, from `start` to `end`; several may be read by turns."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        super().__init__()
        self._file, self._at, self._end = file, start, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        self._file.seek(self._at)
        data = self._file.read(min(len(buffer), self._end - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class _Checked:
    """The content of an entry, which must be of the size and the checksum that the table of contents says."""

    def __init__(self, content: Readable, listed: _Listed, place: str) -> None:
        self._content, self._listed, self._place = content, listed, place
        self._crc = self._given = 0

    def read(self, size: int, /) -> bytes:
        data = self._content.read(size)
        self._crc = zlib.crc32(data, self._crc)
        self._given += len(data)
        if self._given > self._listed.size:
            raise damaged(f"is longer than the {self._listed.size:,} bytes it says it has").of(self._place)
        if not data and self._given < self._listed.size:
            raise damaged(f"has {self._given:,} bytes where it says {self._listed.size:,}").of(self._place)
        if not data and self._crc != self._listed.crc:
            raise damaged("is damaged: its checksum is another").of(self._place)
        return data
