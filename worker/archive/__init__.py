"""Bulk input: folders, globs, archives, URLs and manifests → one file after another, or why it is refused.

`members` gives them as they are found: nothing is unpacked to a disk by its name, and no more than one member
is held at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain, count
from pathlib import Path, PurePath

from schemas import InputError
from worker.archive.manifest import manifest as read_manifest
from worker.archive.model import SCHEMES, WEB, Limits, Member, Refused
from worker.archive.names import shown
from worker.archive.opening import ENDINGS, Opener
from worker.archive.places import Source, sources

__all__ = ["ENDINGS", "SCHEMES", "WEB", "Limits", "Member", "Members", "Refused", "members"]


class Members(Iterator[Member | Refused]):
    """What `members` gives. `skipped` counts the hidden files of archives that were passed over so far."""

    def __init__(self, found: Iterator[Member | Refused], opener: Opener) -> None:
        self._found = found
        self._opener = opener

    def __next__(self) -> Member | Refused:
        return next(self._found)

    @property
    def skipped(self) -> int:
        """Hidden files, and what operating systems leave beside files."""
        return self._opener.skipped


def members(
    given: Iterable[str | Path], limits: Limits | None = None, *, manifest: Path | None = None
) -> Members:
    """Every file that is `given`, and then what a manifest lists, those in archives among them, in order.

    Given is a path, a glob or a URL; an archive is known by its ending, and opened by what is in it. An archive
    in an archive is opened too, one in that is refused. What cannot be had is Refused by name and stops nothing
    else. Raises ConfigError where a package for a URL is missing.
    """
    limits = limits or Limits()
    opener = Opener(limits)
    return Members(_members(given, manifest, limits, opener), opener)


def _members(
    given: Iterable[str | Path], manifest: Path | None, limits: Limits, opener: Opener
) -> Iterator[Member | Refused]:
    called = _Called()
    for source in given:
        yield from _of_source(source, {}, limits, opener, called)
    if manifest is None:
        return
    try:
        rows = read_manifest(manifest, limits)
    except InputError as error:
        yield Refused(called.name(manifest.name, str(manifest)), error)
        return
    for row in rows:
        if isinstance(row, Refused):
            yield Refused(called.name(row.name, row.place), row.error, row.metadata)
        else:
            yield from _of_source(row.path, row.metadata, limits, opener, called)


def _of_source(
    given: str | Path, metadata: Mapping[str, str], limits: Limits, opener: Opener, called: _Called
) -> Iterator[Member | Refused]:
    try:
        for source in sources(given, limits):
            # A manifest may name a file or an archive; what lies in a folder keeps its own names.
            own = _named(metadata, source) if source.path == given else source.name
            name = called.name(own, source.place)
            if source.name.lower().endswith(ENDINGS):
                yield from _opened(source, name, metadata, opener)
            else:
                yield Member(name, source.place, source.size, source.open, source.path, metadata)
    except InputError as error:
        yield Refused(called.name(error.file.rpartition("/")[2], error.file), error, metadata)


def _named(metadata: Mapping[str, str], source: Source) -> str:
    """The name that a manifest gives, with the ending of the file: by it is told what kind it is."""
    name, ending = metadata.get("name", source.name), PurePath(source.name).suffix
    return name if name.lower().endswith(ending.lower()) else name + ending


def _opened(
    source: Source, name: str, metadata: Mapping[str, str], opener: Opener
) -> Iterator[Member | Refused]:
    try:
        stream = source.open()
    except InputError as error:
        yield Refused(name, error, metadata)
        return
    with closing(stream):
        yield from opener.open(stream, name, source.place, metadata)


class _Called:
    """Names given so far, and to which place each: of either eight bytes are kept."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}

    def name(self, own: str, place: str) -> str:
        """The name for a place: its own, or the shortest end of it that no other has; the same at every asking."""
        parts = re.split(r"[/\\]", place)
        longer = ("/".join(parts[-number:]) for number in range(2, len(parts) + 1))
        numbered = (f"#{number}/{own}" for number in count(2))
        names = map(shown, chain([own], longer, numbered))
        return next(name for name in names if self._places.setdefault(hash(name), hash(place)) == hash(place))
