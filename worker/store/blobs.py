"""Documents as compressed files by their SHA-256; the database keeps what is asked of them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from schemas import Document
from worker.files import Folder, Kept

RAW = "raw"
"""The name under which the bytes of a file wait to be ingested."""

_DOCUMENT = "json.gz"
_ANSWERS = "answers"
_KEPT = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})\.([A-Za-z0-9._-]+)", re.ASCII)
_ANSWER = re.compile(_ANSWERS + r"/[0-9a-f]{64}\.json", re.ASCII)


class Blob(NamedTuple):
    """A file that is kept for a document: `size` in bytes, `at` when it was written, in seconds since 1970."""

    sha256: str
    name: str
    size: int
    at: float


class BlobStore:
    """What belongs to a document under `url`/`sha[:2]`: its text as `sha`.json.gz, other files as `sha`.`name`.

    `url` is a path, file:// or s3://. Writing the same one twice is harmless; a reader never sees half a file.
    Raises ConfigError where what is behind the URL cannot be worked with.
    """

    def __init__(self, url: str | Path) -> None:
        self._folder = Folder(url)

    def put(self, document: Document) -> None:
        """Keep a document."""
        # No time stamp: the same document gives the same bytes.
        self.keep(document.sha256, _DOCUMENT, gzip.compress(document.model_dump_json().encode(), mtime=0))

    def get(self, sha256: str) -> Document:
        """The document of this SHA-256. Raises FileNotFoundError."""
        if (data := self.kept(sha256, _DOCUMENT)) is None:
            raise FileNotFoundError(_name(sha256, _DOCUMENT))
        return Document.model_validate_json(gzip.decompress(data))

    def has(self, sha256: str, name: str = _DOCUMENT) -> bool:
        """Whether the document is kept, or a file of it under another name."""
        return self._folder.has(_name(sha256, name))

    def keep(self, sha256: str, name: str, data: bytes) -> None:
        """Keep a file that belongs to a document."""
        self._folder.write(_name(sha256, name), data)

    def kept(self, sha256: str, name: str) -> bytes | None:
        """What was kept of a document under this name, None if nothing was."""
        return self._folder.read(_name(sha256, name))

    def opened(self, sha256: str, name: str) -> AbstractContextManager[BinaryIO]:
        """What was kept of a document under this name, to read from. Raises FileNotFoundError."""
        return self._folder.opened(_name(sha256, name))

    def drop(self, sha256: str, name: str | None = None) -> None:
        """Remove a file of a document, with None all that is kept of it."""
        if name is not None:
            self._folder.drop(_name(sha256, name))
            return
        for each in self._folder.names(sha256[:2]):
            if each.startswith(_name(sha256, "")):
                self._folder.drop(each)

    def listed(self) -> Iterator[Blob]:
        """All that is kept of documents. Files of other shapes are not ours, and are passed over."""
        for each in self._folder.entries(""):
            if found := _KEPT.fullmatch(each.name):
                yield Blob(found[2], found[3], each.size, each.at)

    def answers(self) -> Iterator[Kept]:
        """The answers of models, which lie beside the documents."""
        return (each for each in self._folder.entries(_ANSWERS) if _ANSWER.fullmatch(each.name))

    def halves(self) -> Iterator[Kept]:
        """What was left half written."""
        return self._folder.halves()

    def discard(self, name: str) -> None:
        """Remove one of `answers` or `halves`, if it is there."""
        self._folder.drop(name)


def _name(sha256: str, name: str) -> str:
    return f"{sha256[:2]}/{sha256}.{name}"
