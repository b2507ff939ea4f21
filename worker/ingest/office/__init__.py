"""Workbooks and documents of office programs → Sections of text, tables with a tab between cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from worker.ingest.media import DOCX, ODS, XLS, XLSM, XLSX
from worker.ingest.messages import Section


def sections_of(data: bytes, name: str, media_type: str) -> Iterator[Section]:
    """What an office file shows, in its order. Raises InputError; anything else it raises means damage."""
    return _reader(media_type)(data, name)


def _reader(media_type: str) -> Callable[[bytes, str], Iterator[Section]]:
    # Each is imported only where it is needed: a child process starts for every file.
    if media_type in {XLSX, XLSM}:
        from worker.ingest.office.xlsx import sections_of_xlsx as reader
    elif media_type == XLS:
        from worker.ingest.office.xls import sections_of_xls as reader
    elif media_type == ODS:
        from worker.ingest.office.ods import sections_of_ods as reader
    elif media_type == DOCX:
        from worker.ingest.office.docx import sections_of_docx as reader
    else:
        raise ValueError(media_type)
    return reader
