"""Answers of models, kept for good: what was paid for once is never asked again."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any


def key_of(*parts: object) -> str:
    """A key over everything that an answer depends on, as JSON."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class AnswerCache:
    """A folder of JSON files, one a key, each written once and whole. Safe between threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        """The entry of a key; None if there is none, or none that can be read."""
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return entry if isinstance(entry, dict) else None

    def put(self, key: str, entry: dict[str, Any]) -> None:
        """Keep an entry. The first one stays; an unreadable one is replaced."""
        if self.get(key) is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", dir=self._folder, suffix=".part", delete=False, encoding="utf-8"
        ) as file:
            json.dump(entry, file, ensure_ascii=False)
        part = Path(file.name)
        try:
            if self._path(key).exists():
                part.replace(self._path(key))
            else:
                os.link(part, self._path(key))
        except FileExistsError:
            pass  # another worker was first
        except OSError:
            part.replace(self._path(key))  # a file system without links
        finally:
            part.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"
