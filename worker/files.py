"""Writing files so that a reader never sees half of one, on this machine or behind a URL."""

from __future__ import annotations

import importlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from schemas.errors import ConfigError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.ASCII | re.IGNORECASE)
_USER = re.compile(r"://[^/]*@")
_WHOLE = frozenset({"s3", "s3a", "memory"})
_PACKAGES = {"s3": "pip install 'gouji[s3]'", "s3a": "pip install 'gouji[s3]'"}
_SETTING = "GOUJI_BLOBS_URL"


def write_whole(path: Path, data: bytes, *, first: bool = False) -> None:
    """Write a file, its folder made where it is missing; what was there stays until all is written.

    `first` leaves a file that is there as it is, where the file system has links.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if not (first and _linked(Path(name), path)):
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _linked(part: Path, path: Path) -> bool:
    try:
        os.link(part, path)
    except FileExistsError:
        pass  # another was first
    except OSError:
        return False  # a file system without links
    return True


class Folder:
    """Whole files by name in a folder: a path, or a URL with file://, s3:// or memory://.

    Names are relative, with `/` between their parts, and never come from a user. Clients are made at first use in
    each process, so that a fork has its own. Raises ConfigError where what is behind a URL cannot be worked with.
    """

    def __init__(self, url: str | Path) -> None:
        scheme = _SCHEME.match(url) if isinstance(url, str) else None
        self.local: Path | None = None
        self._client: tuple[int, Any] | None = None
        self._url = str(url).rstrip("/")
        self._scheme = scheme[1].lower() if scheme else "file"
        if not scheme:
            self.local = Path(url)
        elif self._scheme == "file":
            self.local = Path(unquote(urlsplit(self._url).path))
        elif self._scheme not in _WHOLE:
            raise ConfigError(f"{_SETTING}: {self._scheme}:// is not supported; use file:// or s3://")
        elif _USER.search(self._url) or set("?#") & set(self._url):
            raise ConfigError(
                f"{_SETTING}: holds a name, a password or a query; give keys by the environment"
            )

    def write(self, name: str, data: bytes, *, first: bool = False) -> None:
        """Write a file; `first` leaves one that is there, where the file system can tell."""
        if self.local:
            write_whole(self.local / name, data, first=first)
        else:
            self._asked("written", lambda system: system.pipe_file(self._at(name), data))

    def read(self, name: str) -> bytes | None:
        """All of a file, None where there is none."""
        try:
            if self.local:
                return (self.local / name).read_bytes()
            found = self._asked("read", lambda system: system.cat_file(self._at(name)), missing=True)
        except FileNotFoundError:
            return None
        return cast(bytes, found)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        if self.local:
            return (self.local / name).is_file()
        try:
            about = self._asked("read", lambda system: system.info(self._at(name)), missing=True)
        except FileNotFoundError:
            return False
        return bool(about["type"] == "file")

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """A file to read from. Raises FileNotFoundError."""
        if self.local:
            with (self.local / name).open("rb") as file:
                yield file
        else:
            with self._asked("read", lambda system: system.open(self._at(name), "rb"), missing=True) as file:
                yield file

    def drop(self, name: str) -> None:
        """Remove a file, if there is one."""
        if self.local:
            (self.local / name).unlink(missing_ok=True)
        elif self.has(name):
            self._asked("removed", lambda system: system.rm_file(self._at(name)))

    def names(self, below: str) -> list[str]:
        """The names of the files right in a folder below this one, sorted; without those half written."""
        if self.local:
            folder = self.local / below
            found = [each.name for each in folder.iterdir() if each.is_file()] if folder.is_dir() else []
        else:
            try:
                listed = self._asked("read", lambda s: s.ls(self._at(below), detail=True), missing=True)
            except FileNotFoundError:
                return []
            found = [str(each["name"]).rpartition("/")[2] for each in listed if each["type"] == "file"]
        return sorted(f"{below}/{name}" for name in found if not name.startswith("."))

    def _at(self, name: str) -> str:
        return f"{self._url}/{name}"

    def _system(self) -> Any:
        if self._client is None or self._client[0] != os.getpid():
            try:
                fsspec = importlib.import_module("fsspec")
                system = fsspec.filesystem(self._scheme, skip_instance_cache=True, use_listings_cache=False)
            except ImportError as error:
                remedy = _PACKAGES.get(self._scheme, str(error))
                problem = f"{self._scheme}:// takes a package that is not installed: {remedy}"
                raise ConfigError(f"{_SETTING}: {problem}") from None
            self._client = os.getpid(), system
        return self._client[1]

    def _asked(self, done: str, ask: Callable[[Any], Any], *, missing: bool = False) -> Any:
        """What a file system answers. Its own words are left out: they may quote a key."""
        system = self._system()
        try:
            return ask(system)
        # Each system has errors of its own.
        except Exception as error:
            if missing and isinstance(error, FileNotFoundError):
                raise
            problem = f"{self._url} cannot be {done} ({type(error).__name__})"
            raise ConfigError(f"{_SETTING}: {problem}; check the address, the keys and the network") from None
