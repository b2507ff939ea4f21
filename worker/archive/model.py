"""What bulk input is made of: limits, members, and what is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from schemas import InputError, TooLarge, Unreadable

_STEP = 1 << 16


class Readable(Protocol):
    """What bytes are read from, forwards: at most `size` of them at a time, none at the end."""

    def read(self, size: int, /) -> bytes: ...


SCHEMES = frozenset({"file", "memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss"})
"""The URLs that are followed."""

WEB = frozenset({"http", "https"})
"""Those that are followed only where it is allowed: one in a list could make this machine ask its own network."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold, counted while it is read; what it claims itself is believed only if worse.

    `members` and `total_bytes` hold for one archive with those inside it, `member_bytes` for one member.
    `ratio` is how many times its packed size something may unpack to, once it is past 10 MB. `schemes` are the
    URLs that are followed.
    """

    members: int = 200_000
    member_bytes: int = 50_000_000
    total_bytes: int = 50_000_000_000
    ratio: int = 200
    schemes: frozenset[str] = SCHEMES


class Reason(NamedTuple):
    """Why something is refused, before it has a name to be refused by."""

    kind: type[InputError]
    problem: str
    remedy: str

    def of(self, file: str) -> InputError:
        """The error about a file."""
        return self.kind(file, self.problem, self.remedy)


class Entry(NamedTuple):
    """What an archive says of one member: nothing of it may be trusted, its name least of all.

    `open` holds until the next entry is asked for. `reason` says why it cannot be read; `is_folder` that
    there is nothing in it to read.
    """

    name: str
    size: int
    open: Callable[[], Readable]
    reason: Reason | None = None
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A file to be read: one on this machine (`path`), behind a URL, or inside an archive.

    `name` is what its document is called: the last part of a path, or for what lies in an archive
    `2023.zip!/预算/a.pdf`. `place` names it in full, as it was given. Both are for people; neither is ever a path
    on disk. `size` is what is said of it, in bytes. What lies in an archive can be read once, and before the next
    one is asked for.
    """

    name: str
    place: str
    size: int
    opened: Callable[[], AbstractContextManager[Readable]] = field(repr=False)
    path: Path | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def read(self, max_bytes: int) -> bytes:
        """All of its bytes. Raises InputError: TooLarge over `max_bytes` or a limit, Unreadable if damaged."""
        pieces, room = [], max_bytes
        try:
            with self.opened() as stream:
                while piece := stream.read(min(_STEP, room + 1)):
                    room -= len(piece)
                    if room < 0:
                        raise too_large(max_bytes).of(self.place)
                    pieces.append(piece)
        except InputError as error:
            # What is wrong with an archive is what is wrong with this member of it.
            raise type(error)(self.place, error.problem, error.remedy) from None
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Refused:
    """What is not read, by name, and why. `metadata` as of a Member."""

    name: str
    error: InputError
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """All of its name, as it was given."""
        return self.error.file


class Budget:
    """What one archive has used of its limits, those inside it included."""

    def __init__(self, limits: Limits, place: str) -> None:
        self.limits = limits
        self.place = place
        self.members = 0
        self.bytes = 0

    def count(self) -> None:
        """One more member. Raises TooLarge when it is one too many."""
        if self.members >= self.limits.members:
            problem = f"has more than {self.limits.members:,} members, what follows is not read"
            raise TooLarge(self.place, problem, "split it or raise GOUJI_MAX_MEMBERS")
        self.members += 1

    def spend(self, size: int) -> None:
        """So many more bytes unpacked. Raises TooLarge when they are too many."""
        self.bytes += size
        if self.bytes > self.limits.total_bytes:
            problem = f"unpacks to more than {self.limits.total_bytes:,} bytes, what follows is not read"
            raise TooLarge(self.place, problem, "split it or raise GOUJI_MAX_UNPACKED")


def too_large(limit: int, size: int | None = None) -> Reason:
    """Over the limit for one file; `size` where it is known."""
    has = f"has {size:,} bytes" if size is not None else "has more bytes than are allowed"
    return Reason(TooLarge, f"{has}, the limit is {limit:,}", "split it or raise GOUJI_MAX_BYTES")


def damaged(problem: str) -> Reason:
    """Not as it was when it was packed."""
    return Reason(Unreadable, problem, "pack it or fetch it again")
