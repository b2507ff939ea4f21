"""What speaks for a table and against it, counted: nothing here is anybody's opinion.

chunk, reading, findings ── weigh ──▶ Evidence ── features ──▶ whole numbers, for `worker.calibration`
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from statistics import median_low

from schemas import AnyTable, Chunk, Finding, Reading
from schemas.tables import CellRef
from worker.agreement import agreement, confirmed
from worker.crossed import Crossing, crossings
from worker.recognised import Doubt, doubts
from worker.reconcile import Blame

WHOLE = 10_000
"""Shares are whole numbers of ten-thousandths: no float decides on a verdict."""

PROSE = "narrative_facts"
# Remarks on names and codes go to a person with the findings; of themselves they reject nothing.
_REMARKS = {"lexicon.name", "lexicon.code_differs", "lexicon.project_name"}
_RULE = re.compile(r"[\t|]")
_CODE = re.compile(r"\d{3}(?:\d\d){0,2}")
_MANY = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one table.

    Identities by outcome, its own and those with other tables (`failures` are the findings that name it);
    `elsewhere` those that fail in the rest of the document, of `others`. `figures` counts its figures, `blind` are
    those without a passing identity, `thin` counts those with one alone; `supports` adds up over the figures how
    many passing identities hold each. `blind_spot` is relative to the median figure. `loose` are the numerals that
    nothing accounts for, of `numerals`; `invented` figures are no numeral, `doubled` numerals stand in several
    cells. `moved` cells were filled from another row, and no identity with another table holds them. `agreed` is the
    share of cells on which readers agree (None: there is one reader). `strange` counts
    figures in columns that the kind does not name, `guessed` rows with blank cells on a line without rules.
    `unanchored` figures stand in columns that no identity with another table touches, so that columns could be
    exchanged unseen; `loosened` are those of them in guessed rows; `crossed` columns are exchanged to the eye.
    `confirmed` are the blind figures that another reader took from the same place for the same cell. `split`,
    `scattered` and `beside` are traces of garbling: numerals with blanks inside, rows over several lines, rows that
    share a line. `unsure` are figures and codes that were recognised with a low score and that no sum holds.
    """

    kind: str
    reader: str
    layout: str
    own_passed: int
    cross_passed: int
    skipped: int
    failures: tuple[Finding, ...]
    elsewhere: int
    others: int
    figures: int
    blind: tuple[CellRef, ...]
    confirmed: frozenset[CellRef]
    thin: int
    supports: int
    blind_spot: Decimal | None
    loose: tuple[str, ...]
    numerals: int
    invented: tuple[CellRef, ...]
    doubled: tuple[str, ...]
    incomplete: int
    agreed: Decimal | None
    repairs: int
    moved: tuple[CellRef, ...]
    rows: int
    unnamed: tuple[int, ...]
    repeated: tuple[tuple[str, str, int], ...]
    strange: int
    guessed: int
    loosened: int
    unanchored: int
    crossed: tuple[Crossing, ...]
    split: int
    scattered: int
    beside: int
    coded: bool
    titled: bool
    unsure: tuple[Doubt, ...]

    @property
    def passed(self) -> int:
        """Identities that pass."""
        return self.own_passed + self.cross_passed

    @property
    def coverage(self) -> float:
        """The share of figures that a passing identity supports."""
        return 1 - len(self.blind) / self.figures if self.figures else 0.0

    @property
    def template(self) -> str:
        """What is calibrated apart: a family of kinds, and where figures stand in columns, the class of its layout."""
        family = _family(self.kind)
        return f"{family}, {self.layout}" if family in {"account", "generic"} else family

    @property
    def complete(self) -> bool:
        """Whether nothing of the table rests on its looks: every figure is supported, none stands in a column of
        no name, and no blank cell had to be guessed."""
        return bool(self.figures) and not (self.blind or self.strange or self.guessed)

    def features(self) -> dict[str, int]:
        """The evidence in whole numbers by the names of `FEATURES`."""
        return {name: count(self) for name, count in FEATURES.items()}


