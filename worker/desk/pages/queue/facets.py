"""The filters beside the queue: every value with its count, each a link that can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from nicegui import html

from worker.desk.pages.filters import query_of
from worker.desk.pages.text import Words
from worker.review import Counts, Filters
from worker.users import User

_REASONS = ("unread", "contradiction", "between", "unsupported", "unexplained", "doubtful", "audit")
_SETTLED = ("accepted", "corrected", "rejected")
_SHOWN = 6


class Value(NamedTuple):
    """A value to filter by: its name in the group, its label, how many there are, and the query that it leads to."""

    name: str
    label: str
    number: int
    chosen: bool
    query: str


class Group(NamedTuple):
    """The values of one filter."""

    name: str
    values: tuple[Value, ...]


def groups(filters: Filters, counts: Counts, user: User, words: Words) -> Iterator[Group]:
    """The filters with their counts; choosing what is chosen takes the filter away."""
    yield Group("status", tuple(_status(filters, counts, words)))
    yield Group("holder", tuple(_holder(filters, counts, user, words)))
    reasons = {name: counts.reason[name] for name in _REASONS if name in counts.reason}
    yield _of("reason", reasons, filters, lambda name: words.or_else(f"reason.{name}", name))
    yield _of("kind", counts.kind, filters, lambda name: words.or_else(f"kind.{name}", name))
    yield _of("unit_name", counts.unit_name, filters, str)
    documents = {str(number): count for number, (_, count) in counts.document.items()}
    names = {str(number): name for number, (name, _) in counts.document.items()}
    yield _of("document", documents, filters, lambda name: names.get(name, f"#{name}"))
    yield _of("batch", counts.batch, filters, str)


def _status(filters: Filters, counts: Counts, words: Words) -> Iterator[Value]:
    by = counts.status
    waiting = by.get("review", 0) + by.get("failed", 0)
    for name, count in (
        ("open", waiting),
        # Alone it says nothing that "open" does not.
        ("review", by.get("review", 0) if by.get("failed") else 0),
        ("failed", by.get("failed", 0)),
        *((name, by.get(name, 0)) for name in _SETTLED),
        ("all", sum(by.values())),
    ):
        chosen = filters.status == name
        if count or chosen or name == "open":
            query = query_of(replace(filters, status=name))
            yield Value(name, words(f"queue.status.{name}"), count, chosen, query)


def _holder(filters: Filters, counts: Counts, user: User, words: Words) -> Iterator[Value]:
    everyone = replace(filters, mine=None, free=False)
    for name, count, given in (
        ("anyone", counts.free + sum(counts.held.values()), everyone),
        ("free", counts.free, replace(everyone, free=True)),
        ("mine", counts.held.get(user.id, 0), replace(everyone, mine=user.id)),
    ):
        chosen = (filters.free, filters.mine) == (given.free, given.mine)
        yield Value(name, words(f"queue.holder.{name}"), count, chosen, query_of(given))


def _of(name: str, counted: Mapping[str, int], filters: Filters, label: Callable[[str], str]) -> Group:
    now = getattr(filters, name)
    chosen = "" if now is None else str(now)
    found = {value: number for value, number in counted.items() if value}
    if chosen:
        found = {chosen: found.pop(chosen, 0), **found}
    values = []
    for value, number in found.items():
        then: dict[str, Any] = {name: None if value == chosen else _typed(name, value)}
        query = query_of(replace(filters, **then))
        values.append(Value(value, label(value), number, value == chosen, query))
    return Group(name, tuple(values))


def _typed(name: str, value: str) -> str | int:
    return int(value) if name == "document" else value


class Facets:
    """The filters as they are shown. What is looked at stays where it is while counts change."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._known: dict[tuple[str, str], tuple[str, bool, str]] = {}
        self._counts: dict[tuple[str, str], Any] = {}
        with html.section().classes("queue-facets desk-scroll") as section:
            section.props["aria-label"] = words("queue.filters")
            self._box = html.div()

    def show(self, found: Iterable[Group], *, narrowed: bool) -> None:
        """Show filters; `narrowed`: some are in force and can be taken away."""
        kept = [group for group in found if group.values]
        known = {
            (group.name, value.name): (value.label, value.chosen, value.query)
            for group in kept
            for value in group.values
        }
        if known != self._known:
            self._known = known
            self._build(kept, narrowed=narrowed)
            return
        for group in kept:
            for value in group.values:
                element = self._counts[group.name, value.name]
                if element._text != (said := f"{value.number:,}"):
                    element._text = said
                    element.update()

    def _build(self, found: Iterable[Group], *, narrowed: bool) -> None:
        words = self._words
        self._box.clear()
        self._counts.clear()
        with self._box:
            with html.div().classes("queue-facets-head"):
                html.h2(words("queue.filters")).classes("desk-h2")
                if narrowed:
                    clear = html.a(words("queue.clear")).classes("page-link desk-quiet").props('href="/"')
                    clear.props["data-act"] = "filter"
            for group in found:
                html.h3(words(f"queue.filter.{group.name}"))
                self._values(group, group.values[:_SHOWN])
                if rest := group.values[_SHOWN:]:
                    with html.details():
                        html.summary(words("queue.more_values", count=len(rest)))
                        self._values(group, rest)

    def _values(self, group: Group, values: Iterable[Value]) -> None:
        with html.ul():
            for value in values:
                with html.li(), html.a().classes("queue-value") as link:
                    link.props.update(
                        {
                            "href": f"/{value.query}",
                            "data-act": "filter",
                            "data-value": f"{group.name}:{value.name}",
                            "title": value.label,
                        }
                    )
                    if value.chosen:
                        link.props["aria-current"] = "true"
                    html.span(value.label).classes("queue-value-label")
                    self._counts[group.name, value.name] = html.span(f"{value.number:,}").classes(
                        "queue-value-count"
                    )
