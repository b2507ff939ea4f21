"""Documents that are open at the desk: kept in memory while people work on them, a few at a time."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cached_property

from schemas import AnyTable, Finding
from worker.amend import Entry, Folded, amended, changes_of, corrected, fold_readings, folded
from worker.calibration import Policy
from worker.memory import Aside
from worker.pipeline import Extraction, settle
from worker.reconcile.memo import Memo
from worker.review.view import Book, Drawn, book_of
from worker.store import Store
from worker.store.desk import Outcome
from worker.store.logs import Logged

_TURN = 10_000_000


@dataclass(frozen=True)
class Opened:
    """A document at one version: as it was read, its log, and as it stands.

    `problems` say why readers brought nothing; `folded` are the tables that have entries, by id; `memo` keeps what was
    worked out of its tables, for who holds the lock of its slot, `drawn` their rows.
    """

    document: int
    run: int
    log: tuple[Logged, ...]
    read: Extraction
    problems: Mapping[str, tuple[str, ...]]
    now: Extraction
    folded: Mapping[str, Folded]
    memo: Memo
    drawn: Drawn

    @property
    def version(self) -> int:
        """A number that is another one after every change and every new reading."""
        return self.run * _TURN + len(self.log)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The log without who is who."""
        return tuple(each.entry for each in self.log)

    @cached_property
    def book(self) -> Book:
        """The document as it stands, for views."""
        return book_of(self.now)

    def table(self, key: str) -> AnyTable | None:
        """A table as it was read. Raises KeyError for one that is not in the document."""
        if key not in self.now.verdicts:
            raise KeyError(key)
        reading = self.read.standing.get(key)
        return reading.table if reading else None

    def after(self, key: str) -> Folded:
        """A table with its log."""
        return self.folded.get(key) or folded(key, self.table(key), ())

    def seen(self, version: int) -> int | None:
        """How many entries of the log a version knew; None if it was of another reading."""
        run, count = divmod(version, _TURN)
        return count if run == self.run and count <= len(self.log) else None

    def further(self, entry: Entry, user_id: int, found: Extraction) -> Opened:
        """The document with a further entry that was written."""
        log = (*self.log, Logged(entry, self.run, user_id))
        tables = fold_readings(self.read.standing, [*self.entries, entry], self.memo)
        return replace(self, log=log, now=found, folded=tables)

    def prepare(self, policy: Policy | None) -> None:
        """Work out all that does not change with the next entry, into the memo."""
        read = self.read
        tables = fold_readings(read.standing, self.entries, self.memo)
        standing = corrected(read.standing, tables, self.memo)
        settle(read.document, read.chunks, read.readings, standing, self.problems, policy, self.memo)

    def then(self, entry: Entry, policy: Policy | None) -> tuple[Extraction, Outcome]:
        """The document after a further entry, and what of it differs."""
        found = amended(self.read, [*self.entries, entry], self.problems, policy, self.memo)
        verdicts = {key: each for key, each in found.verdicts.items() if each != self.now.verdicts[key]}
        before = self.now.findings
        findings = {
            number: finding
            for number, finding in enumerate(found.findings)
            if number >= len(before) or (before[number] is not finding and before[number] != finding)
        }
        return found, Outcome(found, verdicts, findings, len(found.findings))


def differences(before: Sequence[Finding], after: Sequence[Finding]) -> tuple[list[int], list[int]]:
    """The identities that hold now and failed before, and those that fail now and did not: numbers in `after`."""
    failed = Counter(_name(finding) for finding in before if finding.status == "failed")
    closed, broke = [], []
    left = failed.copy()
    for number, finding in enumerate(after):
        if finding.status == "failed":
            if left[_name(finding)] > 0:
                left[_name(finding)] -= 1
            else:
                broke.append(number)
    for number, finding in enumerate(after):
        if finding.status == "passed" and left[_name(finding)] > 0:
            left[_name(finding)] -= 1
            closed.append(number)
    return closed, broke


def _name(finding: Finding) -> tuple[object, ...]:
    """What an identity is called before and after: figures may come into it and go, the first one of a row too."""
    first: tuple[object, ...] = finding.cells[:1]
    if finding.scope == "row":
        first = tuple(ref.row for ref in finding.cells[:1])
    return finding.check, finding.tables, first


@dataclass
class _Slot:
    lock: threading.RLock = field(default_factory=threading.RLock)
    opened: Opened | None = None
    prepared: Future[None] | None = None


class Shelf:
    """The documents opened last, each behind a lock of its own, brought up to date whenever one is taken.

    Each is prepared for the first change behind the back of who opens it, with the `policy` that is to route it.
    """

    def __init__(self, store: Store, most: int, policy: Policy | None) -> None:
        self._store = store
        self._most = most
        self._policy = policy
        self._aside = Aside()
        self._thread = ThreadPoolExecutor(1, "prepare")
        self._slots: OrderedDict[int, _Slot] = OrderedDict()
        self._lock = threading.Lock()

    def slot(self, document: int) -> _Slot:
        """The slot of a document; who changes what is in it holds its lock."""
        with self._lock:
            slot = self._slots.setdefault(document, _Slot())
            self._slots.move_to_end(document)
            while len(self._slots) > self._most:
                self._slots.popitem(last=False)
            return slot

    def take(self, document: int) -> Opened:
        """A document at its present version. Raises KeyError, InputError."""
        slot = self.slot(document)
        with slot.lock:
            head = self._store.desk.head(document)
            known = slot.opened
            if known is None or known.run != head.run or len(known.log) > head.sequence:
                slot.opened = self._load(document, head.run)
                slot.prepared = self._thread.submit(self._prepare, slot.opened)
            elif len(known.log) < head.sequence:
                log = (*known.log, *self._store.desk.log(document, len(known.log)))
                # Verdicts and findings stand in the store as the others left them.
                slot.opened = self._opened(document, head.run, log, known.memo, known.drawn)
            if slot.opened is None:
                raise KeyError(document)
            return slot.opened

    def take_prepared(self, document: int) -> Opened:
        """The same for who is about to change it, and holds the lock of its slot."""
        opened, slot = self.take(document), self.slot(document)
        if slot.prepared is not None:
            # What is not begun yet takes no longer as a part of the change.
            if slot.prepared.cancel():
                self._thread.submit(self._aside.put)
            else:
                wait([slot.prepared])
            slot.prepared = None
        return opened

    def _prepare(self, opened: Opened) -> None:
        try:
            opened.prepare(self._policy)
        finally:
            self._aside.put()

    def _load(self, document: int, run: int) -> Opened:
        return self._opened(document, run, self._store.desk.log(document), Memo(), {})

    def _opened(self, document: int, run: int, log: tuple[Logged, ...], memo: Memo, drawn: Drawn) -> Opened:
        read = self._store.load_extraction(document, as_read=True)
        problems = self._store.problems(document)
        tables = fold_readings(read.standing, [each.entry for each in log])
        now = read.model_copy(
            update={"standing": corrected(read.standing, tables), "changes": changes_of(tables)}
        )
        return Opened(document, run, log, read, problems, now, tables, memo, drawn)
