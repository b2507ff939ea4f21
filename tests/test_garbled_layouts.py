"""Known documents printed worse than they are: less is accepted, but nothing wrong."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from schemas import Document, normalise
from tests.test_accuracy import DOCUMENTS, EVALS, PERFORMANCE, PROSE, gold
from worker.pipeline import extract
from worker.readers.layout import LayoutReader

Garble = Callable[[str, random.Random], str]


def blanks_lost(text: str, _: random.Random) -> str:
    return re.sub(r"[ \t]*\t[ \t]*", " ", text)


def pipes(text: str, _: random.Random) -> str:
    return "\n".join("|" + x.replace("\t", "|") + "|" if "\t" in x else x for x in text.split("\n"))


def digits_split(text: str, _: random.Random) -> str:
    return re.sub(r"(\d),(\d{3})", r"\1, \2", re.sub(r"(\d)\.(\d\d)(?!\d)", r"\1. \2", text))


def full_width(text: str, _: random.Random) -> str:
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.,"})


def cells_shifted(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if line.count("\t") >= 3 and re.search(r"\d\.\d\d", line) and rng.random() < 0.1:
            at = rng.choice([m.start() for m in re.finditer("\t", line)])
            lines[i] = line[:at] + "\t" + line[at:]
    return "\n".join(lines)


def cells_swapped(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    for i, line in enumerate(lines):
        fields = line.split("\t")
        figures = [k for k, f in enumerate(fields) if re.fullmatch(r"[\d,]+\.\d\d", f)]
        if len(figures) >= 2 and rng.random() < 0.1:
            a, b = rng.sample(figures, 2)
            fields[a], fields[b] = fields[b], fields[a]
            lines[i] = "\t".join(fields)
    return "\n".join(lines)


def digits_changed(text: str, rng: random.Random) -> str:
    places = [m.start() for m in re.finditer(r"\d\.\d\d(?!\d)", text)]
    for at in rng.sample(places, 12):
        text = text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1 :]
    return text


def headers_lost(text: str, _: random.Random) -> str:
    header = re.compile(r"基本支出|财政拨款收入\t|小计\t|决算数\t|预算数\t")
    return "\n".join(x for x in text.split("\n") if not header.search(x) or re.search(r"\d\.\d\d", x))


@cache
def read(stem: str, text: str) -> tuple[Counter[str], Counter[tuple[str, ...]], int]:
    """(money tables by status, wrong figures in accepted ones, right figures in all)."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    result = extract(Document(name=stem, sha256=digest, text=text), [LayoutReader()])
    expected, ordinals = gold(stem), Counter[str]()
    statuses, wrong, right = Counter[str](), Counter[tuple[str, ...]](), 0
    for chunk in result.chunks:
        table, verdict = result.tables[chunk.id], result.verdicts[chunk.id]
        ordinals[table.kind] += 1
        if table.kind == PROSE or table.kind in PERFORMANCE or verdict.status == "empty":
            continue
        statuses[verdict.status] += 1
        found = Counter(
            (
                str(ordinals[table.kind]),
                row.side or "",
                row.code or "",
                "" if row.code else "".join(normalise(row.name).split()),
                column,
                format(cell.amount.value, "f"),
            )
            for row in table.rows
            for column, cell in row.cells()
            if cell.amount is not None
        )
        right += (found & expected[table.kind]).total()
        if verdict.status == "accepted":
            wrong.update({(table.kind, *key): n for key, n in (found - expected[table.kind]).items()})
    return statuses, wrong, right


def money(stem: str) -> int:
    return sum(c.total() for k, c in gold(stem).items() if k != PROSE and k not in PERFORMANCE)


@pytest.mark.parametrize("stem", DOCUMENTS)
@pytest.mark.parametrize("garble", [pipes, digits_split, full_width])
def test_what_changes_no_place_changes_nothing(stem: str, garble: Garble) -> None:
    text = (EVALS / "corpus" / f"{stem}.txt").read_text(encoding="utf-8")
    clean, worse = read(stem, text), read(stem, garble(text, random.Random(0)))
    assert worse == clean


@pytest.mark.parametrize("stem", DOCUMENTS)
@pytest.mark.parametrize("garble", [cells_shifted, cells_swapped, digits_changed])
def test_no_wrong_figure_is_accepted(stem: str, garble: Garble) -> None:
    text = (EVALS / "corpus" / f"{stem}.txt").read_text(encoding="utf-8")
    _, wrong, right = read(stem, garble(text, random.Random(stem)))
    assert wrong == Counter()
    assert right >= 0.8 * money(stem)


@pytest.mark.parametrize("stem", DOCUMENTS)
@pytest.mark.parametrize("garble", [blanks_lost, headers_lost])
def test_lost_blanks_and_headers_accept_nothing_wrong(stem: str, garble: Garble) -> None:
    text = (EVALS / "corpus" / f"{stem}.txt").read_text(encoding="utf-8")
    statuses, wrong, _ = read(stem, garble(text, random.Random(0)))
    assert wrong == Counter()
    assert statuses["failed"] == 0
