"""Writing files so that a reader never sees half of one, on this machine or behind a URL."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, EIO, ENOSPC, EROFS
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from schemas.errors import Away, ConfigError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.ASCII | re.IGNORECASE)
_USER = re.compile(r"://[^/]*@")
_WHOLE = frozenset({"s3", "s3a", "memory"})
_PACKAGES = {"s3": "pip install 'gouji[s3]'", "s3a": "pip install 'gouji[s3]'"}
_SETTING = "GOUJI_BLOBS_URL"
_HALF = ".new-"
_PASSING = {
    **dict.fromkeys((ENOSPC, EDQUOT, EFBIG), "free some space (gouji purge), or name another folder"),
    EROFS: "mount it writable, or name another folder",
    EIO: "check the disk",
}
_LOST = re.compile("Connect|Timeout|Endpoint")
_OTHERWISE = "check the folder and who may write to it"
# The defaults wait a minute for each connection, and for an answer too.
_PATIENCE = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2, "mode": "standard"}}
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": _PATIENCE},
    "s3a": {"config_kwargs": _PATIENCE},
}


class Kept(NamedTuple):
    """A file in a folder: its name below it, its size in bytes, when it was written in seconds since 1970."""

    name: str
    size: int
    at: float


def missing_package(scheme: str, error: ImportError) -> str:
    """What to say where an address takes a package that is not installed."""
    return f"{scheme}:// takes a package that is not installed: {_PACKAGES.get(scheme, str(error))}"


def write_whole(path: Path, data: bytes, *, first: bool = False) -> None:
    """Write a file, its folder made where it is missing; what was there stays until all is written.

    `first` leaves a file that is there as it is, where the file system has links.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_HALF)
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
    each process, so that a fork has its own. Raises ConfigError where what is behind a URL cannot be worked with,
    Away where that may pass: a disk that is full, a network that is down.
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
            parts = urlsplit(self._url)
            if parts.netloc not in {"", "localhost"}:
                problem = f"file://{parts.netloc}/ is on another host"
                raise ConfigError(f"{_SETTING}: {problem}; write file:///folder, with three slashes")
            self.local = Path(unquote(parts.path))
        elif self._scheme not in _WHOLE:
            raise ConfigError(f"{_SETTING}: {self._scheme}:// is not supported; use file:// or s3://")
        elif _USER.search(self._url) or set("?#") & set(self._url):
            raise ConfigError(
                f"{_SETTING}: holds a name, a password or a query; give keys by the environment"
            )

    def write(self, name: str, data: bytes, *, first: bool = False) -> None:
        """Write a file; `first` leaves one that is there, where the file system can tell."""
        if self.local:
            with self._locally("written"):
                write_whole(self.local / name, data, first=first)
        else:
            self._asked("written", lambda system: system.pipe_file(self._at(name), data))

    def bring(self, name: str, source: Path) -> None:
        """Write a file out of one on this machine, which is not held in memory."""
        if not self.local:
            self._asked("written", lambda system: system.put_file(str(source), self._at(name)))
            return
        target = self.local / name
        with self._locally("written"):
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, half = tempfile.mkstemp(dir=target.parent, prefix=_HALF)
            os.close(handle)
            try:
                shutil.copyfile(source, half)
                Path(half).replace(target)
            finally:
                Path(half).unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        """All of a file, None where there is none."""
        try:
            if self.local:
                with self._locally("read"):
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
            with self._locally("read"):
                local = (self.local / name).open("rb")
            with local:
                yield local
        else:
            with self._asked("read", lambda system: system.open(self._at(name), "rb"), missing=True) as file:
                yield file

    def drop(self, name: str) -> None:
        """Remove a file, if there is one."""
        with suppress(FileNotFoundError):
            if self.local:
                with self._locally("removed"):
                    (self.local / name).unlink()
            else:
                self._asked("removed", lambda system: system.rm_file(self._at(name)), missing=True)

    def names(self, below: str) -> list[str]:
        """The names of the files right in a folder below this one, sorted; without those half written."""
        if self.local:
            found = [each.name for each in self._listed(self.local / below) if each.is_file()]
        else:
            try:
                listed = self._asked("read", lambda s: s.ls(self._at(below), detail=True), missing=True)
            except FileNotFoundError:
                return []
            found = [str(each["name"]).rpartition("/")[2] for each in listed if each["type"] == "file"]
        return sorted(f"{below}/{name}" for name in found if not name.startswith("."))

    def entries(self, below: str) -> Iterator[Kept]:
        """All files at any depth of a folder below this one, or of all of it; without those half written."""
        found = self._all_here(below) if self.local else self._all_there(below)
        return (each for each in found if not each.name.rpartition("/")[2].startswith("."))

    def halves(self) -> Iterator[Kept]:
        """What was left half written by who was killed; nothing but a folder of this machine holds any."""
        return (each for each in self._all_here("") if each.name.rpartition("/")[2].startswith(_HALF))

    def _all_here(self, below: str) -> Iterator[Kept]:
        waiting = [self.local / below] if self.local else []
        while self.local and waiting:
            for each in self._listed(waiting.pop()):
                # Others may remove what was listed.
                with suppress(FileNotFoundError):
                    if each.is_dir(follow_symlinks=False):
                        waiting.append(Path(each.path))
                    elif each.is_file(follow_symlinks=False):
                        about = each.stat(follow_symlinks=False)
                        name = Path(each.path).relative_to(self.local).as_posix()
                        yield Kept(name, about.st_size, about.st_mtime)

    def _listed(self, folder: Path) -> list[os.DirEntry[str]]:
        """What is right in a folder of this machine; nothing of one that is not there."""
        try:
            with self._locally("read"), os.scandir(folder) as found:
                return list(found)
        except FileNotFoundError:
            return []

    def _all_there(self, below: str) -> Iterator[Kept]:
        root = self._at(below) if below else self._url
        start = len(re.sub(r"^[a-z0-9]+://", "", self._url).strip("/")) + 1
        try:
            found = self._asked("read", lambda s: s.find(root, detail=True), missing=True)
        except FileNotFoundError:
            return
        for path, about in found.items():
            if at := about.get("LastModified") or about.get("created"):
                moment = at if isinstance(at, float) else at.timestamp()
                yield Kept(path.lstrip("/")[start:], int(about["size"]), moment)

    @contextmanager
    def _locally(self, done: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            problem = f"{error.filename or self.local} cannot be {done} ({error.strerror or error})"
            if (remedy := _PASSING.get(error.errno or 0)) is not None:
                raise Away(f"{_SETTING}: {problem}; {remedy}") from error
            raise ConfigError(f"{_SETTING}: {problem}; {_OTHERWISE}") from error

    def _at(self, name: str) -> str:
        return f"{self._url}/{name}"

    def _system(self) -> Any:
        if self._client is None or self._client[0] != os.getpid():
            try:
                fsspec = importlib.import_module("fsspec")
                options = {"skip_instance_cache": True, "use_listings_cache": False}
                options |= _OPTIONS.get(self._scheme, {})
                system = fsspec.filesystem(self._scheme, **options)
            except ImportError as error:
                raise ConfigError(f"{_SETTING}: {missing_package(self._scheme, error)}") from None
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
            lost = any(_LOST.search(each.__name__) for each in type(error).__mro__)
            raise (Away if lost else ConfigError)(
                f"{_SETTING}: {problem}; check the address, the keys and the network"
            ) from None
