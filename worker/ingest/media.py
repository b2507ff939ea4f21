"""What a file is: told by its first bytes, and held against the ending of its name."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath
from typing import NamedTuple

from schemas import Unreadable, Unsupported

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSM = "application/vnd.ms-excel.sheet.macroenabled.12"
XLS = "application/vnd.ms-excel"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
CSV = "text/csv"
TSV = "text/tab-separated-values"

ENDINGS = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".tsv": TSV,
    ".csv": CSV,
    ".html": HTML,
    ".htm": HTML,
    ".pdf": PDF,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".xlsx": XLSX,
    ".xlsm": XLSM,
    ".xls": XLS,
    ".ods": ODS,
    ".docx": DOCX,
}
"""Endings that are read, with their media types."""

PAGED = {PDF, *(media for media in ENDINGS.values() if media.startswith("image/"))}
"""Media types that have pages to look at."""
OFFICE = {XLSX, XLSM, XLS, ODS, DOCX}
PLAIN = {"text/plain", "text/markdown", TSV, CSV}

REMEDIES = {
    ".doc": "save it as .docx or .pdf",
    ".rtf": "save it as .docx or .pdf",
    ".odt": "save it as .docx or .pdf",
    ".wps": "save it as .docx or .pdf",
    ".ofd": "print it to .pdf",
    ".ppt": "save it as .pdf",
    ".pptx": "save it as .pdf",
    ".et": "save it as .xlsx",
    ".xlsb": "save it as .xlsx",
    ".gif": "save it as .png",
    ".svg": "print it to .pdf or save it as .png",
    ".heic": "save it as .jpg",
}
"""What would help with endings that are not read."""


class _Foreign(NamedTuple):
    """A kind of file that is not read: what it is called, and what would help."""

    what: str
    remedy: str


_MAGIC: tuple[tuple[bytes, str | _Foreign], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"GIF8", _Foreign("a GIF image", "save it as .png")),
    (b"{\\rtf", _Foreign("a document in RTF", "save it as .docx or .pdf")),
    (b"\x1f\x8b", _Foreign("packed by gzip", "unpack it first")),
    (b"7z\xbc\xaf\x27\x1c", _Foreign("a 7-Zip archive", "unpack it first")),
    (b"Rar!", _Foreign("a RAR archive", "unpack it first")),
    (b"\x09\x08\x08\x00\x00\x05", _Foreign("a workbook of Excel 95", "save it as .xlsx")),
    (b"\x09\x04\x06\x00", _Foreign("a workbook of Excel 4", "save it as .xlsx")),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS: tuple[tuple[str, str | _Foreign], ...] = (
    ("EncryptedPackage", _Foreign("encrypted", "save it without a password")),
    ("Workbook", XLS),
    ("Book", XLS),
    ("WordDocument", _Foreign("a document of Word 97 to 2003", "save it as .docx or .pdf")),
    ("PowerPoint Document", _Foreign("a presentation", "save it as .pdf")),
)
_UNKNOWN_OLE = _Foreign("an OLE file of unknown content", "save it as .xlsx, .docx or .pdf")
_BMP = re.compile(rb"BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_DRAWING = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg\b", re.DOTALL
)
_HEAD = 1024


def ending_of(name: str) -> str:
    """The ending of a file name, in lower case with its dot."""
    return PurePath(name).suffix.lower()


def media_type_of(ending: str, data: bytes, place: str) -> str:
    """The media type of a file by its content; text is what its ending says. `place` is what errors call it.

    Raises Unsupported for what is not read, Unreadable where the ending promises what the content is not.
    Both name the ending and the content.
    """
    found = _by_content(place, data)
    if found is _UNKNOWN_OLE and ending == ".xls":
        # Its reader says best what is damaged.
        return XLS
    if isinstance(found, _Foreign):
        called = f"is named {ending} but is " if ending in ENDINGS else "is "
        raise Unsupported(place, called + found.what, found.remedy)
    if found is not None:
        return found
    expected = ENDINGS[ending]
    if expected in PLAIN or expected == HTML:
        return expected
    if expected == XLS and _MARKUP.match(data[:_HEAD]):
        # Many programs write a page with a table and call it a workbook.
        return HTML
    what = "text" if b"\0" not in data[:_HEAD] and _is_text(data[:_HEAD]) else "something else"
    remedy = "name it .txt or .csv" if what == "text" else "check that the right file was given"
    raise Unreadable(place, f"is named {ending} but holds {what}", remedy)


def refuse_ending(ending: str, place: str) -> None:
    """Raise Unsupported for endings that are not read."""
    if ending in ENDINGS:
        return
    what = f"files ending in {ending}" if ending else "files without an ending"
    remedy = REMEDIES.get(ending) or f"give one of {' '.join(ENDINGS)}"
    raise Unsupported(place, f"{what} are not read", remedy)


def _by_content(name: str, data: bytes) -> str | _Foreign | None:
    for mark, found in _MAGIC:
        if data.startswith(mark):
            return found
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if _BMP.match(data[:_HEAD]):
        return "image/bmp"
    if data.startswith(_OLE):
        return _ole(data)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(name, data)
    if b"%PDF-" in data[:_HEAD]:
        return PDF
    if b"urn:schemas-microsoft-com:office:spreadsheet" in data[:_HEAD]:
        return _Foreign("a workbook as XML of Excel 2003", "save it as .xlsx")
    if b'progid="Word.Document"' in data[:_HEAD]:
        return _Foreign("a document as XML of Word 2003", "save it as .docx or .pdf")
    if _DRAWING.match(data[:_HEAD]):
        return _Foreign("an SVG drawing", REMEDIES[".svg"])
    return None


def _ole(data: bytes) -> str | _Foreign:
    """By the names in its directory, whose entries of 128 bytes begin with them."""
    for stream, found in _OLE_STREAMS:
        coded = (stream + "\0").encode("utf-16-le")
        at = -1
        while (at := data.find(coded, at + 1)) >= 0:
            if at % 128 == 0 and data[at + 64 : at + 66] == len(coded).to_bytes(2, "little"):
                return found
    return _UNKNOWN_OLE


def _zip(name: str, data: bytes) -> str | _Foreign:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {name.replace("\\", "/").lstrip("/").lower() for name in archive.namelist()}
            mime = (
                archive.open("mimetype").read(100).decode("ascii", "replace") if "mimetype" in names else ""
            )
    # Each way of being broken has an error of its own.
    except Exception as error:
        problem = f"is a damaged ZIP file ({error})"
        raise Unreadable(name, problem, "save it again from the program that made it") from None
    if "xl/workbook.xml" in names or any(name.startswith("xl/worksheets/") for name in names):
        return XLSM if "xl/vbaproject.bin" in names else XLSX
    if any(name.startswith("word/") for name in names):
        return DOCX
    if mime.startswith(ODS):
        return ODS
    if "xl/workbook.bin" in names:
        return _Foreign("a binary workbook (.xlsb)", "save it as .xlsx")
    if any(name.startswith("ppt/") for name in names):
        return _Foreign("a presentation", "save it as .pdf")
    if "ofd.xml" in names:
        return _Foreign("a document in OFD", "print it to .pdf")
    if mime.startswith("application/vnd.oasis.opendocument"):
        return _Foreign("an OpenDocument text or drawing", "save it as .docx or .pdf")
    return _Foreign("a ZIP archive without a workbook or document", "unpack it, or name it .zip")


def _is_text(head: bytes) -> bool:
    return sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head) * 50 <= len(head)
