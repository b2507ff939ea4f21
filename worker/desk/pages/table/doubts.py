"""What does not add up, and what would set it right: suspects by number, identities with both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import html, ui

from schemas import CellRef
from worker.desk.pages.table.figures import Spot, apart, decimals_of, grouped, spot_of
from worker.desk.pages.table.naming import Naming
from worker.desk.pages.text import Words
from worker.review import Change, IdentityView, MoveCells, Proposal, SetCell, SuspectCell, TableView

_MOST_KEYS = 9
_MOST = 24


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that may be wrong, and why. `change` would set it right; None: no value is known that would.

    `table` is the table it is in, where that is another one: it is set right there.
    """

    words: str
    told: tuple[str, ...]
    closes: int
    cells: tuple[CellRef, ...]
    change: Change | None = None
    table: str = ""


def doubts_of(table: TableView, words: Words, naming: Naming) -> list[Doubt]:
    """All that is suspected of a table, what closes most first; each change once."""
    changes: dict[str, Doubt] = {}
    bare: dict[CellRef, Doubt] = {}
    for proposal in table.proposals:
        changes.setdefault(repr(proposal.change), _moved(proposal))
    for identity in table.identities:
        for suspect in identity.suspects if identity.status == "failed" else ():
            spot = spot_of(table, suspect.cell)
            for proposal in suspect.proposals if spot else ():
                changes.setdefault(_key(proposal), _proposed(proposal, suspect, table, naming))
            if not (spot and suspect.proposals):
                bare.setdefault(suspect.cell, _bare(suspect, table, words, naming))
    found = sorted(changes.values(), key=lambda each: -each.closes)
    known = {cell for each in found for cell in each.cells}
    return (found + [each for cell, each in bare.items() if cell not in known])[:_MOST]


def _key(proposal: Proposal) -> str:
    change = proposal.change
    # Two identities may propose one figure for different reasons.
    return repr((change.row, change.column, change.typed)) if isinstance(change, SetCell) else repr(change)


def _moved(proposal: Proposal) -> Doubt:
    change = proposal.change
    cells: tuple[CellRef, ...] = ()
    if isinstance(change, MoveCells):
        cells = tuple(dict.fromkeys(ref for move in change.moves for ref in (move.source, move.target)))
    return Doubt(proposal.words, (), len(proposal.closes), cells, change)


def _proposed(proposal: Proposal, suspect: SuspectCell, table: TableView, naming: Naming) -> Doubt:
    change, spot = proposal.change, spot_of(table, suspect.cell)
    if not isinstance(change, SetCell) or spot is None:
        return _moved(proposal)
    said = f"{naming.where(table, spot)}: {apart(suspect.printed, change.typed)}"
    told = (*proposal.evidence, *suspect.reason.split("; "))
    return Doubt(said, tuple(dict.fromkeys(told)), len(proposal.closes), (suspect.cell,), change)


def _bare(suspect: SuspectCell, table: TableView, words: Words, naming: Naming) -> Doubt:
    spot = spot_of(table, suspect.cell)
    told = tuple(filter(None, (suspect.reason, suspect.closing)))
    if spot:
        return Doubt(f"{naming.where(table, spot)}: {suspect.printed or '∅'}", told, 0, (suspect.cell,))
    titles = {each.table: each.title for each in table.siblings}
    key = suspect.cell.table
    place = suspect.where.removeprefix(key).strip()
    said = f"{place}: {suspect.printed or '∅'} {words('doubts.in_table', title=titles.get(key, key))}"
    elsewhere = key if key != table.table else ""
    return Doubt(said, told, 0, (suspect.cell,), table=elsewhere)


