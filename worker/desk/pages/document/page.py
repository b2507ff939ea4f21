"""The page of a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from anyio import to_thread
from nicegui import html, ui

from schemas import Finding
from worker.desk.pages.document.facts import MOST, Found
from worker.desk.pages.document.history import History
from worker.desk.pages.filters import address_of, query_of
from worker.desk.pages.frame import View
from worker.desk.pages.queue.rows import minutes
from worker.desk.pages.rows import Column, Row, Rows
from worker.desk.pages.text import Words
from worker.desk.pages.text.phrases import phrased
from worker.export.plain import as_printed
from worker.review import Filters
from worker.store.lines import TableLine

_EVERY_S = 4.0
_AT_WORK = {"queued", "reading", "concluding"}
_COLUMNS = (("table", 36), ("status", 13), ("checks", 17), ("why", 34))


class DocumentPage:
    """A document as one person looks at it."""

    def __init__(self, view: View, found: Found, query: Mapping[str, str]) -> None:
        self._view = view
        self._words = view.words
        self._found = found
        self._titles = {
            line.key: line.title or self._words.or_else(f"kind.{line.kind}", line.kind)
            for line in found.tables
        }
        with html.div() as self._root:
            self._head()
            self._facts()
            self._tables()
            self._unread()
            self._between()
            if found.line.status == "done" or found.events:
                History(view, found, self._titles, query)
        ui.context.client.on_connect(lambda: ui.run_javascript("queue.times()"))
        if found.line.status in _AT_WORK:
            ui.timer(_EVERY_S, self._poll, immediate=False)

    async def _poll(self) -> None:
        """A document that is being read shows what has become of it."""
        find = self._view.desk.store.listing.document
        line = await to_thread.run_sync(find, self._found.line.id)
        if line is None or Found(line, (), (), {}, (), (), ()).state != self._found.state:
            self._root.client.run_javascript("location.reload()")

    def _head(self) -> None:
        words, line = self._words, self._found.line
        with html.nav().classes("pages-crumbs") as nav:
            nav.props["aria-label"] = words("document.crumbs")
            html.a(words("documents.title")).classes("page-link").props('href="/documents"')
            html.span(f" / {line.name}")
        with html.div().classes("pages-head"):
            html.h1(self._found.title)
            state = "failed" if line.status == "failed" else "accepted" if line.status == "done" else ""
            html.span(words(f"documents.status.{line.status}")).classes(f"desk-status is-{state}")
            html.div().classes("desk-space")
            waiting = line.tables.get("review", 0) + line.tables.get("failed", 0)
            if waiting:
                link = html.a(words("document.review", count=waiting)).classes("desk-button desk-main-button")
                link.props["href"] = f"/{query_of(Filters(document=line.id))}"
                link.style("text-decoration: none")
        if line.error:
            html.p(line.error).classes("signin-problem")

    def _facts(self) -> None:
        words, found = self._words, self._found
        with html.dl().classes("pages-facts"):
            for name, said in _facts(found, words):
                with html.div():
                    html.dt(words(f"document.{name}"))
                    html.dd(said)
            if found.batches:
                with html.div():
                    html.dt(words("document.batch"))
                    with html.dd():
                        for number, batch in enumerate(found.batches):
                            html.span(", " if number else "")
                            link = html.a(batch).classes("page-link")
                            link.props["href"] = f"/{query_of(Filters(batch=batch, status='all'))}"
            with html.div():
                html.dt(words("document.touched"))
                with html.dd():
                    moment(found.line.touched_at)

    def _tables(self) -> None:
        words, found = self._words, self._found
        with html.section().classes("pages-section") as section:
            section.props["aria-label"] = words("document.tables")
            html.h2(words("document.tables"))
            if not found.tables:
                html.p(words("document.no_tables")).classes("desk-quiet")
                return
            rows = [self._row(line) for line in found.tables]
            columns = [Column(words(f"document.column.{name}"), width) for name, width in _COLUMNS]
            Rows(words("document.tables"), columns, _BODY).show(rows)
            if len(found.tables) == MOST:
                html.p(words("document.most", count=MOST)).classes("desk-quiet")

    def _row(self, line: TableLine) -> Row:
        words = self._words
        entry = self._found.reviews.get(line.key)
        kind = words.or_else(f"kind.{line.kind}", line.kind)
        held = ""
        if entry and entry.claimed_by and entry.claimed_until:
            held = words("queue.held", by=entry.claimed_by, count=minutes(entry.claimed_until))
        checked = line.passed or line.failed
        why = self._why(line.key) if line.status in {"review", "failed"} else []
        return {
            "id": line.key,
            "href": address_of(self._found.line.id, line.key, Filters()),
            "title": self._titles[line.key],
            "kind": f"{line.key} · {kind}" if line.title and line.title != kind else line.key,
            "status": words(f"status.{line.status}"),
            "state": line.status,
            "held": held,
            "holds": words("document.holds" if checked else "document.unchecked", count=line.passed),
            "fails": words("document.fails", count=line.failed) if line.failed else "",
            "why": "; ".join(why),
        }

    def _why(self, key: str) -> list[str]:
        entry = self._found.reviews.get(key)
        return [phrased(self._words.language, reason) for reason in entry.reasons] if entry else []

    def _unread(self) -> None:
        words, found = self._words, self._found
        unread = [line for line in found.tables if line.status == "failed"]
        if not (found.notes or unread or found.line.chunks_poisoned):
            return
        with _section(words("document.unread")), html.ul().classes("pages-list"):
            for line in unread:
                with html.li():
                    _link(self._titles[line.key], address_of(found.line.id, line.key, Filters()))
                    html.span("; ".join(self._why(line.key))).classes("desk-quiet")
            for note in found.notes:
                html.li(as_printed(note))
            if found.line.chunks_poisoned:
                html.li(words("document.given_up", count=found.line.chunks_poisoned))

    def _between(self) -> None:
        words, found = self._words, self._found
        if not found.between:
            return
        with _section(words("document.between")), html.ul().classes("pages-list"):
            for finding in found.between:
                with html.li():
                    html.span(phrased(words.language, as_printed(finding.statement)))
                    with html.span().classes("desk-quiet"):
                        self._sides(finding)

    def _sides(self, finding: Finding) -> None:
        words, found = self._words, self._found
        for number, key in enumerate(finding.tables):
            html.span(" · " if number else "")
            _link(self._titles.get(key, key), address_of(found.line.id, key, Filters()))
        if finding.verdict:
            html.span(" — " + words.or_else(f"verdict.{finding.verdict}", finding.verdict))


def _facts(found: Found, words: Words) -> Iterator[tuple[str, str]]:
    line = found.line
    yield "file", line.name
    yield "unit", line.unit_name or words("document.unknown")
    stage = words.or_else(f"stage.{line.stage}", line.stage or "")
    yield "year", " · ".join(filter(None, (str(line.year or ""), stage))) or words("document.unknown")
    yield "pages", f"{line.pages:,}"
    readers = sorted({table.reader for table in found.tables if table.reader})
    yield "readers", ", ".join(readers) or words("document.unknown")
    told = [words(f"document.count.{status}", count=count) for status, count in line.tables.items()]
    yield "tables", " · ".join(told) or "0"


def moment(at: Any) -> None:
    """A time: in UTC, until the browser has made it that of whoever looks."""
    html.time(f"{at:%Y-%m-%d %H:%M} UTC").props["datetime"] = at.isoformat()


def _section(title: str) -> Any:
    section = html.section().classes("pages-section")
    section.props["aria-label"] = title
    with section:
        html.h2(title)
    return section


def _link(said: str, address: str) -> None:
    html.a(said).classes("page-link").props["href"] = address


_BODY = """
<tr>
  <td>
    <a class="rows-open" :href="row.href">{{ row.title }}</a>
    <span class="rows-under">{{ row.kind }}</span>
  </td>
  <td>
    <span :class="['desk-status', 'is-' + row.state]">{{ row.status }}</span>
    <span class="rows-under">{{ row.held }}</span>
  </td>
  <td>
    <span class="rows-fails">{{ row.fails }}</span>
    <span class="rows-under">{{ row.holds }}</span>
  </td>
  <td><span class="rows-two queue-quiet" :title="row.why">{{ row.why }}</span></td>
</tr>
"""
