"""Cases and extractions written as literals, to be held against one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.cases import Case, GoldRow, GoldTable, Planted
from evals.metrics import CaseScore, Trace, score
from schemas import AnyTable, Chunk, Document, Reading
from schemas.findings import Verdict
from worker.pipeline import Extraction
from worker.reconcile import reconcile
from worker.segment import DocumentFacts

COLUMNS = "total basic project"
ROWS = """
    | 合计             | 30.00 | 20.00 | 10.00
201 | 一般公共服务支出 | 20.00 | 20.00 | 0.00
208 | 社会保障和就业   | 10.00 |       | 10.00
"""
FAIR = {"status": "accepted", "confidence": 0.95}


def gold(
    rows: str = ROWS,
    columns: str = COLUMNS,
    kind: str = "expenditure_by_function",
    ordinal: int = 1,
    unit: str | None = "万元",
    side: str = "",
) -> GoldTable:
    """A gold table in the notation of `tests.tables`: 'code | name | figure | …'; '[income]' opens a side."""
    found = []
    for line in rows.strip().splitlines():
        if line.strip().startswith("["):
            side = line.strip().strip("[]")
            continue
        code, name, *values = (part.strip() for part in line.split("|"))
        cells = {key: value for key, value in zip(columns.split(), values, strict=False) if value}
        found.append(GoldRow(side=side, code=code, name=name, cells=cells))
    return GoldTable(kind=kind, ordinal=ordinal, unit=unit, columns=tuple(columns.split()), rows=tuple(found))


def case(*tables: GoldTable, planted: Sequence[Planted] = (), **more: str) -> Case:
    """A case of one line of text."""
    facts = {"id": "c1", "name": "c1.txt", "body": "某局", "family": "plain", "text": "支出决算表\n", **more}
    return Case.model_validate({**facts, "tier": "clean", "gold": tables, "planted": planted})


def extraction(*tables: AnyTable, verdicts: Mapping[int, Mapping[str, object]] | None = None) -> Extraction:
    """Tables t1, t2, … as they came out, accepted unless `verdicts` by number say otherwise."""
    document = Document(name="c1.txt", sha256="0", text="支出决算表\n")
    named = {f"t{number}": table for number, table in enumerate(tables, start=1)}
    chosen = verdicts or {}
    return Extraction(
        document=document,
        facts=DocumentFacts(),
        chunks=tuple(_chunk(key, table) for key, table in named.items()),
        readings={},
        standing={key: Reading(chunk=key, reader="layout", table=table) for key, table in named.items()},
        findings=reconcile(named),
        verdicts={
            key: Verdict.model_validate({"table": key, **FAIR, **chosen.get(number, {})})
            for number, key in enumerate(named, start=1)
        },
    )


def _chunk(key: str, table: AnyTable) -> Chunk:
    place = {"start": int(key[1:]), "end": 5, "lines": (), "first_line": 1, "last_line": 1, "text": ""}
    role = "narrative" if table.kind == "narrative_facts" else "table"
    return Chunk.model_validate(
        {"id": key, "document": "0", "role": role, "kind": table.kind, "title": table.title, **place}
    )


def scored(of: Case, *tables: AnyTable, **more: object) -> CaseScore:
    """The score of tables that were accepted."""
    return score(of, extraction(*tables), Trace(**more))  # type: ignore[arg-type]