class Doubts:
    """The pane under the grid: suspects at the left, identities at the right."""

    def __init__(
        self,
        table: TableView,
        words: Words,
        naming: Naming,
        *,
        may: bool,
        on_doubt: Callable[[Doubt], Any],
        on_identity: Callable[[IdentityView], Any],
    ) -> None:
        self._words = words
        self._naming = naming
        self._may = may
        self._on_doubt = on_doubt
        self._on_identity = on_identity
        self._table = table
        self._spot: Spot | None = None
        self._all = False
        self._cards: dict[int, Any] = {}
        self._doubts: dict[str, Doubt] = {}
        self._names: dict[str, str] = {}
        with html.section().classes("desk-suspects") as section:
            section.props["aria-label"] = words("doubts.title")
            self._suspects = html.div().classes("desk-scroll").props('tabindex="-1"')
        with html.section().classes("desk-identities") as section:
            section.props["aria-label"] = words("identities.title")
            self._identities = html.div().classes("desk-scroll").props('tabindex="0" role="group"')
            self._identities.props["aria-label"] = words("identities.title")
        self.show(table)

    def show(self, table: TableView) -> None:
        """The pane for another state of the table."""
        self._table = table
        self._doubts = {self._name(doubt): doubt for doubt in doubts_of(table, self._words, self._naming)}
        self._suspects.clear()
        with self._suspects:
            self._list_suspects()
        self._list_identities()

    def named(self, name: str) -> Doubt | None:
        """The doubt that goes by a name on the page; None once it is settled."""
        return self._doubts.get(name)

    def _name(self, doubt: Doubt) -> str:
        # Numbers shift while a key is on its way; what was seen beside it does not.
        told = repr((doubt.change, doubt.cells, doubt.table))
        return self._names.setdefault(told, str(len(self._names)))

    def select(self, spot: Spot | None) -> None:
        """Show the identities of a cell beside those that fail."""
        if spot != self._spot:
            self._spot = spot
            self._list_identities()

    def toggle_all(self) -> None:
        """Show the identities that hold, or no longer."""
        self._all = not self._all
        self._list_identities()

    def light(self, ids: Iterable[int]) -> None:
        """Mark identities."""
        wanted = set(ids)
        for key, card in self._cards.items():
            card.classes(add="is-lit") if key in wanted else card.classes(remove="is-lit")

    def _list_suspects(self) -> None:
        words = self._words
        failing = sum(identity.status == "failed" for identity in self._table.identities)
        if not self._doubts:
            with html.div().classes("desk-nothing"):
                ui.icon("check_circle" if not failing else "help").props('aria-hidden="true"')
                html.p(words("doubts.none" if not failing else "doubts.no_way"))
            return
        html.h2(words("doubts.title")).classes("desk-h2")
        with html.ol().classes("desk-doubts"):
            for number, (name, doubt) in enumerate(self._doubts.items(), start=1):
                with html.li():
                    self._suspect(number, name, doubt)

    def _suspect(self, number: int, name: str, doubt: Doubt) -> None:
        words = self._words
        button = html.button().classes("desk-doubt").props(f'type="button" data-doubt="{name}"')
        if not (doubt.table or (self._may and doubt.change)):
            button.classes("desk-doubt-bare")
        with button:
            key = str(number) if doubt.change and number <= _MOST_KEYS else "·"
            html.kbd(key) if key != "·" else html.span(key).classes("desk-no-key")
            with html.span().classes("desk-doubt-words"):
                html.span(self._naming.said(doubt.words)).classes("desk-doubt-change")
                if doubt.told:
                    told = "; ".join(doubt.told)
                    html.span(self._naming.said(told)).classes("desk-quiet desk-doubt-why")
            if doubt.table:
                html.span(words("doubts.elsewhere")).classes("desk-elsewhere")
            if doubt.closes:
                html.span(words("doubts.closes", count=doubt.closes)).classes("desk-closes")
        button.on("focus", lambda: self._on_doubt(doubt))

    def _list_identities(self) -> None:
        words = self._words
        self._identities.clear()
        self._cards = {}
        groups = self._grouped()
        with self._identities:
            for title, identities in groups:
                html.h2(title).classes("desk-h2")
                for identity in identities:
                    self._identity(identity)
            holding = sum(identity.status == "passed" for identity in self._table.identities)
            told = words("identities.hide" if self._all else "identities.show", count=holding)
            if holding:
                more = html.button(told).classes("desk-link").props('type="button"')
                more.props["aria-expanded"] = "true" if self._all else "false"
                more.on("click", self.toggle_all)
            elif not groups:
                html.p(words("identities.none")).classes("desk-quiet")

    def _grouped(self) -> list[tuple[str, Sequence[IdentityView]]]:
        words, everything = self._words, self._table.identities
        failing = [identity for identity in everything if identity.status == "failed"]
        of_cell: list[IdentityView] = []
        if self._spot and 0 <= self._spot.column < len(self._table.columns):
            cell = self._table.rows[self._spot.row].cells[self._spot.column]
            wanted = set(cell.identities)
            of_cell = [each for each in everything if each.id in wanted and each.status != "failed"]
        groups: list[tuple[str, Sequence[IdentityView]]] = []
        if failing:
            groups.append((words("identities.failing", count=len(failing)), failing))
        if of_cell:
            groups.append((words("identities.of_cell", count=len(of_cell)), of_cell))
        if self._all:
            known = {each.id for each in (*failing, *of_cell)}
            rest = [each for each in everything if each.id not in known]
            groups.append((words("identities.rest", count=len(rest)), rest))
        return groups

    def _identity(self, identity: IdentityView) -> None:
        words = self._words
        card = html.button().classes(f"desk-identity is-{identity.status}").props('type="button"')
        self._cards[identity.id] = card
        with card:
            with html.span().classes("desk-identity-words"):
                mark = {"passed": "✓", "failed": "≠", "skipped": "–"}[identity.status]
                html.span(mark).classes("desk-mark").props('aria-hidden="true"')
                html.span(words(f"identity.{identity.status}")).classes("desk-unseen")
                html.span(self._said(identity))
            if identity.status == "failed":
                with html.span().classes("desk-sides"):
                    for part in self._sides(identity):
                        html.span(part)
        card.on("click", lambda: self._on_identity(identity))

    def _said(self, identity: IdentityView) -> str:
        said = identity.words.removeprefix(self._table.title).strip()
        # The difference stands below, with both sides.
        return self._naming.said(said.partition("; differs by ")[0] if identity.status == "failed" else said)

    def _sides(self, identity: IdentityView) -> Iterator[str]:
        words = self._words
        cells = (self._table.rows[spot.row].cells[spot.column] for spot in self._filled(identity))
        decimals = max(map(decimals_of, cells), default=0)
        for side in identity.sides:
            yield f"{self._naming.said(side.words)}: {grouped(side.figure, decimals)}"
        if identity.difference is not None:
            figure = f"{grouped(identity.difference, decimals)} {identity.unit}".strip()
            yield words("identities.difference", figure=figure)
        if identity.verdict:
            yield words(f"verdict.{identity.verdict}")

    def _filled(self, identity: IdentityView) -> Iterator[Spot]:
        return (spot for spot in spots_of(self._table, identity.cells) if spot.column >= 0)


def spots_of(table: TableView, cells: Iterable[CellRef]) -> list[Spot]:
    """Where cells stand in the grid of a table; those of other tables are left out."""
    return [spot for ref in cells if (spot := spot_of(table, ref))]
