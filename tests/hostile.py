"""Files that are damaged, lie about themselves, or want to do harm: each with what must come of it.

They are made by code, small in themselves however large they claim to be.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from PIL import Image

from schemas import EmptyInput, InputError, TooLarge, Unreadable, Unsupported
from tests.office_files import docx_parts, ods_parts, packed, paragraph, relations, sheet_xml, xlsx_parts

_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_TEXT = b"BT /F1 12 Tf 72 700 Td (Total 1,234.50) Tj ET"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Hostile(NamedTuple):
    """A file and what reading it gives: an error of exactly this class with these words, or (None) this text."""

    name: str
    make: Callable[[], bytes]
    error: type[InputError] | None
    words: str


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<</Length %d %s>>\nstream\n%s\nendstream" % (len(content), entries, content)


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, content in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<</Size %d/Root 1 0 R %s>>\n" % (len(objects) + 1, trailer))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def one_page(
    content: bytes = stream(_TEXT),
    *,
    catalogue: bytes = b"",
    box: bytes = b"[0 0 595 842]",
    count: bytes = b"1",
    resources: bytes = b"",
    more: Iterable[bytes] = (),
    trailer: bytes = b"",
) -> bytes:
    """A PDF of one page with a line of text; objects from 6 on are `more`."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox %s/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%s>>>>" % (
        box,
        resources,
    )
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R %s>>" % catalogue,
        b"<</Type/Pages/Kids[3 0 R]/Count %s>>" % count,
        page,
        content,
        _FONT,
        *more,
        trailer=trailer,
    )


def _active() -> bytes:
    names = b"/Names<</JavaScript<</Names[(a) 6 0 R]>>/EmbeddedFiles<</Names[(a.exe) 8 0 R]>>>>"
    return one_page(
        catalogue=b"/OpenAction 6 0 R/AA<</WC 7 0 R>>" + names,
        more=(
            b"<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\); while\\(true\\);)>>",
            b"<</S/Launch/F(/bin/sh)>>",
            b"<</Type/Filespec/F(a.exe)/EF<</F 9 0 R>>>>",
            stream(b"MZ", b"/Type/EmbeddedFile"),
        ),
    )


def _bomb(size: int, times: int) -> bytes:
    """Spaces, packed so often."""
    content = zlib.compress(b" " * size, 9)
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    return stream(content, b"/Filter[" + b"/FlateDecode " * times + b"]")


def _png(width: int, height: int) -> bytes:
    def part(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", header)
        + part(b"IDAT", zlib.compress(b"\0" * 1000))
        + part(b"IEND", b"")
    )


def _cut_jpeg() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((400, 400), 50).save(out, "JPEG")
    return out.getvalue()[:2000]


def _tiff(nexts: Iterator[int], pages: int) -> bytes:
    """Directories of one grey pixel each, chained as `nexts` says."""
    out = io.BytesIO(b"II*\0" + struct.pack("<I", 10) + b"\0\0")
    out.seek(10)
    entries = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1)]
    for _ in range(pages):
        out.write(struct.pack("<H", len(entries)))
        out.writelines(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
        out.write(struct.pack("<I", next(nexts)))
    return out.getvalue()


_TIFF_PAGE = 2 + 9 * 12 + 4


def _ole(*names: str) -> bytes:
    """A compound file as far as its directory goes."""
    entries = b""
    for name in names:
        coded = (name + "\0").encode("utf-16-le")
        entries += (coded.ljust(64, b"\0") + struct.pack("<H", len(coded))).ljust(128, b"\0")
    return OLE + b"\0" * (512 - len(OLE)) + entries.ljust(1024, b"\0")


def _sheet(rows: str, **more: str) -> dict[str, str | bytes]:
    return xlsx_parts({"S": sheet_xml(rows, **more)}, strings=("甲",))


_ONE = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>1.5</v></c></row>'


def _xlsx_with(part: str, content: str | bytes) -> bytes:
    return packed(_sheet(_ONE) | {part: content})


def _entities(levels: int) -> str:
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels + 1))
    return (
        f'<!DOCTYPE w [<!ENTITY e0 "ha">{steps}]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row><c t="inlineStr"><is><t>&e{levels};</t></is></c></row></sheetData></worksheet>'
    )


def _linked() -> bytes:
    """Refers to another workbook, has a macro and a picture over the net."""
    parts = _sheet('<row r="1"><c r="A1"><f>[1]S!A1</f><v>7.25</v></c></row>')
    rels = relations({"rIdX": ("externalLink", "file:///etc/passwd")}, external=True)
    known = str(parts["xl/_rels/workbook.xml.rels"])
    parts["xl/_rels/workbook.xml.rels"] = known.replace(
        "</Relationships>", rels[rels.index("<Relationship Id") :]
    )
    parts["xl/vbaProject.bin"] = b"\0" * 100
    return packed(parts)


