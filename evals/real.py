"""Documents with gold that a person answers for: the bundled ones, and folders of the same form.

`corpus/NAME.txt` is what is read, `gold/NAME.csv` its cells. NAME is BODY-YEAR-STAGE; of another name the whole is
taken for the issuing body, and the stage is not known.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from evals.cases import Case, GoldRow, GoldTable
from schemas import ConfigError, InputError, kinds
from schemas.registry import table_type
from schemas.source import Stage

BUNDLED = Path(__file__).parent
COLUMNS = ("kind", "ordinal", "side", "code", "name", "column", "value")
NAMED = re.compile(r"(?P<body>.+)-\d{4}-(?P<stage>budget|final)")

_STAGES: dict[str, Stage] = {"budget": "budget", "final": "final"}

Fact = dict[str, str]


def real_cases(folder: Path = BUNDLED) -> tuple[Case, ...]:
    """Every document of a folder. `family` and `tier` are "real".

    Raises ConfigError where the folder holds none, InputError where gold is missing or cannot be read.
    """
    texts = sorted((folder / "corpus").glob("*.txt"))
    if not texts:
        raise ConfigError(f"{folder} holds no corpus/*.txt; gouji eval annotate makes some")
    return tuple(real_case(folder, path.stem) for path in texts)


def real_case(folder: Path, name: str) -> Case:
    """One document of a folder. Raises InputError where its gold is missing or cannot be read."""
    named = NAMED.fullmatch(name)
    return Case(
        id=name,
        name=f"{name}.txt",
        body=named["body"] if named else name,
        family="real",
        tier="real",
        text=(folder / "corpus" / f"{name}.txt").read_bytes().decode("utf-8"),
        gold=gold_of(folder / "gold" / f"{name}.csv"),
    )


def gold_of(path: Path) -> tuple[GoldTable, ...]:
    """The tables of a file of gold. Raises InputError where it is missing or cannot be read."""
    named = NAMED.fullmatch(path.stem)
    stage = _STAGES[named["stage"]] if named else None
    facts = sorted(_facts(path), key=_table_of)
    return tuple(_table(key, lines, stage) for key, lines in groupby(facts, key=_table_of))


def write_case(folder: Path, name: str, text: str, gold: Sequence[GoldTable]) -> tuple[Path, Path]:
    """Write a document and its gold in the form that `real_case` reads; the two files."""
    paths = folder / "corpus" / f"{name}.txt", folder / "gold" / f"{name}.csv"
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    paths[0].write_bytes(text.encode())
    with paths[1].open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        for table in gold:
            lines.writerows(
                (table.kind, table.ordinal, row.side, row.code, row.name, column, value)
                for row in table.rows
                for column, value in row.cells.items()
            )
            if not table.rows:
                lines.writerow((table.kind, table.ordinal, "", "", "", "", ""))
    return paths


def digest_of(folder: Path) -> str:
    """A digest of the documents and the gold of a folder: twelve hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted([*(folder / "corpus").glob("*.txt"), *(folder / "gold").glob("*.csv")]):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _facts(path: Path) -> list[Fact]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            facts = list(csv.DictReader(file, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(
            str(path), f"cannot be read ({error})", "write it with gouji eval annotate"
        ) from None
    known = set(kinds())
    for number, fact in enumerate(facts, start=2):
        whole = set(fact) == {*COLUMNS} and None not in fact.values()
        if not (whole and fact["kind"] in known and fact["ordinal"].isdecimal()):
            raise InputError(
                str(path), f"line {number} is no cell of a table", f"the columns are {','.join(COLUMNS)}"
            )
    return facts


def _table_of(fact: Fact) -> tuple[str, int]:
    return fact["kind"], int(fact["ordinal"])


def _table(key: tuple[str, int], facts: Iterable[Fact], stage: Stage | None) -> GoldTable:
    kind, ordinal = key
    rows = tuple(_rows(facts))
    declared = table_type(kind).row_type().column_infos()
    used = dict.fromkeys(column for row in rows for column in row.cells)
    columns = tuple(dict.fromkeys([*(column for column in declared if column in used), *used]))
    return GoldTable(kind=kind, ordinal=ordinal, stage=stage, columns=columns, rows=rows)


def _rows(facts: Iterable[Fact]) -> Iterator[GoldRow]:
    """A row begins where its identity changes or a column comes again. A form without figures names no column."""
    row: GoldRow | None = None
    for fact in facts:
        if not fact["column"]:
            continue
        identity = (fact["side"], fact["code"], fact["name"])
        if row and (identity != (row.side, row.code, row.name) or fact["column"] in row.cells):
            yield row
            row = None
        row = row or GoldRow(side=fact["side"], code=fact["code"], name=fact["name"], cells={})
        row.cells[fact["column"]] = fact["value"]
    if row:
        yield row
