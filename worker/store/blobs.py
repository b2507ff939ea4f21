"""Documents as compressed files by their SHA-256; the database keeps what is asked of them."""

from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path

from schemas import Document


class BlobStore:
    """Texts of documents under `folder`/`sha[:2]`/`sha`.json.gz. Writing the same one twice is harmless."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the document of this SHA-256 lies."""
        return self.folder / sha256[:2] / f"{sha256}.json.gz"

    def put(self, document: Document) -> None:
        """Keep a document. A reader never sees half a file."""
        path = self.path(document.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                # No time stamp: the same document gives the same bytes.
                file.write(gzip.compress(document.model_dump_json().encode(), mtime=0))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def get(self, sha256: str) -> Document:
        """The document of this SHA-256. Raises FileNotFoundError."""
        return Document.model_validate_json(gzip.decompress(self.path(sha256).read_bytes()))
