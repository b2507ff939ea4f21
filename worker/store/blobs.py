"""Documents as compressed files by their SHA-256; the database keeps what is asked of them."""

from __future__ import annotations

import gzip
from pathlib import Path

from schemas import Document
from worker.files import write_whole


class BlobStore:
    """What belongs to a document under `folder`/`sha[:2]`: its text as `sha`.json.gz, other files as `sha`.`name`.

    Writing the same one twice is harmless; a reader never sees half a file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str, name: str = "json.gz") -> Path:
        """Where the document of this SHA-256 lies, or what is kept of it under another name."""
        return self.folder / sha256[:2] / f"{sha256}.{name}"

    def put(self, document: Document) -> None:
        """Keep a document."""
        # No time stamp: the same document gives the same bytes.
        self.keep(document.sha256, "json.gz", gzip.compress(document.model_dump_json().encode(), mtime=0))

    def get(self, sha256: str) -> Document:
        """The document of this SHA-256. Raises FileNotFoundError."""
        return Document.model_validate_json(gzip.decompress(self.path(sha256).read_bytes()))

    def keep(self, sha256: str, name: str, data: bytes) -> None:
        """Keep a file that belongs to a document."""
        write_whole(self.path(sha256, name), data)

    def kept(self, sha256: str, name: str) -> bytes | None:
        """What was kept of a document under this name, None if nothing was."""
        path = self.path(sha256, name)
        return path.read_bytes() if path.is_file() else None
