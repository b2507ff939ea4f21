"""Office files written by hand, part by part: what no office program would write can be written too."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def packed(parts: Mapping[str, str | bytes], *, squeeze: bool = True) -> bytes:
    """A ZIP file of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def relations(targets: Mapping[str, tuple[str, str]], *, external: bool = False) -> str:
    """A part of relations: id → (type, target)."""
    mode = ' TargetMode="External"' if external else ""
    items = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target={quoteattr(target)}{mode}/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_RELATIONS}">{items}</Relationships>'


def sheet_xml(rows: str, *, before: str = "", after: str = "") -> str:
    """A worksheet: `rows` are its row elements."""
    return f'<worksheet xmlns="{_SHEETS}" xmlns:r="{_OFFICE}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def xlsx_parts(
    sheets: Mapping[str, str],
    *,
    codes: tuple[str, ...] = (),
    strings: tuple[str, ...] = (),
    states: Mapping[str, str] | None = None,
) -> dict[str, str | bytes]:
    """The parts of a workbook: `sheets` by name as `sheet_xml`; style n+1 has the format code n of `codes`."""
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}" state="{(states or {}).get(name, "visible")}"/>'
        for n, name in enumerate(sheets, start=1)
    )
    targets = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
    targets |= {"rIdS": ("styles", "styles.xml"), "rIdT": ("sharedStrings", "sharedStrings.xml")}
    formats = "".join(
        f'<numFmt numFmtId="{200 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(codes)
    )
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(codes)))
    texts = "".join(f"<si><t>{text}</t></si>" for text in strings)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(targets),
        "xl/styles.xml": f'<styleSheet xmlns="{_SHEETS}"><numFmts>{formats}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_SHEETS}">{texts}</sst>',
    }
    return parts | {
        f"xl/worksheets/sheet{n}.xml": content for n, content in enumerate(sheets.values(), start=1)
    }


def docx_parts(body: str, **more: str) -> dict[str, str | bytes]:
    """The parts of a document; `more` are parts of the folder word by name, related by their names."""
    targets = {f"rId{name}": (name.rstrip("0123456789"), f"{name}.xml") for name in more}
    return {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations({"rId1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": f'<w:document xmlns:w="{_WORD}" xmlns:r="{_OFFICE}"><w:body>{body}</w:body></w:document>',
        "word/_rels/document.xml.rels": relations(targets),
        **{
            f"word/{name}.xml": f'<w:hdr xmlns:w="{_WORD}">{content}</w:hdr>'
            for name, content in more.items()
        },
    }


def paragraph(text: str) -> str:
    """A paragraph of a document."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def ods_parts(tables: str, styles: str = "") -> dict[str, str | bytes]:
    """The parts of a spreadsheet in OpenDocument: `tables` are its table elements."""
    spaces = " ".join(
        f'xmlns:{name}="{_ODF}{name}:1.0"' for name in ("office", "table", "text", "style", "draw")
    )
    return {
        "mimetype": ODS_TYPE,
        "content.xml": f"<office:document-content {spaces}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>",
    }
