"""Unpacking a stream a little at a time, under watch: no more memory than a step, no more output than allowed."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol, cast

from schemas import InputError, TooLarge, Unsupported
from worker.archive.model import Budget, Readable, damaged

_STEP = 1 << 16
_MEMORY = 1 << 27
_HARMLESS = 10_000_000


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """zlib with the manners of its siblings: input that is not used yet is kept inside."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        given = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(given) < max_length
        return given


class Counted:
    """A stream that counts what was taken from it."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        """What the stream gives."""
        data = self._source.read(size)
        self.taken += len(data)
        return data


class _Unpacked:
    """The content of a packed stream. `many`: further packed streams may follow one another in it."""

    def __init__(self, source: Readable, make: Callable[[], _Unpacker], *, many: bool) -> None:
        self._source, self._make, self._many = source, make, many
        self._unpacker = make()
        self._next = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        while not self._ended:
            if self._unpacker.eof:
                self._begin_next()
                continue
            fresh = b""
            if self._unpacker.needs_input:
                fresh, self._next = self._next or self._source.read(_STEP), b""
                if not fresh:
                    raise EOFError("it ends too early")
            if data := self._unpacker.decompress(fresh, size):
                return data
        return b""

    def _begin_next(self) -> None:
        rest = self._unpacker.unused_data.lstrip(b"\0") if self._many else b""
        # Zeros may fill a block of a tape, or part one stream from the next.
        while self._many and not rest and (fresh := self._source.read(_STEP)):
            rest = fresh.lstrip(b"\0")
        self._ended = not rest
        self._unpacker, self._next = self._make(), rest


class _Before:
    """Bytes that stand before a stream."""

    def __init__(self, first: bytes, source: Readable) -> None:
        self._first, self._source = first, source

    def read(self, size: int, /) -> bytes:
        if not self._first:
            return self._source.read(size)
        data, self._first = self._first[:size], self._first[size:]
        return data


class Watched:
    """The content of a packed stream, held to the limits; its faults come as InputErrors about `place`.

    An error is final: it is raised again at every further read.
    """

    def __init__(self, content: Readable, source: Counted, budget: Budget, place: str) -> None:
        self._content, self._source, self._budget, self._place = content, source, budget, place
        self._given = 0
        self._error: InputError | None = None

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes. Raises TooLarge over a limit, Unreadable where the data is damaged."""
        if self._error:
            raise self._error
        try:
            return self._read(size)
        except InputError as error:
            self._error = error
        # Each library has an error of its own for data that is not what it says.
        except Exception as error:
            self._error = damaged(f"is damaged ({str(error) or type(error).__name__})").of(self._place)
        raise self._error

    def _read(self, size: int) -> bytes:
        data = self._content.read(size)
        self._given += len(data)
        self._budget.spend(len(data))
        ratio = self._budget.limits.ratio
        if self._given > max(_HARMLESS, ratio * self._source.taken):
            raise TooLarge(
                self._place, f"unpacks to more than {ratio} times its size", "check where it comes from"
            )
        return data


def join(first: bytes, source: Readable) -> Readable:
    """A stream with bytes before it: what was looked at goes back."""
    return _Before(first, source)


def unpacked(source: Readable, method: str, budget: Budget, place: str, head: bytes = b"") -> Watched:
    """What a stream unpacks to. `method` is a key of METHODS; `head` is read before the stream.

    Raises Unsupported where zstandard is needed and missing.
    """
    counted = Counted(source)
    try:
        content = METHODS[method](join(head, counted))
    except ImportError:
        problem = "is packed with Zstandard, which takes a package more"
        raise Unsupported(place, problem, "install it: pip install 'gouji[zstd]'") from None
    return Watched(content, counted, budget, place)


def lzma_head(properties: bytes, size: int) -> bytes:
    """What stands before LZMA data in a file of its own, where a ZIP leaves it out; `size` -1: not known."""
    return properties + struct.pack("<q", size)


def _unpacked_by(make: Callable[[], _Unpacker], *, many: bool = False) -> Callable[[Readable], Readable]:
    return lambda source: _Unpacked(source, make, many=many)


def _zstd(source: Readable) -> Readable:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_MEMORY)
    reader: Readable = unpacker.stream_reader(
        cast(BinaryIO, source), read_size=_STEP, read_across_frames=True, closefd=False
    )
    return reader


METHODS: dict[str, Callable[[Readable], Readable]] = {
    "stored": lambda source: source,
    "deflate": _unpacked_by(lambda: _Zlib(-zlib.MAX_WBITS)),
    "gzip": _unpacked_by(lambda: _Zlib(zlib.MAX_WBITS | 16), many=True),
    "bzip2": _unpacked_by(bz2.BZ2Decompressor, many=True),
    "lzma": _unpacked_by(lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY)),
    "xz": _unpacked_by(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY), many=True),
    "zstd": _zstd,
}
"""How packed streams are unpacked, by the name of the method."""
