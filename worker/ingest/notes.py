"""What of a document was not read, in words."""

from __future__ import annotations

from itertools import groupby

from schemas import Document


def unread_pages(document: Document) -> tuple[int, ...]:
    """The 1-based pages of which nothing could be read."""
    return tuple(
        number
        for number, page in enumerate(document.pages, start=1)
        if page.source == "none" and page.problem
    )


def notes_of(document: Document) -> tuple[str, ...]:
    """The problems of pages, pages in a row with the same one together, and what else was left out."""
    told = []
    for problem, group in groupby(enumerate(document.pages, start=1), key=lambda item: item[1].problem):
        numbers = [number for number, _ in group]
        if problem:
            which = f"page {numbers[0]}" if len(numbers) == 1 else f"pages {numbers[0]}–{numbers[-1]}"
            told.append(f"{which}: {problem}")
    return (*told, *document.notes)
