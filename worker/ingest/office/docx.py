"""DOCX: paragraphs and tables in the order of the document, as they stand in its last state.

Tracked deletions and hidden text are left out, insertions taken up; headers stand where their section begins,
footers where it ends. Pages begin where Word last broke them, or at breaks set by hand if it never did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from schemas import TooLarge
from worker.ingest.messages import Section
from worker.ingest.office.grid import MOST_CELLS, counted, folded
from worker.ingest.office.numbering import Numbering
from worker.ingest.office.package import Package, attribute, local

_PARAGRAPH_PARTS = {
    "hyperlink",
    "ins",
    "moveTo",
    "smartTag",
    "sdt",
    "sdtContent",
    "fldSimple",
    "customXml",
    "dir",
}
_BLOCK_PARTS = {"sdt", "sdtContent", "customXml", "ins", "moveTo", "body", "tc", "txbxContent", "hdr", "ftr"}
_GONE = {"del", "moveFrom", "cellDel"}
_TEXT = {"tab": "\t", "cr": "\n", "noBreakHyphen": "-"}
_WIDEST_SPAN = 1000


def sections_of_docx(data: bytes, name: str) -> Iterator[Section]:
    """A section for each page; a last one holds what was not read."""
    package = Package(data, name)
    place = next(
        (x.target for x in package.relations("").values() if x.type == "officeDocument"), "word/document.xml"
    )
    root = package.tree(place)
    body = root.find("{*}body")
    if body is None:
        raise package.damaged(f"its part {place} has no body")
    relations = package.relations(place)
    by_type = {x.type: x.target for x in relations.values() if not x.external}
    numbering = Numbering(package, by_type.get("numbering"), by_type.get("styles"))
    walk = _Walk(name, numbering, rendered=next(root.iter("{*}lastRenderedPageBreak"), None) is not None)
    heads = _Heads(package, {key: x.target for key, x in relations.items() if not x.external}, walk)
    yield from _pages(heads.lines(body))
    notes = [x.target for x in relations.values() if x.type in {"footnotes", "endnotes"} and not x.external]
    foot = [line for part in notes if package.has(part) for line in walk.notes(package.tree(part))]
    told = [counted(number, what) for what, number in walk.left_out.items()]
    yield Section(
        text="".join(f"{line}\n" for line in foot), notes=tuple(f"{text} not read" for text in told)
    )


def _pages(lines: Iterator[str | None]) -> Iterator[Section]:
    """Lines, and None where a page begins → pages."""
    page: list[str] = []
    for line in lines:
        if line is not None:
            page.append(line)
        elif any(page):
            yield Section(text="".join(f"{line}\n" for line in page))
            page = []
    yield Section(text="".join(f"{line}\n" for line in page))


class _Heads:
    """The body with the headers and footers of its sections, each where it changes."""

    def __init__(self, package: Package, targets: dict[str, str], walk: _Walk) -> None:
        self.package = package
        self.targets = targets
        self.walk = walk

    def lines(self, body: etree._Element) -> Iterator[str | None]:
        """The lines of the document."""
        ends = [element for element in body.iter("{*}sectPr") if local_parent(element) in {"body", "pPr"}]
        told: list[list[str]] = [[], []]
        blocks: list[etree._Element] = []
        for element in body:
            if local(element) != "sectPr":
                blocks.append(element)
            if ends and (
                element is ends[0] or ends[0] in element.iterchildren() or _ends_in(element, ends[0])
            ):
                yield from self._section(blocks, ends.pop(0), told)
                blocks = []
        if blocks:
            yield from self._section(blocks, None, told)

    def _section(
        self, blocks: list[etree._Element], end: etree._Element | None, told: list[list[str]]
    ) -> Iterator[str | None]:
        around = [self._around(end, "headerReference"), self._around(end, "footerReference")]
        if around[0] and around[0] != told[0]:
            yield from around[0]
        for block in blocks:
            yield from self.walk.block(block)
        if around[1] and around[1] != told[1]:
            yield from around[1]
        told[:] = [now or before for now, before in zip(around, told, strict=True)]

    def _around(self, end: etree._Element | None, kind: str) -> list[str]:
        if end is None:
            return []
        ids = [attribute(item, "id") or "" for item in end.iterfind(f"{{*}}{kind}")]
        parts = [
            self.targets[key] for key in ids if key in self.targets and self.package.has(self.targets[key])
        ]
        lines = [line for part in parts for line in self.walk.blocks(self.package.tree(part)) if line]
        # What only numbers the pages is no text of the document.
        return [line for line in dict.fromkeys(lines) if any(map(str.isalpha, line))]


def local_parent(element: etree._Element) -> str:
    """The name of the parent of an element."""
    parent = element.getparent()
    return local(parent) if parent is not None else ""


def _ends_in(block: etree._Element, end: etree._Element) -> bool:
    return any(ancestor is block for ancestor in end.iterancestors())


class _Walk:
    """Yields lines; None where a page begins. `left_out` counts what is seen and not read."""

    def __init__(self, name: str, numbering: Numbering, *, rendered: bool) -> None:
        self.name = name
        self._numbering = numbering
        self.left_out: Counter[str] = Counter()
        self._page_break = "lastRenderedPageBreak" if rendered else "br"
        self._cells = 0

    def notes(self, root: etree._Element) -> Iterator[str]:
        """The lines of footnotes or endnotes."""
        for note in root:
            if attribute(note, "type") in {None, "normal"}:
                yield from (line for line in self.blocks(note) if line)

    def blocks(self, parent: etree._Element) -> Iterator[str | None]:
        """The lines of all blocks below an element."""
        for child in parent:
            yield from self.block(child)

    def block(self, element: etree._Element) -> Iterator[str | None]:
        """The lines of a paragraph, a table, or what holds such."""
        kind = local(element)
        if kind == "p":
            yield from self._paragraph(element)
        elif kind == "tbl":
            if element.find(".//{*}tbl") is None:
                yield from self._table(element)
            else:
                # A table that holds tables only lays out the page.
                for cell in element.iterfind("{*}tr/{*}tc"):
                    yield from self.blocks(cell)
        elif kind == "altChunk":
            self.left_out["embedded document"] += 1
        elif kind in _BLOCK_PARTS:
            yield from self.blocks(element)
        elif kind == "AlternateContent":
            yield from self.blocks(_first_choice(element))

    def _paragraph(self, element: etree._Element) -> Iterator[str | None]:
        boxes: list[etree._Element] = []
        label = self._numbering.label(element)
        pieces = "".join(self._inline(element, boxes))
        # Behind a break of the page, should the paragraph begin with one.
        before = len(pieces) - len(pieces.lstrip("\f"))
        if pieces.strip():
            pieces = pieces[:before] + label + pieces[before:]
        for number, text in enumerate(pieces.split("\f")):
            if number:
                yield None
            for line in text.split("\n"):
                if line.strip():
                    yield "\t".join(folded(cell) for cell in line.split("\t"))
        for box in boxes:
            yield from self.blocks(box)

    def _inline(self, element: etree._Element, boxes: list[etree._Element]) -> Iterator[str]:
        """The text of a paragraph, "\\f" where a page begins; text boxes anchored in it are put into `boxes`."""
        for child in element:
            kind = local(child)
            if kind == "r":
                if not _is_hidden(child):
                    yield from self._run(child, boxes)
            elif kind in _PARAGRAPH_PARTS:
                yield from self._inline(child, boxes)
            elif kind == "AlternateContent":
                yield from self._inline(_first_choice(child), boxes)
            elif kind in {"oMath", "oMathPara"}:
                yield "".join(text.text or "" for text in child.iter("{*}t"))

    def _run(self, run: etree._Element, boxes: list[etree._Element]) -> Iterator[str]:
        for child in run:
            kind = local(child)
            if kind == "t":
                yield (child.text or "").replace("\f", " ")
            elif kind == self._page_break and (kind != "br" or attribute(child, "type") == "page"):
                yield "\f"
            elif kind == "br":
                yield "\n" if attribute(child, "type") in {None, "textWrapping"} else ""
            elif kind == "AlternateContent":
                yield from self._run(_first_choice(child), boxes)
            elif kind in {"drawing", "pict", "object"}:
                self._drawn(child, boxes)
            elif kind == "ruby":
                for base in child.iterfind("{*}rubyBase"):
                    yield from self._inline(base, boxes)
            elif kind in _TEXT:
                yield _TEXT[kind]

    def _drawn(self, element: etree._Element, boxes: list[etree._Element]) -> None:
        found = list(element.iter("{*}txbxContent"))
        boxes += found
        pictures = sum(1 for _ in element.iter("{*}blip", "{*}imagedata"))
        if pictures:
            self.left_out["picture"] += pictures
        elif not found:
            self.left_out["drawing"] += 1

    def _table(self, table: etree._Element) -> Iterator[str | None]:
        """One line a row; a table begins and ends with a blank line."""
        yield ""
        rows = [self._row(row) for row in table.iter("{*}tr") if not _is_gone(row, "trPr")]
        width = max((len(cells) for _, cells, _ in rows), default=0)
        if width * len(rows) > MOST_CELLS:
            raise self._too_large()
        for new_page, cells, whole in rows:
            if new_page:
                yield None
            filled = [cell for cell in cells if cell]
            alone = whole and len(filled) == 1 and len(cells) == width
            yield filled[0] if alone else "\t".join([*cells, *[""] * (width - len(cells))])
        yield ""

    def _row(self, row: etree._Element) -> tuple[bool, list[str], bool]:
        """Whether the row begins a page, its cells in the grid, and whether one cell is all of it."""
        cells = [""] * _count(row, "trPr", "gridBefore", 0)
        new_page, number = False, 0
        for cell in row.iter("{*}tc"):
            if _is_gone(cell, "tcPr"):
                continue
            number += 1
            across = max(1, _count(cell, "tcPr", "gridSpan", 1))
            lines = list(self.blocks(cell))
            new_page = new_page or None in lines
            merged = cell.find("{*}tcPr/{*}vMerge")
            goes_on = merged is not None and attribute(merged, "val") in {None, "continue"}
            text = "" if goes_on else folded(" ".join(line for line in lines if line))
            cells += [text, *[""] * (across - 1)]
            self._cells += across
            if self._cells > MOST_CELLS:
                raise self._too_large()
        cells += [""] * _count(row, "trPr", "gridAfter", 0)
        return new_page, cells, number == 1

    def _too_large(self) -> TooLarge:
        return TooLarge(
            self.name, f"its tables have over {MOST_CELLS:,} cells", "split it into several files"
        )


def _first_choice(element: etree._Element) -> etree._Element:
    """What is to be shown of alternatives: the first that holds anything."""
    return next((child for child in element if len(child)), element[0] if len(element) else element)


def _is_gone(element: etree._Element, properties: str) -> bool:
    found = element.find(f"{{*}}{properties}")
    return found is not None and any(local(child) in _GONE for child in found)


def _is_hidden(run: etree._Element) -> bool:
    found = run.find("{*}rPr/{*}vanish")
    return found is not None and attribute(found, "val") not in {"0", "false"}


def _count(element: etree._Element, properties: str, name: str, default: int) -> int:
    found = element.find(f"{{*}}{properties}/{{*}}{name}")
    text = (attribute(found, "val") or "") if found is not None else ""
    return min(int(text), _WIDEST_SPAN) if text.isascii() and text.isdigit() and len(text) < 10 else default