def weigh(
    chunk: Chunk,
    reading: Reading,
    readings: Sequence[Reading],
    findings: Sequence[Finding],
    blind_spot: Decimal | None = None,
    blame: Blame | None = None,
) -> Evidence:
    """The evidence on the table of `reading`, which stands among `readings` of the chunk.

    `findings` are those of the whole document, `blind_spot` that of the table in its unit. With the `blame` of the
    document, those findings are enough that name the table; `elsewhere` and `others` are left to the caller then.
    """
    table = reading.table
    counts = _Counts(chunk.id, table, findings, blame or Blame(findings))
    supports = [counts.supports[ref] for ref in counts.figures]
    rows = _Places(chunk, table)
    unanchored = [ref for ref in counts.figures if ref.column not in counts.anchored]
    held = Counter(
        cell.numeral for row in table.rows for _, cell in row.cells() if cell.amount and cell.numeral
    )
    agreed = agreement(readings, reading)
    blind = tuple(ref for ref in sorted(counts.figures) if not counts.supports[ref])
    return Evidence(
        kind=table.kind,
        reader=reading.reader,
        layout=rows.layout,
        own_passed=counts.own_passed,
        cross_passed=counts.cross_passed,
        skipped=counts.skipped,
        failures=tuple(counts.failures),
        elsewhere=counts.elsewhere,
        others=counts.others,
        figures=len(counts.figures),
        blind=blind,
        confirmed=confirmed(blind, reading, readings),
        thin=supports.count(1),
        supports=sum(supports),
        blind_spot=_relative(blind_spot, table, counts.figures),
        loose=tuple(unexplained(chunk, reading)),
        numerals=len(chunk.ledger),
        invented=tuple(
            CellRef(chunk.id, index, column)
            for index, row in enumerate(table.rows)
            for column, cell in row.cells()
            if cell.amount is not None and cell.numeral is None
        ),
        # A sentence may well say one figure of two things.
        doubled=() if chunk.role != "table" else tuple(key for key, times in held.items() if times > 1),
        incomplete=len(reading.incomplete),
        agreed=agreed,
        repairs=len(reading.repairs),
        moved=tuple(ref for ref in _moved(reading) if ref not in counts.tied),
        rows=len(table.rows),
        unnamed=tuple(
            index
            for index, row in enumerate(table.rows)
            if not row.name and not row.code and any(cell.amount for _, cell in row.cells())
        ),
        repeated=_repeated(table),
        strange=_strange(table),
        guessed=len(rows.guessed),
        loosened=sum(ref.row in rows.guessed for ref in unanchored),
        unanchored=len(unanchored),
        crossed=tuple(crossings(chunk, table)),
        split=sum(any(map(str.isspace, numeral.text)) for numeral in chunk.ledger),
        scattered=rows.scattered,
        beside=rows.beside,
        coded=any(row.code and _CODE.fullmatch(row.code) for row in table.rows),
        titled=bool(chunk.title),
        unsure=doubts(chunk, reading, findings),
    )


class _Counts:
    """What the findings of a document say of one table."""

    def __init__(self, table_id: str, table: AnyTable, findings: Sequence[Finding], blame: Blame) -> None:
        self.figures = set(_figures(table_id, table))
        self.supports = Counter(
            chain.from_iterable(
                finding.cells
                for finding in findings
                if finding.status == "passed" and table_id in finding.tables
            )
        )
        self.anchored: set[str] = set()
        self.tied: set[CellRef] = set()
        self.own_passed = self.cross_passed = self.skipped = self.elsewhere = self.others = 0
        self.failures: list[Finding] = []
        for finding in findings:
            if table_id not in finding.tables:
                self.others += 1
                self.elsewhere += finding.status == "failed"
                continue
            if finding.status == "passed" and len(finding.tables) > 1:
                self.tied.update(finding.cells)
                self.anchored.update(ref.column for ref in finding.cells if ref.table == table_id)
            # Prose is held against the tables, not the tables against prose.
            own = (
                finding.tables == (table_id,) or finding.scope == "cross_table" or table.kind == PROSE
            ) and finding.check not in _REMARKS
            if own:
                self._count(table_id, finding, blame)

    def _count(self, table_id: str, finding: Finding, blame: Blame) -> None:
        if finding.status == "skipped":
            self.skipped += 1
        elif finding.status == "passed" and len(finding.tables) == 1:
            self.own_passed += 1
        elif finding.status == "passed":
            self.cross_passed += 1
        elif finding.scope != "cross_table" or table_id in blame.of(finding):
            self.failures.append(finding)


def _moved(reading: Reading) -> Iterator[CellRef]:
    """The cells into whose row repairs put a figure from another one: sums hold in any row of their part."""
    for repair in reading.repairs:
        for source, target in repair.moves:
            if source.row != target.row and source.column not in {"code", "name"}:
                yield target


def _figures(table_id: str, table: AnyTable) -> Iterator[CellRef]:
    """The figures that must be supported: all but numbers in columns of text."""
    texts = {key for key, info in type(table).row_type().column_infos().items() if info.text}
    for index, row in enumerate(table.rows):
        for column, cell in row.cells():
            if cell.amount is not None and (column not in texts or row.side == "total"):
                yield CellRef(table_id, index, column)


def _relative(blind_spot: Decimal | None, table: AnyTable, figures: set[CellRef]) -> Decimal | None:
    """A blind spot over the median of the figures that are not zero."""
    amounts = [amount for ref in figures if (amount := table.rows[ref.row].figure(ref.column))]
    sizes = [abs(amount.value) for amount in amounts if amount.value]
    return blind_spot / median_low(sizes) if blind_spot is not None and sizes else None


def _strange(table: AnyTable) -> int:
    """Figures in columns that a kind with columns of its own does not name."""
    infos = type(table).row_type().column_infos()
    if not infos:
        return 0
    return sum(
        column not in infos for row in table.rows for column, cell in row.cells() if cell.amount is not None
    )


