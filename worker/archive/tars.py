"""TAR: header by header from a stream that is read once, forwards; nothing is ever put on a disk."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

from schemas import Unsupported
from worker.archive.model import Entry, Readable, Reason, damaged
from worker.archive.names import name_of

_BLOCK = 512
_STEP = 1 << 16
_LONGEST_HEADER = 1 << 20
_NAME, _LINK, _ATTRIBUTES, _GLOBAL, _SOLARIS = b"L", b"K", b"x", b"g", b"X"
_FILES = {b"0", b"\0", b"7"}
_FOLDER, _SPARSE = b"5", b"S"
# What has no data after its header, whatever size it says.
_BARE = {b"1", b"2", b"3", b"4", b"5", b"6", b"V"}
_WHAT = {
    b"1": "a link",
    b"2": "a link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    _SPARSE: "a sparse file",
}
_RECORD = re.compile(rb"(\d{1,10}) ")
_RAW = "surrogateescape"


class _Extended(NamedTuple):
    """What headers before a member's own say of it."""

    name: bytes | None = None
    size: int | None = None
    sparse: bool = False


def entries(stream: Readable, place: str) -> Iterator[Entry]:
    """The entries of a TAR as they come. Raises Unreadable where it is damaged or ends without its mark."""
    extended = _Extended()
    first = True
    while (header := _header(stream, place, first=first)) is not None:
        first = False
        if header.type in {_NAME, _ATTRIBUTES, _SOLARIS}:
            data = _small(stream, header.size, place)
            if header.type == _NAME:
                extended = extended._replace(name=data.partition(b"\0")[0])
            else:
                extended = _attributes(data, extended, place)
            continue
        if header.type in {_LINK, _GLOBAL}:
            _Section(stream, header.size, place).skip()
            continue
        if header.type == _SPARSE and header.extended_sparse:
            _skip_map(stream, place)
        size = header.size if extended.size is None else extended.size
        section = _Section(stream, 0 if header.type in _BARE else size, place)
        yield Entry(
            name=name_of(extended.name or header.name),
            size=section.size,
            open=section.opened,
            reason=_refusal(header.type, sparse=extended.sparse),
            is_folder=header.type == _FOLDER,
        )
        section.skip()
        extended = _Extended()


class _Header(NamedTuple):
    name: bytes
    type: bytes
    size: int
    extended_sparse: bool


def is_header(block: bytes) -> bool:
    """Whether a block is the header of a member; none is so by chance."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", _RAW)
    except tarfile.HeaderError:
        return False
    return True


def _header(stream: Readable, place: str, *, first: bool) -> _Header | None:
    """The next header; None at the mark of the end."""
    block = _exactly(stream, _BLOCK)
    if len(block) == _BLOCK and not any(block):
        return None
    if len(block) < _BLOCK and not first:
        raise damaged("ends without the mark of its end: what followed is lost").of(place)
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", _RAW)
    except tarfile.HeaderError:
        problem = "holds no TAR" if first else "is damaged: what follows cannot be found"
        raise damaged(problem).of(place) from None
    if info.size < 0:
        raise damaged("is damaged: a member has a size below nothing").of(place)
    return _Header(info.name.encode("utf-8", _RAW), info.type, info.size, bool(block[482]))


def _refusal(kind: bytes, *, sparse: bool) -> Reason | None:
    if (kind in _FILES and not sparse) or kind == _FOLDER:
        return None
    what = "a sparse file" if sparse else _WHAT.get(kind, "no regular file")
    return Reason(Unsupported, f"is {what}", "pack regular files only")


def _attributes(data: bytes, extended: _Extended, place: str) -> _Extended:
    """What a pax header says: records of "length keyword=value\\n", the length that of the whole record."""
    at = 0
    while at < len(data) and data[at]:
        length = int(found[1]) if (found := _RECORD.match(data, at)) else 0
        record = data[at : at + length]
        keyword, equals, value = record[found.end() - at if found else 0 : -1].partition(b"=")
        if not found or not equals or len(record) < length or record[-1:] != b"\n":
            raise damaged("is damaged: an extended header cannot be read").of(place)
        if keyword in {b"path", b"GNU.sparse.name"}:
            extended = extended._replace(name=value)
        elif keyword == b"size":
            if not re.fullmatch(rb"\d{1,19}", value):
                raise damaged("is damaged: a member has a size that is no number").of(place)
            extended = extended._replace(size=int(value))
        elif keyword.startswith(b"GNU.sparse."):
            extended = extended._replace(sparse=True)
        at += length
    return extended


def _small(stream: Readable, size: int, place: str) -> bytes:
    if size > _LONGEST_HEADER:
        raise damaged(f"has an extended header of {size:,} bytes: what follows is not read").of(place)
    data = _exactly(stream, size + -size % _BLOCK)
    if len(data) < size:
        raise damaged("ends inside a header: what followed is lost").of(place)
    return data[:size]


def _skip_map(stream: Readable, place: str) -> None:
    """Go over what an old GNU header of a sparse file goes on with."""
    while True:
        block = _exactly(stream, _BLOCK)
        if len(block) < _BLOCK:
            raise damaged("ends inside a header: what followed is lost").of(place)
        if not block[504]:
            return


def _exactly(stream: Readable, size: int) -> bytes:
    pieces = []
    while size and (piece := stream.read(min(size, _STEP))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class _Section:
    """The data of one member, read from the stream or gone over."""

    def __init__(self, stream: Readable, size: int, place: str) -> None:
        self.size = size
        self._stream, self._left, self._place = stream, size, place

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(min(size, self._left)) if self._left else b""
        if self._left and not data:
            raise damaged("ends inside a member: the rest of it and what followed is lost").of(self._place)
        self._left -= len(data)
        return data

    def opened(self) -> Readable:
        """Itself: there is but this one way through the stream."""
        return self

    def skip(self) -> None:
        """Go to the next header."""
        while self.read(_STEP):
            pass
        _exactly(self._stream, -self.size % _BLOCK)
