"""Identities between tables and in prose, checked anew only where their rows are not what they were."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from schemas import Finding
from schemas.findings import Identity
from schemas.tables import CellRef
from worker.reconcile.engine import check
from worker.reconcile.grid import Grid
from worker.reconcile.memo import Memo
from worker.reconcile.picking import Book

_Name = tuple[str, tuple[CellRef, ...]]
T = TypeVar("T")


class _Kept(NamedTuple):
    grids: Mapping[str, Grid]
    found: list[tuple[Identity, Finding]]


class _Bound(NamedTuple, Generic[T]):
    kinds: tuple[str, ...]
    seen: tuple[object, ...]
    found: T


def checked_again(
    work: str, identities: Iterable[Identity], book: Book, memo: Memo
) -> list[tuple[Identity, Finding]]:
    """Identities with what came of them; findings over rows that are as they were are the same objects."""

    def made(before: _Kept | None) -> _Kept:
        known = {_name(identity): (identity, finding) for identity, finding in before.found} if before else {}
        same = _same_rows(book, before.grids) if before else {}
        found = []
        for identity in identities:
            kept = known.get(_name(identity))
            if (
                kept is not None
                and all(term.ref.row in same.get(term.ref.table, ()) for term in identity.terms)
                and kept[0] == identity
            ):
                found.append((identity, kept[1]))
            else:
                found.append((identity, check(identity, book.tables)))
        return _Kept(book.grids, found)

    return memo.after(work, tuple(book.grids.values()), made).found


def bound_again(work: str, grid: Grid, book: Book, memo: Memo, make: Callable[[], T]) -> T:
    """What a table, and those of the kinds that `make` asks the book for, bring; made anew only where one of these is
    another now."""

    def made() -> _Bound[T]:
        book.asked.clear()
        found = make()
        kinds = tuple(sorted(book.asked))
        return _Bound(kinds, _looked_at(book, kinds), found)

    return memo.while_true(work, (grid,), lambda kept: kept.seen == _looked_at(book, kept.kinds), made).found


def _looked_at(book: Book, kinds: Collection[str]) -> tuple[object, ...]:
    grids = [grid for grid in book.grids.values() if grid.table.kind in kinds]
    return book.stage, book.year, grids


def _name(identity: Identity) -> _Name:
    """What tells identities apart but for a few; factors take long to hash."""
    return identity.statement, tuple(term.ref for term in identity.terms)


def _same_rows(book: Book, before: Mapping[str, Grid]) -> dict[str, range | set[int]]:
    return {
        key: range(len(grid.rows)) if grid is before[key] else grid.same_rows(before[key])
        for key, grid in book.grids.items()
        if key in before
    }
