"""Why a queue is empty, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from nicegui import html, ui

from worker.desk.pages.desk import Desk
from worker.desk.pages.text import Words
from worker.review import Filters

_AT_WORK = ("queued", "reading", "concluding")


class Nothing(NamedTuple):
    """`reason`: "filters" (nothing fits them), "documents" (there are none), "reading" (they are being read), "done".

    `accepted` and `corrected` count tables of the whole desk.
    """

    reason: str
    accepted: int = 0
    corrected: int = 0

    def show(self, words: Words, *, may_upload: bool) -> None:
        """Say it."""
        icons = {
            "filters": "filter_alt_off",
            "documents": "upload_file",
            "reading": "hourglass_top",
            "done": "task_alt",
        }
        good = " is-good" if self.reason == "done" else ""
        with html.div().classes(f"queue-empty{good}"):
            ui.icon(icons[self.reason]).props('aria-hidden="true"')
            html.h2(words(f"queue.empty.{self.reason}"))
            counts = {"accepted": f"{self.accepted:,}", "corrected": f"{self.corrected:,}"}
            html.p(words(f"queue.empty.{self.reason}.about", **counts))
            if self.reason == "documents":
                html.code("gouji submit FOLDER --batch NAME")
            with html.p().classes("queue-empty-links"):
                if self.reason == "filters":
                    link = html.a(words("queue.clear")).classes("page-link").props('href="/"')
                    link.props["data-act"] = "filter"
                elif self.reason == "documents" and may_upload:
                    html.a(words("queue.empty.upload")).classes("page-link").props('href="/upload"')
                elif self.reason != "documents":
                    html.a(words("queue.empty.look")).classes("page-link").props('href="/documents"')


def nothing(desk: Desk, filters: Filters) -> Nothing:
    """Why there is nothing that fits the filters."""
    if filters != Filters():
        return Nothing("filters")
    listing = desk.store.listing
    if not listing.documents(1):
        return Nothing("documents")
    if any(listing.documents(1, status=status) for status in _AT_WORK):
        return Nothing("reading")
    tables = desk.review.overview().tables
    return Nothing("done", tables.get("accepted", 0), tables.get("corrected", 0))
