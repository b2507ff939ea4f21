"""Opening one archive: what kind it is, and each of its entries as a member or refused by name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import IO, BinaryIO, NamedTuple

from schemas import InputError, Unsupported
from worker.archive import names, tars, zips
from worker.archive.model import Budget, Entry, Limits, Member, Readable, Reason, Refused, too_large
from worker.archive.packed import unpacked

ENDINGS = (
    *(".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"),
    # Not opened, but known for what they are.
    *(".rar", ".7z"),
)
"""What the names of archives end in."""

SPOOLED = 2_000_000_000
"""How many bytes a ZIP inside another archive may have: it is put aside on the disk while it is read."""

_MAGIC = (
    (b"PK\3\4", "zip"),
    (b"PK\5\6", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_BLOCK = 512
_STEP = 1 << 16
_REPACK = "unpack it, or pack its files as ZIP or TAR"


class Inside(NamedTuple):
    """The archive that members are in: `name` and `place` go before theirs; `nested`: it lies in another."""

    name: str
    place: str
    metadata: Mapping[str, str]
    nested: bool = False

    def refused(self, error: InputError) -> Refused:
        """The archive itself, refused for an error that speaks of something of it."""
        return Refused(self.name, type(error)(self.place, error.problem, error.remedy), self.metadata)


class Opener:
    """Opens archives. `skipped` counts hidden files and what operating systems leave, which are passed over."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.skipped = 0

    def open(
        self, file: BinaryIO, name: str, place: str, metadata: Mapping[str, str]
    ) -> Iterator[Member | Refused]:
        """The members of an archive, in its own order. What stops it is named last, as the archive itself.

        The file must be able to seek.
        """
        yield from self._members(file, Inside(name, place, metadata), Budget(self.limits, place), file)

    def _members(
        self, stream: Readable, inside: Inside, budget: Budget, file: BinaryIO | None = None
    ) -> Iterator[Member | Refused]:
        seen: dict[int, int] = {}
        try:
            for entry in _entries(stream, file, budget, inside.place):
                budget.count()
                if not entry.is_folder:
                    yield from self._taken(entry, inside, budget, seen)
                # A member that went over what is allowed has failed by itself; here it ends the archive.
                budget.spend(0)
        except InputError as error:
            yield inside.refused(error)

    def _taken(
        self, entry: Entry, inside: Inside, budget: Budget, seen: dict[int, int]
    ) -> Iterator[Member | Refused]:
        reason = names.refusal(entry.name)
        if reason is None and names.is_hidden(entry.name):
            self.skipped += 1
            return
        shown = _told_apart(names.shown(entry.name), seen)
        name, place = f"{inside.name}!/{shown}", f"{inside.place}!/{shown}"
        is_archive = shown.lower().endswith(ENDINGS)
        reason = reason or entry.reason
        if reason is None and is_archive and inside.nested:
            reason = Reason(Unsupported, "is an archive in an archive in an archive", _REPACK)
        if reason is None and not is_archive and entry.size > self.limits.member_bytes:
            reason = too_large(self.limits.member_bytes, entry.size)
        if reason is not None:
            yield Refused(name, reason.of(place), inside.metadata)
        elif is_archive:
            yield from self._nested(entry, Inside(name, place, inside.metadata, nested=True), budget)
        else:
            once = _Once(entry)
            yield Member(name, place, entry.size, once.open, metadata=inside.metadata)
            once.is_over = True

    def _nested(self, entry: Entry, inside: Inside, budget: Budget) -> Iterator[Member | Refused]:
        try:
            stream = entry.open()
        except InputError as error:
            yield inside.refused(error)
        else:
            yield from self._members(stream, inside, budget)


class _Once:
    """An entry that is opened once, and not after its turn: a stream that has gone on would give other bytes."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self.is_over = False

    def open(self) -> AbstractContextManager[Readable]:
        if self.is_over:
            raise RuntimeError("a member of an archive is read once, and before the next one is asked for")
        self.is_over = True
        return nullcontext(self._entry.open())


def _entries(stream: Readable, file: BinaryIO | None, budget: Budget, place: str) -> Iterator[Entry]:
    """The entries of an archive. `file` is the same as `stream` where it can seek."""
    head = _head(stream)
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if kind == "zip":
        if file is not None:
            yield from zips.entries(file, budget, place)
            return
        # Its table of contents is at its end; as a file without a name it is gone with the process.
        with tempfile.TemporaryFile() as spooled:
            _put_aside(head, stream, spooled, place)
            yield from zips.entries(spooled, budget, place)
    elif kind is not None or tars.is_header(head):
        content = unpacked(stream, kind or "stored", budget, place, head)
        yield from tars.entries(content, place)
        # A checksum stands at the end of what is packed.
        for each in (content, stream):
            while each.read(_STEP):
                pass
    elif head and not any(head):
        return
    else:
        problem = "is no archive of a kind that is opened" if head else "is empty"
        raise Reason(Unsupported, problem, _REPACK).of(place)


def _put_aside(head: bytes, stream: Readable, spooled: IO[bytes], place: str) -> None:
    try:
        spooled.write(head)
        while data := stream.read(_STEP):
            if spooled.tell() > SPOOLED:
                raise too_large(SPOOLED).of(place)
            spooled.write(data)
        spooled.flush()
    except OSError as error:
        problem = f"cannot be put aside while it is read ({error.strerror})"
        raise InputError(place, problem, "make room in the folder for temporary files") from None


def _head(stream: Readable) -> bytes:
    head = b""
    while len(head) < _BLOCK and (data := stream.read(_BLOCK - len(head))):
        head += data
    return head


def _told_apart(name: str, seen: dict[int, int]) -> str:
    """A name that came before with a number in front of its ending. Of each name eight bytes are kept."""
    number = seen.get(hash(name), 0) + 1
    seen[hash(name)] = number
    if number == 1:
        return name
    at = name.rfind(".", name.rfind("/") + 2)
    return _told_apart(f"{name[:at]}#{number}{name[at:]}" if at > 0 else f"{name}#{number}", seen)
