"""Where files come from: paths, folders, globs and URLs, each file opened only when it is read."""

from __future__ import annotations

import importlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from fnmatch import translate
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from schemas import ConfigError, InputError, Unreadable, Unsupported
from worker.archive import names
from worker.archive.model import WEB, Limits
from worker.files import missing_package
from worker.ingest import discover

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)
_MAGIC = re.compile(r"[*?[]")
_ANY = "**"
_USER = re.compile(r"[^/?#]*@")


class Source(NamedTuple):
    """A file as found: `name` is its last part, `place` all of it; `path` where it is on this machine."""

    name: str
    place: str
    size: int
    open: Callable[[], BinaryIO]
    path: Path | None = None


def sources(source: str | Path, limits: Limits) -> Iterator[Source]:
    """The files that a source stands for, folders and globs with all below them, sorted by name.

    A Path is taken as it is; text may be a path, a glob with * ? [ ] and ** for folders of any depth, or a URL
    with one. A path that leads to nothing is given as it is, and says so when it is opened. Raises InputError for
    what matches nothing and for URLs that are not followed, ConfigError where a package is missing.
    """
    url = _URL.match(source) if isinstance(source, str) else None
    if url and isinstance(source, str):
        yield from _remote(source, url[1].lower(), limits)
    elif isinstance(source, str) and _MAGIC.search(source) and not os.path.lexists(source):
        yield from _matching(source)
    else:
        yield from map(_local, discover([source]))


def open_path(path: Path) -> BinaryIO:
    """A regular file, open. Raises InputError."""
    name = str(path)
    try:
        # Not blocking: it may be a pipe.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Unsupported(name, "is not a regular file", "give a file")
        return cast(BinaryIO, _Opened(open(handle, "rb"), name))  # noqa: PTH123 - a descriptor
    except FileNotFoundError:
        raise InputError(name, "no such file", "check the path") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise Unreadable(name, f"cannot be opened ({problem})", "check the path and the disk") from None