class _Places:
    """How the rows of a table lie on the lines of a chunk."""

    def __init__(self, chunk: Chunk, table: AnyTable) -> None:
        ruled = {
            chunk.first_line + at
            for at, (start, end) in enumerate(chunk.lines)
            if _RULE.search(chunk.slice(start, end)) or chunk.delimiter
        }
        self.guessed: set[int] = set()
        self.scattered = 0
        on_line: Counter[int] = Counter()
        for index, row in enumerate(table.rows):
            cells = [cell for _, cell in row.cells() if cell.amount]
            lines = {cell.span.line for cell in cells}
            on_line.update(lines)
            self.scattered += len(lines) > 1
            if 0 < len(cells) < len(table.columns) and not lines <= ruled:
                self.guessed.add(index)
        self.beside = sum(count for count in on_line.values() if count > 1)
        count = len(table.rows)
        if 2 * self.scattered > count:
            self.layout = "one cell a line"
        elif 2 * self.beside > count:
            self.layout = "side by side"
        else:
            self.layout = "ruled" if 2 * len(ruled & on_line.keys()) > len(on_line) else "blanks"


def _repeated(table: AnyTable) -> tuple[tuple[str, str, int], ...]:
    """Codes that stand more than once on one side: side, code and how often."""
    codes = Counter((row.side or "", row.code) for row in table.rows if row.code)
    return tuple((side, code, count) for (side, code), count in codes.items() if count > 1)


def unexplained(chunk: Chunk, reading: Reading) -> list[str]:
    """The numerals of a chunk that a reading does not account for, with their lines: they have no role, or are
    said to be cells and stand in none."""
    used = {cell.numeral for row in reading.table.rows for _, cell in row.cells()}
    return [
        f"{numeral.text} (line {numeral.span.line})"
        for numeral in chunk.ledger
        if numeral.id not in reading.roles or (reading.roles[numeral.id] == "cell" and numeral.id not in used)
    ]


def _mark(there: bool) -> int:
    return WHOLE if there else 0


def _share(part: int, whole: int) -> int:
    return WHOLE * part // whole if whole else 0


def _capped(ratio: Decimal | None) -> int:
    """A ratio in ten-thousandths, by its order of magnitude; one that is not known counts as whole."""
    return WHOLE if ratio is None else min(WHOLE, int(WHOLE * ratio))


def _family(kind: str) -> str:
    """Kinds that are built alike."""
    if kind in {PROSE, "generic"}:
        return {PROSE: "prose", "generic": "generic"}[kind]
    return "performance" if kind.startswith("performance") else "account"


# Shares are in ten-thousandths, marks 0 or 10,000; a number without a bound counts by its binary order of magnitude.
FEATURES: Mapping[str, Callable[[Evidence], int]] = {
    "own_failing": lambda e: _mark(any(each.scope != "cross_table" for each in e.failures)),
    "cross_failing": lambda e: _mark(any(each.scope == "cross_table" for each in e.failures)),
    "failed_share": lambda e: _share(len(e.failures), e.passed + len(e.failures)),
    "elsewhere": lambda e: _share(e.elsewhere, e.others),
    "unchecked": lambda e: _mark(not e.passed),
    "no_cross": lambda e: _mark(not e.cross_passed),
    "cross_support": lambda e: min(WHOLE, _share(e.cross_passed, e.figures)),
    "blind": lambda e: _mark(bool(e.blind)),
    "blind_share": lambda e: _share(len(e.blind), e.figures),
    "thin_share": lambda e: _share(e.thin, e.figures),
    "support": lambda e: min(WHOLE, _share(e.supports, _MANY * e.figures)),
    "blind_spot": lambda e: _capped(e.blind_spot),
    "loose": lambda e: _mark(bool(e.loose)),
    "loose_share": lambda e: _share(len(e.loose), e.numerals),
    "invented": lambda e: _mark(bool(e.invented)),
    "doubled": lambda e: _mark(bool(e.doubled)),
    "incomplete": lambda e: _mark(bool(e.incomplete)),
    "disagreed": lambda e: 0 if e.agreed is None else int(WHOLE * (1 - e.agreed)),
    "repaired": lambda e: _mark(bool(e.repairs)),
    "unnamed": lambda e: _mark(bool(e.unnamed)),
    "repeated": lambda e: _mark(bool(e.repeated)),
    "strange": lambda e: _mark(bool(e.strange)),
    "strange_share": lambda e: _share(e.strange, e.figures),
    "guessed_share": lambda e: _share(e.guessed, e.rows),
    "loosened_share": lambda e: _share(e.loosened, e.figures),
    "unanchored_share": lambda e: _share(e.unanchored, e.figures),
    "split_share": lambda e: _share(e.split, e.numerals),
    "scattered_share": lambda e: _share(e.scattered, e.rows),
    "prose": lambda e: _mark(e.kind == PROSE),
    "generic": lambda e: _mark(e.kind == "generic"),
    "coded_generic": lambda e: _mark(e.kind == "generic" and e.coded),
    "performance": lambda e: _mark(_family(e.kind) == "performance"),
    "untitled": lambda e: _mark(not e.titled),
}
"""What calibration goes by, by name: more of it makes a table more doubtful, but for what is in `IN_FAVOUR`."""

IN_FAVOUR = frozenset({"cross_support", "support"})
