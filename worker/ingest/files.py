"""Files: finding them, and opening them safely."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from schemas import EmptyInput, InputError, TooLarge, Unreadable, Unsupported
from worker.ingest.media import ending_of, refuse_ending

MAX_BYTES = 50_000_000


class File:
    """The bytes of a file under the name that it was given; `place` is what errors call it."""

    def __init__(self, name: str, data: bytes, place: str | None = None) -> None:
        self.name = name
        self.data = data
        self.place = place or name

    @cached_property
    def sha256(self) -> str:
        """The digest of the bytes."""
        return sha256(self.data).hexdigest()


def discover(paths: Iterable[Path | str]) -> Iterator[Path]:
    """The files under `paths`: files as given, folders with all that lies below them, sorted by name.

    Hidden files and folders inside a folder are skipped, and so are links to folders and links that lead
    out of the folder given. A path that does not exist, and a folder that is empty or may not be listed,
    is yielded as it is: `load` says what is wrong with it.
    """
    for given in paths:
        path = Path(given)
        if _is_folder(path):
            found = False
            for file in _walk(path):
                found = True
                yield file
            if not found:
                yield path
        else:
            yield path


def _walk(top: Path) -> Iterator[Path]:
    root = _real(top)
    # A stack and no recursion: folders may be nested deeper than calls.
    waiting = [top]
    while waiting:
        path = waiting.pop()
        if path.is_symlink() and path != top:
            if not _is_folder(path) and _real(path).is_relative_to(root):
                yield path
        elif _is_folder(path):
            try:
                names = sorted(os.listdir(path), reverse=True)  # noqa: PTH208 - names, not paths
            except OSError:
                yield path
                continue
            waiting.extend(path / name for name in names if not name.startswith("."))
        else:
            yield path


def _is_folder(path: Path) -> bool:
    # Unlike Path.is_dir, no error for names that are too long or hold what no name may hold.
    return os.path.isdir(path)  # noqa: PTH112


def _real(path: Path) -> Path:
    # Unlike Path.resolve, no error for links that lead to themselves.
    return Path(os.path.realpath(path))


def open_file(path: Path, *, max_bytes: int = MAX_BYTES) -> File:
    """The bytes of a file.

    Raises InputError: EmptyInput, Unreadable (no permission), TooLarge (over `max_bytes`, seen before the file is
    read), Unsupported (no such ending, no regular file).
    """
    return File(path.name, _bytes_of(path, max_bytes), str(path))


def check(name: str, place: str, size: int, max_bytes: int) -> None:
    """Raise Unsupported, TooLarge or EmptyInput by what is known of a file before it is looked into."""
    refuse_ending(ending_of(name), place)
    if size > max_bytes:
        problem = f"has {size:,} bytes, the limit is {max_bytes:,}"
        raise TooLarge(place, problem, "split it or raise GOUJI_MAX_BYTES")
    if size == 0:
        raise EmptyInput(place, "is empty", "check that the right file was given")


def _bytes_of(path: Path, max_bytes: int) -> bytes:
    name = str(path)
    try:
        info = path.stat()
        _refuse(path, info, max_bytes)
        # Not blocking: the path may have become a pipe since it was looked at.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            _refuse(path, os.fstat(file.fileno()), max_bytes)
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputError(name, "no such file", "check the path") from None
    except PermissionError:
        raise Unreadable(name, "may not be read", "give yourself permission to read it") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise Unreadable(name, f"cannot be opened ({problem})", "check the path and the disk") from error
    check(path.name, name, len(data), max_bytes)
    return data


def _refuse(path: Path, info: os.stat_result, max_bytes: int) -> None:
    name = str(path)
    if stat.S_ISDIR(info.st_mode):
        _refuse_folder(path)
    if not stat.S_ISREG(info.st_mode):
        raise Unsupported(name, "is not a regular file", "give a file of one of the kinds that are read")
    check(path.name, name, info.st_size, max_bytes)


def _refuse_folder(path: Path) -> None:
    name = str(path)
    os.scandir(path).close()
    if next(discover([path])) == path:
        raise EmptyInput(name, "is a folder without any file to read", "give a file or another folder")
    raise Unsupported(name, "is a folder", "give the files in it")