def is_below(path: Path, folder: Path) -> bool:
    """Whether a path leads into a folder, links followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _local(path: Path) -> Source:
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        size = 0
    return Source(path.name, str(path), size, partial(open_path, path), path)


class _Found(NamedTuple):
    """Something in a folder."""

    name: str
    path: str
    is_folder: bool
    size: int


_Listing = Callable[[str], list[_Found]]


def _expand(root: str, parts: list[str], listing: _Listing) -> Iterator[_Found]:
    """What matches a glob below `root`, part by part; only folders that can hold a match are listed."""
    # A stack and no recursion: folders may be nested deeper than calls.
    waiting = [(_Found("", root, True, 0), 0)]
    while waiting:
        at, depth = waiting.pop()
        if depth == len(parts):
            yield at
            continue
        if not at.is_folder:
            continue
        part = parts[depth]
        try:
            inside = sorted(listing(at.path), key=lambda found: found.name, reverse=True)
        except NotADirectoryError:
            continue
        except OSError:
            # Who opens it is told why it cannot be listed.
            yield at
            continue
        if part != _ANY:
            matches = _matcher(part)
            waiting += [(each, depth + 1) for each in inside if matches(each.name)]
        elif depth + 1 == len(parts):
            waiting += [(each, depth if each.is_folder else depth + 1) for each in inside]
        else:
            waiting += [(each, depth) for each in inside if each.is_folder]
            waiting.append((at, depth + 1))


@cache
def _matcher(part: str) -> Callable[[str], Any]:
    return re.compile(translate(part)).match


def _parted(pattern: str) -> tuple[str, list[str]]:
    """The folder before the first wild card, and the parts from there on."""
    parts = pattern.split("/")
    first = next(at for at, part in enumerate(parts) if _MAGIC.search(part))
    rest = [part for part in parts[first:] if part not in {"", "."}]
    single = [part for at, part in enumerate(rest) if part != _ANY or rest[at - 1 : at] != [_ANY]]
    return "/".join(parts[:first]) or ("/" if first else "."), single


def _matching(pattern: str) -> Iterator[Source]:
    root, parts = _parted(pattern.replace(os.sep, "/"))
    found = False
    for each in _expand(root, parts, _list_folder):
        for path in discover([Path(each.path)]):
            found = True
            yield _local(path)
    if not found:
        raise InputError(pattern, "matches no file", "check the pattern")


def _list_folder(folder: str) -> list[_Found]:
    """What is in a folder of this machine; without hidden files, and without links that lead out of it."""
    with os.scandir(folder) as listed:
        return [
            _Found(each.name, str(Path(folder, each.name)), each.is_dir(follow_symlinks=False), 0)
            for each in listed
            if not each.name.startswith(".") and not (each.is_symlink() and _leads_away(Path(each), folder))
        ]


def _leads_away(link: Path, folder: str) -> bool:
    return link.is_dir() or not is_below(link, Path(folder))


def _remote(url: str, scheme: str, limits: Limits) -> Iterator[Source]:
    rest = url[len(scheme) + 3 :]
    user = _USER.match(rest)
    # What follows a question mark may be a signature.
    place = f"{scheme}://{re.split('[?#]', rest)[0] if scheme in WEB else rest}"
    if user:
        place = f"{scheme}://…@{rest[user.end() :].partition('?')[0]}"
        raise Unsupported(place, "holds a name or a password", "give them by the environment")
    if "::" in url:
        raise Unsupported(place, "leads through several places", "give one address")
    if scheme not in limits.schemes:
        allowed = "fetch it first, or set GOUJI_ALLOW_HTTP=1" if scheme in WEB else "fetch it first"
        raise Unsupported(place, f"addresses with {scheme}:// are not followed", allowed)
    if scheme == "file":
        yield from sources(rest, limits)
    elif scheme in WEB:
        name = place.rpartition("/")[2] or "index.html"
        yield Source(name, place, 0, partial(_open_remote, _system(url, scheme)[0], url, place))
    else:
        yield from _listed(*_system(url, scheme), scheme, place)


def _listed(system: Any, path: str, scheme: str, place: str) -> Iterator[Source]:
    def listing(folder: str) -> list[_Found]:
        return [
            found
            for each in _asked(place, system.ls, folder, detail=True)
            if (found := _remotely(each)).path.rstrip("/") != folder.rstrip("/")
            and not names.is_hidden(found.name)
        ]

    if _MAGIC.search(path):
        root, parts = _parted(path)
    elif (about := _remotely(_asked(place, system.info, path))).is_folder:
        root, parts = path, [_ANY]
    else:
        yield _remote_file(system, scheme, about)
        return
    count = 0
    for match in _expand(root, parts, listing):
        within = _expand(match.path, [_ANY], listing) if match.is_folder else iter([match])
        for each in within:
            count += 1
            yield _remote_file(system, scheme, each)
    if not count:
        raise InputError(place, "matches no file", "check the address")


def _remotely(about: dict[str, Any]) -> _Found:
    path = str(about["name"])
    return _Found(
        path.rstrip("/").rpartition("/")[2], path, about["type"] == "directory", int(about.get("size") or 0)
    )


def _remote_file(system: Any, scheme: str, found: _Found) -> Source:
    place = f"{scheme}://{found.path.lstrip('/')}"
    return Source(found.name, place, found.size, partial(_open_remote, system, found.path, place))


def _system(url: str, scheme: str) -> tuple[Any, str]:
    """The file system that a URL is on, and its path there."""
    try:
        core = importlib.import_module("fsspec.core")
        system, path = core.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False)
    except ImportError as error:
        raise ConfigError(missing_package(scheme, error)) from None
    except ValueError:
        raise ConfigError(f"{scheme}:// is no kind of address that is known; copy the files here") from None
    return system, path


def _asked(place: str, ask: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a file system answers; whatever it raises comes as an InputError, without its words.

    They may quote a signed address or a key.
    """
    try:
        return ask(*arguments, **options)
    except FileNotFoundError:
        raise InputError(place, "no such file", "check the address") from None
    # Each system has errors of its own.
    except Exception as error:
        problem = f"cannot be read ({type(error).__name__})"
        raise Unreadable(place, problem, "check the address, the keys and the network, or the disk") from None


class _Opened:
    """An open file; what goes wrong while it is read comes as an InputError."""

    def __init__(self, file: BinaryIO, place: str) -> None:
        self._file, self._place = file, place

    def read(self, size: int = -1, /) -> bytes:
        return cast(bytes, _asked(self._place, self._file.read, size))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return cast(int, _asked(self._place, self._file.seek, offset, whence))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _open_remote(system: Any, path: str, place: str) -> BinaryIO:
    return cast(BinaryIO, _Opened(_asked(place, system.open, path, "rb"), place))
