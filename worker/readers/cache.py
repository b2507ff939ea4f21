"""Answers of models, kept until they are purged: what was paid for once is not asked again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from worker.files import Folder


def key_of(*parts: object) -> str:
    """A key over everything that an answer depends on, as JSON."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class AnswerCache:
    """A folder of JSON files, one a key, each written whole. Safe between threads, processes and hosts.

    `folder` is a path or a URL, as `worker.files.Folder` takes it.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Folder(folder)

    def get(self, key: str) -> dict[str, Any] | None:
        """The entry of a key; None if there is none, or none that can be read."""
        try:
            entry = json.loads(self._folder.read(f"{key}.json") or b"")
        except (OSError, ValueError):
            return None
        return entry if isinstance(entry, dict) else None

    def put(self, key: str, entry: dict[str, Any], *, replace: bool = False) -> None:
        """Keep an entry. The first one stays where the file system has links, unless it is to be replaced; an
        unreadable one is."""
        if not replace and self.get(key):
            return
        name = f"{key}.json"
        data = json.dumps(entry, ensure_ascii=False).encode()
        self._folder.write(name, data, first=not (replace or self._folder.has(name)))
