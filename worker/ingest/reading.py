"""bytes → Document: text is decoded here, everything else parsed in a child process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from schemas import Document, EmptyInput, Unreadable
from worker.ingest.apart import Lost, ask
from worker.ingest.cache import PageCache
from worker.ingest.decode import decode
from worker.ingest.files import File, check, open_file
from worker.ingest.media import CSV, HTML, OFFICE, PAGED, TSV, ending_of, media_type_of
from worker.ingest.messages import Opened, Refused, Request, Section, Turned, unread_sheet
from worker.ingest.page import Sheet
from worker.ingest.pages import page_starts
from worker.ingest.separated import delimiter_of, one_record_a_line
from worker.limits import Limits

Report = Callable[[int, int], None]
"""Called with the pages done and all pages of a file."""

_TRIES = 2
_MOST_LOST = 5
_CHECK = "check that the right file was given"
_SAVE_AGAIN = "save it again from the program that made it"


def load(
    source: Path | File,
    limits: Limits | None = None,
    *,
    cache: Path | None = None,
    progress: Report | None = None,
) -> Document:
    """The document in a file. Every newline is "\\n" in its text; a byte order mark is no part of it.

    `cache` is a folder that keeps pages as they are read; `progress` is called after each. Pages that could not
    be read say why, as do `notes` of what was left out. Raises InputError: EmptyInput, Unreadable (damaged, of
    unknown encoding, not what its ending says, no page readable), TooLarge, Unsupported (no such ending, no
    regular file, encrypted).
    """
    limits = limits or Limits()
    file = source if isinstance(source, File) else open_file(source, max_bytes=limits.max_bytes)
    check(file.name, file.place, len(file.data), limits.max_bytes)
    media_type = media_type_of(ending_of(file.name), file.data, file.place)
    if media_type in PAGED:
        return _pages(file, media_type, limits, cache, progress)
    document = _office(file, media_type, limits) if media_type in OFFICE else _text(file, media_type, limits)
    if not document.text.strip():
        told = "; ".join(document.notes)
        raise EmptyInput(file.place, f"holds no text ({told})" if told else "holds no text", _CHECK)
    return document


def _text(file: File, media_type: str, limits: Limits) -> Document:
    text, encoding = decode(file.data, file.place)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = None
    if media_type == HTML:
        [section] = _sections(file, media_type, limits, text.encode())
        text = section.text
    elif media_type in {CSV, TSV}:
        delimiter = delimiter_of(text, preferred="\t" if media_type == TSV else ",")
        text = one_record_a_line(text, delimiter)
    return Document(
        name=file.name,
        sha256=file.sha256,
        text=text,
        page_starts=page_starts(text),
        media_type=media_type,
        encoding=encoding,
        delimiter=delimiter,
    )


def _office(file: File, media_type: str, limits: Limits) -> Document:
    """Each section that holds text is a page."""
    sections = _sections(file, media_type, limits, file.data)
    starts, at = [], 0
    for section in sections:
        if section.text:
            starts.append(at)
        at += len(section.text)
    return Document(
        name=file.name,
        sha256=file.sha256,
        text="".join(section.text for section in sections),
        page_starts=tuple(starts) or (0,),
        media_type=media_type,
        notes=tuple(note for section in sections for note in section.notes),
    )


def _sections(file: File, media_type: str, limits: Limits, data: bytes) -> list[Section]:
    request = Request(task="text", name=file.place, media_type=media_type, size=len(data), limits=limits)
    found: list[Section] = []
    try:
        for reply in ask(request, data):
            if isinstance(reply, Refused):
                raise reply.error_for(file.place)
            if isinstance(reply, Section):
                found.append(reply)
    except Lost as lost:
        raise Unreadable(file.place, str(lost), _SAVE_AGAIN) from None
    return found


def _pages(
    file: File, media_type: str, limits: Limits, cache: Path | None, progress: Report | None
) -> Document:
    from worker.ingest.compose import compose

    reader = _Pages(file, media_type, limits, PageCache(cache, file.sha256, limits) if cache else None)
    sheets = reader.read(progress or (lambda _done, _total: None))
    document = compose(sheets, name=file.name, sha256=file.sha256, media_type=media_type)
    if document.text.strip():
        return document
    problem = next((page.problem for page in document.pages if page.problem), "")
    if problem:
        raise Unreadable(file.place, f"none of its {len(sheets)} pages could be read", problem)
    raise EmptyInput(file.place, "holds no text", _CHECK)


class _Pages:
    """Reads the pages of a file, a new child after each that was lost."""

    def __init__(self, file: File, media_type: str, limits: Limits, cache: PageCache | None) -> None:
        self.file = file
        self.cache = cache
        self.limits = limits
        self.total, self.sheets = cache.load() if cache else (None, {})
        self.lost: Counter[int] = Counter()
        self.request = Request(
            task="sheets", name=file.place, media_type=media_type, size=len(file.data), limits=limits
        )

    def read(self, progress: Report) -> list[Sheet]:
        """All pages in order."""
        if self.total is not None and self.total > self.limits.max_pages:
            self.total, self.sheets = None, {}
        while missing := self._missing():
            try:
                self._ask(missing, progress)
            except Lost as lost:
                self._note(missing, lost)
        assert self.total is not None  # noqa: S101 - else the first page is missing
        return [self.sheets[number] for number in range(1, self.total + 1)]

    def _missing(self) -> list[int]:
        """The pages that are still to be read; the first stands for all while it is not known how many there are."""
        if self.total is None:
            return [1]
        return [number for number in range(1, self.total + 1) if number not in self.sheets]

    def _ask(self, missing: list[int], progress: Report) -> None:
        wanted = tuple(missing) if self.total is not None else None
        expected = list(missing)
        for reply in ask(self.request.model_copy(update={"pages": wanted}), self.file.data):
            if isinstance(reply, Refused):
                raise reply.error_for(self.file.place)
            if isinstance(reply, Opened) and self.total is None and 0 < reply.pages <= self.limits.max_pages:
                self.total = reply.pages
                expected = self._missing()
                progress(0, self.total)
                if self.cache:
                    self.cache.put_total(reply.pages)
            elif isinstance(reply, Turned) and self.total and expected and reply.number == expected.pop(0):
                self.sheets[reply.number] = reply.sheet
                if self.cache and not reply.sheet.page.problem:
                    self.cache.put(reply.number, reply.sheet)
                progress(len(self.sheets), self.total)
        if self.total is None:
            raise EmptyInput(self.file.place, "has no pages", _CHECK)
        if expected:
            raise Lost("ends before its last page")

    def _note(self, missing: list[int], lost: Lost) -> None:
        """What is missing first was being read: it gets another try, then the pages after it have their turn."""
        at = (self._missing() or missing)[0]
        self.lost[at] += 1
        if self.lost[at] < _TRIES:
            return
        if self.total is None:
            raise Unreadable(self.file.place, str(lost), _SAVE_AGAIN) from None
        self.sheets[at] = unread_sheet(str(lost))
        if sum(times >= _TRIES for times in self.lost.values()) >= _MOST_LOST:
            given_up = unread_sheet(f"not tried after {_MOST_LOST} pages were lost, the last one {lost}")
            self.sheets.update(dict.fromkeys(self._missing(), given_up))
