"""Pages that were read before, on disk: what was interrupted goes on at the first page that is missing."""

from __future__ import annotations

import gzip
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from schemas.errors import ConfigError
from worker.files import write_whole
from worker.ingest.page import Sheet
from worker.limits import Limits

_READERS = ("gouji", "pypdfium2", "rapidocr", "onnxruntime", "opencv-python-headless", "pillow")


class PageCache:
    """Sheets of one file under `folder`/`sha[:2]`/`sha`/`recipe`, one a page.

    The recipe is all that decides what is read from a page: versions of the readers, and who recognises text.
    """

    def __init__(self, folder: Path, digest: str, limits: Limits) -> None:
        versions = [f"{name} {_version(name)}" for name in _READERS]
        recipe = "\n".join([*versions, limits.ocr, limits.engine, str(limits.max_pixels)])
        self._folder = folder / digest[:2] / digest / sha256(recipe.encode()).hexdigest()[:16]

    def load(self) -> tuple[int | None, dict[int, Sheet]]:
        """The number of pages, if known, and the sheets that are there by 1-based page."""
        try:
            total = int((self._folder / "pages").read_text("ascii"))
        except (OSError, ValueError):
            return None, {}
        numbered = ((number, self._folder / f"{number}.json.gz") for number in range(1, total + 1))
        found = {number: _sheet(path) for number, path in numbered if path.is_file()}
        return total, {number: sheet for number, sheet in found.items() if sheet is not None}

    def put_total(self, total: int) -> None:
        """Keep how many pages there are. Raises ConfigError where the disk does not take it."""
        self._put("pages", str(total).encode())

    def put(self, number: int, sheet: Sheet) -> None:
        """Keep a page. Raises ConfigError where the disk does not take it."""
        self._put(f"{number}.json.gz", gzip.compress(sheet.model_dump_json().encode(), 5, mtime=0))

    def _put(self, name: str, data: bytes) -> None:
        try:
            write_whole(self._folder / name, data)
        except OSError as error:
            problem = f"GOUJI_HOME: {self._folder} cannot be written ({error.strerror or error})"
            raise ConfigError(f"{problem}; free some space (gouji purge), or name another folder") from error


class Pages(NamedTuple):
    """The pages that are kept of one file: `size` in bytes, `at` when the last was written, in seconds since 1970."""

    sha256: str
    folder: Path
    size: int
    at: float

    def drop(self) -> None:
        """Remove them; they are read anew when they are asked for."""
        # A worker may keep a further page at this moment; the next time that goes too.
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            self.folder.parent.rmdir()


def kept_pages(folder: Path) -> Iterator[Pages]:
    """The pages of every file that are kept below a folder."""
    for each in folder.glob("[0-9a-f][0-9a-f]/*"):
        if not re.fullmatch(r"[0-9a-f]{64}", each.name):
            continue
        with suppress(FileNotFoundError):
            found = [path.stat() for path in each.rglob("*") if path.is_file()] or [each.stat()]
            size, at = sum(about.st_size for about in found), max(about.st_mtime for about in found)
            yield Pages(each.name, each, size, at)


def _sheet(path: Path) -> Sheet | None:
    """A page, None where the file is damaged: it is then read anew."""
    try:
        return Sheet.model_validate_json(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, zlib.error, ValidationError):
        return None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
