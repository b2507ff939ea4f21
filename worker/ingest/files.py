"""Files: finding them, opening them safely, and handing their text on by their ending."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from schemas import Document, EmptyInput, InputError, TooLarge, Unreadable, Unsupported
from worker.ingest.decode import decode
from worker.ingest.markup import text_of_html
from worker.ingest.pages import page_starts
from worker.ingest.separated import delimiter_of, one_record_a_line

MAX_BYTES = 50_000_000
ENDINGS = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
    ".html": "text/html",
    ".htm": "text/html",
}
"""Endings that are read, with their media types."""

_NEEDS_TEXT = {
    ".pdf",
    ".doc",
    ".docx",
    ".xls",
    ".xlsx",
    ".ppt",
    ".pptx",
    ".png",
    ".jpg",
    ".jpeg",
    ".tif",
    ".tiff",
}


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


def load(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """The document in a file. Every newline is "\\n" in its text; a byte order mark is no part of it.

    Raises InputError: EmptyInput, Unreadable (no text, unknown or damaged encoding, no permission), TooLarge
    (over `max_bytes`, seen before the file is read), Unsupported (no such ending, no regular file).
    """
    name = str(path)
    data = _bytes_of(path, max_bytes)
    ending = path.suffix.lower()
    text, encoding = decode(data, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = None
    if ENDINGS[ending] == "text/html":
        text = text_of_html(text, name)
    elif ending in {".csv", ".tsv"}:
        delimiter = delimiter_of(text, preferred="\t" if ending == ".tsv" else ",")
        text = one_record_a_line(text, delimiter)
    if not text.strip():
        raise EmptyInput(name, "holds no text", "check that the right file was given")
    return Document(
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        text=text,
        page_starts=page_starts(text),
        media_type=ENDINGS[ending],
        encoding=encoding,
        delimiter=delimiter,
    )


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
    if len(data) > max_bytes:
        raise _too_large(name, len(data), max_bytes)
    return data


def _refuse(path: Path, info: os.stat_result, max_bytes: int) -> None:
    name = str(path)
    if stat.S_ISDIR(info.st_mode):
        _refuse_folder(path)
    if not stat.S_ISREG(info.st_mode):
        raise Unsupported(name, "is not a regular file", "give a file with text in it")
    if (ending := path.suffix.lower()) not in ENDINGS:
        what = f"files ending in {ending}" if ending else "files without an ending"
        remedy = f"give one of {' '.join(ENDINGS)}"
        if ending in _NEEDS_TEXT:
            remedy = f"convert it to text first and {remedy}"
        raise Unsupported(name, f"{what} are not read", remedy)
    if info.st_size > max_bytes:
        raise _too_large(name, info.st_size, max_bytes)
    if info.st_size == 0:
        raise EmptyInput(name, "is empty", "check that the right file was given")


def _refuse_folder(path: Path) -> None:
    name = str(path)
    os.scandir(path).close()
    if next(discover([path])) == path:
        raise EmptyInput(name, "is a folder without any file to read", "give a file or another folder")
    raise Unsupported(name, "is a folder", "give the files in it")


def _too_large(name: str, size: int, limit: int) -> TooLarge:
    return TooLarge(name, f"has {size:,} bytes, the limit is {limit:,}", "split it or raise GOUJI_MAX_BYTES")
