"""Office files that are ZIP archives of XML: opened within limits, nothing in them followed out of the file."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from schemas import TooLarge, Unreadable, Unsupported

_MOST_PARTS = 20_000
_MOST_BYTES = 1_000_000_000
_MOST_RATIO = 250
_SMALL = 10_000_000
_HIGHEST_TREE = 200_000_000
SAVE_AGAIN = "save it again from the program that made it"


class Relation(NamedTuple):
    """What a part refers to: the last word of the relation's type, its target, and whether that lies outside."""

    type: str
    target: str
    external: bool


class Package:
    """An office file. Raises Unreadable if it is no sound archive, TooLarge for what would unpack to too much."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
            raise self.damaged(str(error)) from None
        entries = self._zip.infolist()
        self._parts = {_plain(entry.filename): entry for entry in entries}
        size, packed = sum(x.file_size for x in entries), sum(x.compress_size for x in entries)
        if len(entries) > _MOST_PARTS:
            raise TooLarge(name, f"holds {len(entries):,} parts, the limit is {_MOST_PARTS:,}", SAVE_AGAIN)
        # What several entries share counts once in the file, and each time when it is unpacked.
        swollen = size > _SMALL and size > _MOST_RATIO * min(packed, len(data))
        if size > _MOST_BYTES or swollen:
            raise TooLarge(name, f"unpacks from {len(data):,} to {size:,} bytes", SAVE_AGAIN)
        if any(entry.flag_bits & 1 for entry in entries):
            raise Unsupported(name, "is encrypted", "save it without a password")

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return _plain(part) in self._parts

    def names(self, start: str) -> list[str]:
        """The parts whose names begin so."""
        return [entry.filename for plain, entry in self._parts.items() if plain.startswith(start)]

    def read(self, part: str) -> bytes:
        """A part. Raises Unreadable if it is not there or is damaged."""
        entry = self._parts.get(_plain(part))
        if entry is None:
            raise self.damaged(f"its part {part} is missing")
        if entry.file_size > _HIGHEST_TREE:
            raise TooLarge(
                self.name, f"its part {part} has {entry.file_size:,} bytes", "split it into several files"
            )
        try:
            return self._zip.read(entry)
        except (
            zipfile.BadZipFile,
            ValueError,
            NotImplementedError,
            EOFError,
            RuntimeError,
            OSError,
        ) as error:
            raise self.damaged(f"{part}: {error}") from None
        except Exception as error:
            # Each way of packing has its own errors.
            raise self.damaged(f"{part}: {error}") from None

    def tree(self, part: str) -> etree._Element:
        """A part as a tree of XML. Raises Unreadable."""
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            root = etree.fromstring(self.read(part), parser)
        except etree.XMLSyntaxError as error:
            raise self.damaged(f"{part}: {error.msg}") from None
        self._no_doctype(root, part)
        return root

    def elements(self, part: str, *names: str) -> Iterator[etree._Element]:
        """Elements of these names (without namespaces) as they end; each is emptied after its turn."""
        try:
            found = etree.iterparse(
                io.BytesIO(self.read(part)),
                events=("end",),
                tag=[f"{{*}}{name}" for name in names],
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                remove_comments=True,
                remove_pis=True,
            )
            first = True
            for _, element in found:
                if first:
                    self._no_doctype(element, part)
                    first = False
                yield element
                element.clear(keep_tail=True)
                # Emptied siblings would still add up.
                parent = element.getparent()
                while parent is not None and (before := element.getprevious()) is not None:
                    parent.remove(before)
        except etree.XMLSyntaxError as error:
            raise self.damaged(f"{part}: {error.msg}") from None

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part ("" for the file) refers to, by id; targets are full names of parts."""
        folder, base = posixpath.split(part)
        place = posixpath.join(folder, "_rels", f"{base}.rels")
        if not self.has(place):
            return {}
        found = {}
        for item in self.tree(place).iter("{*}Relationship"):
            external = item.get("TargetMode") == "External"
            target = item.get("Target", "")
            full = target if external else posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = item.get("Type", "").rpartition("/")[2]
            found[item.get("Id", "")] = Relation(kind, full, external)
        return found

    def damaged(self, what: str) -> Unreadable:
        """The error for a file that is not what it should be."""
        return Unreadable(self.name, f"is damaged ({what.strip() or 'no archive'})", SAVE_AGAIN)

    def _no_doctype(self, element: etree._Element, part: str) -> None:
        # Entities are declared there, and office files have none.
        if element.getroottree().docinfo.internalDTD is not None:
            raise self.damaged(f"{part} declares a document type")


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def attribute(element: etree._Element, name: str) -> str | None:
    """An attribute by its name without namespace."""
    for key, value in element.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def _plain(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()