def _same_text_everywhere() -> bytes:
    """One long text that every cell refers to: small in the file, large when read."""
    row = "<row>" + '<c t="s"><v>0</v></c>' * 500 + "</row>"
    return packed(xlsx_parts({"S": sheet_xml(row * 20)}, strings=("长" * 32_000,)))


def _many_parts() -> bytes:
    return packed(_sheet(_ONE) | {f"xl/media/{n}": b"" for n in range(21_000)}, squeeze=False)


def _ods_repeated(times: int, cell: str) -> bytes:
    filled = f'<table:table-cell table:number-columns-repeated="{times}">{cell}</table:table-cell>'
    rows = (
        "<table:table-row><table:table-cell><text:p>甲</text:p></table:table-cell></table:table-row>"
        f'<table:table-row table:number-rows-repeated="{times}">{filled}</table:table-row>'
    )
    return packed(ods_parts(f'<table:table table:name="S">{rows}</table:table>'))


def _docx(body: str) -> bytes:
    return packed(docx_parts(body))


def hostile_files() -> list[Hostile]:
    """The corpus."""
    return [
        # PDF
        Hostile("cut.pdf", lambda: one_page()[:400], Unreadable, "is cut off after 400 bytes"),
        Hostile(
            "xref.pdf", lambda: one_page().replace(b"startxref\n", b"startxref\n9"), None, "Total 1,234.50"
        ),
        Hostile(
            "encrypted.pdf",
            lambda: one_page(
                trailer=b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>"
                % (b"41" * 32, b"42" * 32)
            ),
            Unreadable,
            "is encrypted and needs a password; save it again without a password",
        ),
        Hostile(
            "many.pdf",
            lambda: one_page(count=b"1000000"),
            TooLarge,
            "has 1,000,000 pages, the limit is 2,000",
        ),
        Hostile("wide.pdf", lambda: one_page(box=b"[0 0 1000000 1000000]"), None, "Total 1,234.50"),
        Hostile("active.pdf", _active, None, "Total 1,234.50"),
        Hostile("bomb.pdf", lambda: one_page(_bomb(150_000_000, 2)), EmptyInput, "holds no text"),
        Hostile(
            "recursive.pdf",
            lambda: one_page(
                stream(b"/X Do " + _TEXT),
                resources=b"/XObject<</X 6 0 R>>",
                more=[
                    stream(
                        b"/X Do",
                        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>",
                    )
                ],
            ),
            None,
            "Total 1,234.50",
        ),
        Hostile(
            "none.pdf",
            lambda: pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"),
            Unreadable,
            "no page of it can be found",
        ),
        Hostile(
            "circle.pdf",
            lambda: pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 3>>"),
            Unreadable,
            "damaged",
        ),
        Hostile("text.pdf", "合计 1.00\n".encode, Unreadable, "is named .pdf but holds text"),
        Hostile(
            "noise.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"%%EOF", Unreadable, "is damaged"
        ),
        Hostile("really-pdf.txt", one_page, None, "Total 1,234.50"),
        # Images
        Hostile("bomb.png", lambda: _png(60_000, 60_000), TooLarge, "too many pixels"),
        Hostile("large.png", lambda: _png(12_000, 12_000), TooLarge, "pixels"),
        Hostile("short.png", lambda: _png(300, 300), Unreadable, "is damaged"),
        Hostile("cut.jpg", _cut_jpeg, Unreadable, "is damaged"),
        Hostile("circle.tif", lambda: _tiff(iter([10 + _TIFF_PAGE, 10]), 2), Unreadable, ""),
        Hostile(
            "many.tif",
            lambda: _tiff((10 + _TIFF_PAGE * n for n in range(1, 100_001)), 100_000),
            TooLarge,
            "pages, the limit is 2,000",
        ),
        Hostile("cut.webp", lambda: b"RIFF\xff\xff\0\0WEBPVP8 ", Unreadable, "no sound image"),
        Hostile("moving.gif", lambda: b"GIF89a\1\0\1\0", Unsupported, "save it as .png"),
        Hostile("moving.png", lambda: b"GIF89a\1\0\1\0", Unsupported, "is named .png but is a GIF image"),
        Hostile("drawing.svg", lambda: b"<svg/>", Unsupported, "files ending in .svg are not read"),
        Hostile("drawing.png", lambda: b'<svg onload="alert(1)"/>', Unsupported, "is an SVG drawing"),
        # Workbooks
        Hostile(
            "bomb.xlsx",
            lambda: _xlsx_with("xl/worksheets/sheet1.xml", b" " * 50_000_000),
            TooLarge,
            "unpacks",
        ),
        Hostile(
            "entities.xlsx",
            lambda: _xlsx_with("xl/worksheets/sheet1.xml", _entities(9)),
            Unreadable,
            "is damaged",
        ),
        Hostile(
            "entity.xlsx",
            lambda: _xlsx_with("xl/worksheets/sheet1.xml", _entities(1)),
            Unreadable,
            "declares a document type",
        ),
        Hostile("linked.xlsm", _linked, None, "7.25"),
        Hostile(
            "claim.xlsx",
            lambda: packed(_sheet(_ONE, before='<dimension ref="A1:XFD1048576"/>')),
            None,
            "甲\t1.5",
        ),
        Hostile(
            "far.xlsx",
            lambda: packed(_sheet(_ONE + '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')),
            None,
            "甲\t1.5\t\n\n\t\t2",
        ),
        Hostile(
            "nowhere.xlsx",
            lambda: packed(_sheet('<row r="99999999999"><c r="ZZZZ9" s="-1"><v>2</v></c></row>')),
            None,
            "2",
        ),
        Hostile(
            "types.xlsx",
            lambda: packed(_sheet('<row><c t="s"><v>x</v></c><c><v>2e</v></c></row>')),
            None,
            "2e",
        ),
        Hostile("swollen.xlsx", _same_text_everywhere, TooLarge, "too much text"),
        Hostile("parts.xlsx", _many_parts, TooLarge, "parts, the limit is"),
        Hostile(
            "plain.xlsx", lambda: packed({"a.txt": "1"}), Unsupported, "is named .xlsx but is a ZIP archive"
        ),
        Hostile("cut.xlsx", lambda: packed(_sheet(_ONE))[:300], Unreadable, "is a damaged ZIP file"),
        Hostile(
            "hollow.xlsx", lambda: packed({"xl/workbook.xml": "<workbook/>"}), EmptyInput, "holds no text"
        ),
        Hostile(
            "broken.xlsx",
            lambda: _xlsx_with("xl/workbook.xml", "<workbook><sheets>"),
            Unreadable,
            "is damaged",
        ),
        Hostile("noise.xls", lambda: OLE + bytes(range(256)) * 20, Unreadable, "cannot be read"),
        Hostile("noise.docx", lambda: OLE + bytes(range(256)) * 20, Unsupported, "is an OLE file"),
        Hostile("hollow.xls", lambda: _ole("Root Entry", "Workbook"), Unreadable, "cannot be read"),
        Hostile(
            "letter.xls", lambda: _ole("Root Entry", "WordDocument"), Unsupported, "a document of Word 97"
        ),
        Hostile("locked.xlsx", lambda: _ole("Root Entry", "EncryptedPackage"), Unsupported, "is encrypted"),
        Hostile(
            "old.doc", lambda: _ole("Root Entry", "WordDocument"), Unsupported, "save it as .docx or .pdf"
        ),
        Hostile("blank.ods", lambda: _ods_repeated(10**9, ""), None, "S\n甲"),
        Hostile("full.ods", lambda: _ods_repeated(10**9, "<text:p>1</text:p>"), TooLarge, "cells"),
        # Documents
        Hostile(
            "hollow.docx", lambda: packed({"word/styles.xml": "<x/>"}), Unreadable, "document.xml is missing"
        ),
        Hostile(
            "climbing.docx",
            lambda: packed(docx_parts(paragraph("甲")) | {"../../../tmp/escaped.xml": "x", "/etc/x": "x"}),
            None,
            "甲",
        ),
        Hostile("deep.docx", lambda: _docx("<w:ins>" * 50_000), Unreadable, "is damaged"),
        Hostile(
            "nested.docx",
            lambda: _docx("<w:tbl><w:tr><w:tc>" * 100_000 + "</w:tc></w:tr></w:tbl>" * 100_000),
            Unreadable,
            "is damaged",
        ),
        Hostile(
            "layers.docx",
            lambda: _docx("<w:tbl><w:tr><w:tc>" * 70 + paragraph("甲") + "</w:tc></w:tr></w:tbl>" * 70),
            None,
            "甲",
        ),
        Hostile(
            "spans.docx",
            lambda: _docx(
                "<w:tbl>"
                + f"<w:tr><w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr>{paragraph('1')}</w:tc></w:tr>"
                * 3000
                + "</w:tbl>"
            ),
            TooLarge,
            "cells",
        ),
        # Text
        Hostile(
            "spans.html",
            lambda: b"<table>" + b"<tr><td colspan=999999999 rowspan=999999999>1" * 3000,
            TooLarge,
            "cells",
        ),
        Hostile("nothing.pdf", lambda: b"", EmptyInput, "is empty"),
        Hostile("zeros.txt", lambda: b"\0" * 5000, Unreadable, "binary data"),
        Hostile("zeros.csv", lambda: b"a,b\n1,\0\0\0\n" * 50, Unreadable, "binary data"),
    ]
