"""A multipart form with one file, written to the disk as it comes: no more of it than a piece is in memory."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Self

from fastapi import HTTPException
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FIELD_BYTES = 4096
_FIELDS = 16
_OVERHEAD = 100_000
"""What a form may hold beside its file, in bytes."""


class Form(NamedTuple):
    """The text fields of a form, and its file: without a name on the disk, rewound, gone when it is closed.

    `name` is what the client calls the file, `size` in bytes; `digest` is the SHA-256 of all that was given.
    """

    fields: dict[str, str]
    file: IO[bytes]
    name: str
    size: int
    digest: bytes


async def receive(stream: AsyncIterator[bytes], content_type: str, folder: Path, max_bytes: int) -> Form:
    """The form in a body. Raises HTTPException: 415 for another body, 400 for a broken one, 413 for a large one.

    However it ends, what is not returned is gone from the disk.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise HTTPException(415, "send the file as multipart/form-data, in the field `file`")
    folder.mkdir(parents=True, exist_ok=True)
    with _Parts(tempfile.TemporaryFile(dir=folder)) as parts:
        left = max_bytes + _OVERHEAD
        try:
            parser = MultipartParser(boundary, parts.callbacks())
            async for piece in stream:
                left -= len(piece)
                if left < 0 or parts.size > max_bytes:
                    raise HTTPException(
                        413, f"more than {max_bytes:,} bytes; split it or raise GOUJI_MAX_UNPACKED"
                    )
                if piece:
                    # The disk may be slow; others are answered meanwhile.
                    await run_in_threadpool(parser.write, piece)
            parser.finalize()
        except (FormParserError, UnicodeDecodeError):
            raise HTTPException(400, "the body is no multipart/form-data that can be read") from None
        except ClientDisconnect:
            raise HTTPException(400, "the upload was broken off; send it again") from None
        return parts.form()


class _Parts:
    """Takes the parts of a form as they are parsed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._fields: dict[str, str] = {}
        self._headers: dict[bytes, bytes] = {}
        self._header = self._value = b""
        self._field: str | None = None
        self._content = b""
        self._name: str | None = None
        self._ended = self._given = False
        self._digest = sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._given:
            self._file.close()

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def form(self) -> Form:
        """What has come, when all has. Raises HTTPException."""
        if not self._ended:
            raise HTTPException(400, "the body ends before the form does; send it again")
        if self._name is None:
            raise HTTPException(422, "there is no file in the form; send it in the field `file`")
        fields = "\0".join(f"{name}={value}" for name, value in sorted(self._fields.items()))
        self._digest.update(f"\0{self._name}\0{fields}".encode())
        self._file.seek(0)
        self._given = True
        return Form(self._fields, self._file, self._name, self.size, self._digest.digest())

    def _begin(self) -> None:
        self._headers = {}
        self._field, self._content = None, b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        field = options.get(b"name", b"").decode()
        if field == "file":
            if self._name is not None:
                raise HTTPException(422, "there is more than one file; pack them as one archive")
            self._name = options.get(b"filename", b"").decode()
        elif not field or field in self._fields or len(self._fields) >= _FIELDS:
            raise HTTPException(422, "a field has no name, is given twice, or is one too many")
        self._field = field

    def _data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._field == "file":
            self._file.write(piece)
            self._digest.update(piece)
            self.size += len(piece)
            return
        self._content += piece
        if len(self._content) > _FIELD_BYTES:
            raise HTTPException(422, f"a field has more than {_FIELD_BYTES} bytes")

    def _close(self) -> None:
        if self._field is not None and self._field != "file":
            self._fields[self._field] = self._content.decode()

    def _end(self) -> None:
        self._ended = True
