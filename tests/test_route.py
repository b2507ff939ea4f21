"""Which reading stands, and where a table goes with what reasons."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import AnyTable, Chunk, ColumnInfo, Document, Reading, ledger_of
from schemas.findings import Role, Verdict
from schemas.numerals import find_numerals
from tests.tables import EXPENDITURE, cell, expenditure, table
from worker.agreement import agreement
from worker.calibration import Policy, load_calibration
from worker.evidence import unexplained
from worker.reconcile import closure, reconcile
from worker.route import choose, route


def chunk(
    text: str = "", *, id_: str = "t01", kind: str = "expenditure_by_function", blank: str | None = None
) -> Chunk:
    document = Document(name="d.txt", sha256="0" * 64, text=text)
    return Chunk(
        id="t01",
        document=document.sha256,
        role="narrative" if kind == "narrative_facts" else "table",
        kind=kind,
        title="支出决算表",
        start=0,
        end=len(text),
        lines=((0, len(text)),),
        first_line=1,
        last_line=1,
        text=text,
        blank=blank,
        ledger=ledger_of(document, find_numerals(document.reading)),
    )


def reading(
    found: AnyTable,
    *,
    reader: str = "layout",
    chunk_id: str = "t01",
    roles: dict[str, Role] | None = None,
    incomplete: tuple[str, ...] = (),
) -> Reading:
    return Reading(chunk=chunk_id, reader=reader, table=found, roles=roles or {}, incomplete=incomplete)


def routed(
    found: AnyTable,
    *,
    text: str = "",
    roles: dict[str, Role] | None = None,
    blank: str | None = None,
    incomplete: tuple[str, ...] = (),
    beside: dict[str, AnyTable] | None = None,
) -> Verdict:
    one = reading(found, roles=roles, incomplete=incomplete)
    findings = reconcile({"t01": found, **(beside or {})})
    return route(chunk(text, kind=found.kind, blank=blank), one, (one,), findings)


def test_a_table_that_closes_and_is_accounted_for_is_accepted() -> None:
    verdict = routed(expenditure(), text="支出决算表 2024", roles={"n1": "year"})

    assert (verdict.status, verdict.reasons) == ("accepted", ())
    assert (verdict.passed, verdict.failed, verdict.coverage) == (17, 0, 1.0)
    assert 0.9 <= verdict.confidence < 1


def test_a_failed_identity_keeps_a_table_from_being_accepted() -> None:
    verdict = routed(expenditure(EXPENDITURE.replace("4355.40 | 4355.40 |", "4355.40 | 4365.40 |")))

    assert verdict.status == "review"
    assert verdict.confidence < 0.9
    assert verdict.failed == 2
    assert verdict.reasons[0].startswith(
        "支出决算表 2010301 行政运行: basic 4365.40 + project 0 = total 4355.40"
    )


def test_figures_that_no_identity_touches_are_named() -> None:
    verdict = routed(
        table("three_public", "amount", " | total | 1.00\n | reception | 1.00\n | operating | 171.01")
    )

    assert verdict.status == "review"
    assert verdict.reasons == ("no identity supports operating amount 171.01",)
    assert [str(ref) for ref in verdict.blind_cells] == ["t01!2.amount"]
    assert verdict.coverage == pytest.approx(2 / 3)


def test_prose_can_support_a_figure() -> None:
    printed = table("three_public", "amount", " | total | 1.00\n | reception | 1.00\n | operating | 171.01")
    claims = table("narrative_facts", "amount", " | 机关运行经费预算 | 171.01")

    assert routed(printed, beside={"n01": claims}).status == "accepted"


def test_nothing_is_accepted_because_nothing_could_be_checked() -> None:
    verdict = routed(table("generic", "价格", " | 苹果 | 3.50\n | 梨 | 4.00"))

    assert verdict.status == "review"
    assert verdict.confidence < 0.5
    assert verdict.reasons[0] == "nothing could be checked"


def test_numerals_without_a_role_are_listed_with_their_line() -> None:
    verdict = routed(expenditure(), text="支出决算表 2024\n另有 99.50", roles={"n1": "year"})

    assert verdict.status == "review"
    assert verdict.unexplained == ("99.50 (line 2)",)
    assert verdict.reasons == ("not accounted for: 99.50 (line 2)",)


def test_a_numeral_said_to_be_a_cell_must_stand_in_one() -> None:
    verdict = routed(expenditure(), text="4355.40", roles={"n1": "cell"})

    assert verdict.reasons == ("not accounted for: 4355.40 (line 1)",)


def test_a_figure_must_be_a_numeral_of_the_source_and_only_one_cell() -> None:
    found = expenditure()
    total, basic = found.rows[4].get("total"), found.rows[4].get("basic")
    assert total is not None
    assert basic is not None
    found.rows[4].put("basic", basic.model_copy(update={"numeral": None}))
    found.rows[5].put("total", total)

    assert routed(found).reasons == (
        "not a numeral of the source: 208 basic 1853.70",
        f"in more than one cell: {total.numeral}",
    )


def test_what_a_reader_did_not_read_is_a_reason() -> None:
    verdict = routed(expenditure(), incomplete=("line 9: cut off",))

    assert (verdict.status, verdict.reasons) == ("review", ("not read: line 9: cut off",))


def test_a_form_without_figures_is_empty() -> None:
    assert routed(table("government_fund", "total", ""), blank="本单位没有政府性基金").status == "empty"
    assert routed(table("government_fund", "total", "")).confidence == 1
    assert routed(table("government_fund", "total", ""), text="12.50").status == "review"


def test_without_a_reading_a_table_has_failed() -> None:
    verdict = route(chunk(), None, (), ())

    assert (verdict.status, verdict.confidence) == ("failed", 0)


def test_repeated_codes_and_rows_without_a_name_are_reasons() -> None:
    rows = (
        "201 | 一般公共服务支出 | 1.00 | 1.00 |\n201 | 一般公共服务支出 | 2.00 | 2.00 |\n | | 3.00 | 3.00 |"
    )

    reasons = routed(table("expenditure_by_function", "total basic project", rows)).reasons

    assert "code 201 stands 2 times" in reasons
    assert "neither name nor code: row 3" in reasons


def test_a_column_of_codes_that_slipped_is_a_reason_but_an_odd_name_is_not() -> None:
    slipped = EXPENDITURE.replace("208     | 社会保障和就业  ", "208     | 住房保障支出    ")
    odd = EXPENDITURE.replace("2080801 | 死亡抚恤  ", "2080801 | 临终关怀  ")

    assert routed(expenditure(slipped)).status == "review"
    assert routed(expenditure(odd)).status == "accepted"


SUMMARY = """
    [expenditure]
    | 一、一般公共服务支出 | {}
    | 二、社会保障和就业支出 | 1853.70
    | 本年支出合计 | {}
    | 总计 | {}
"""


def summary(*figures: str) -> AnyTable:
    return table(
        "income_expenditure_summary", "amount", SUMMARY.format(*figures), stage="final", title="总表"
    )


def test_a_failure_between_sound_tables_keeps_both() -> None:
    verdict = routed(expenditure(), beside={"t02": summary("5000.00", "6853.70", "6853.70")})

    assert verdict.status == "review"
    assert verdict.reasons[0].startswith(
        "总表 本年支出合计 amount 6853.70 万元 = 支出决算表 合计 total 7841.66 万元"
    )


def test_a_failure_that_is_the_other_table_s_own_does_not_count() -> None:
    other = summary("5000.00", "7841.66", "7841.66")

    assert routed(expenditure(), beside={"t02": other}).status == "accepted"
    assert routed(other, beside={"t02": expenditure()}).status == "review"


def test_prose_that_disagrees_does_not_keep_a_table() -> None:
    claims = table("narrative_facts", "amount", " | 支出总计 | 7841.63")

    assert routed(expenditure(), beside={"n01": claims}).status == "accepted"
    verdict = routed(claims, beside={"t02": expenditure()})
    assert verdict.status == "review"
    assert "differs by -0.03" in verdict.reasons[1]


def test_prose_is_accepted_when_every_claim_is_bound_and_holds() -> None:
    claims = table("narrative_facts", "amount", " | 支出总计 | 7841.66\n | 基本支出 | 6209.1")

    assert routed(claims, beside={"t02": expenditure()}).status == "accepted"


def test_the_reading_that_closes_stands() -> None:
    wrong = expenditure(EXPENDITURE.replace("4355.40 | 4355.40 |", "4355.40 | 4365.40 |"))
    first, second = reading(wrong, reader="llm"), reading(expenditure())

    assert choose(chunk(), (first, second)).reader == "layout"
    assert choose(chunk(), (reading(expenditure(), reader="llm"), second)).reader == "llm"


def test_of_equals_the_one_that_accounts_for_more_stands() -> None:
    found = chunk("合计 5.00")
    silent, full = reading(expenditure(), reader="llm"), reading(expenditure(), roles={"n1": "note"})

    assert unexplained(found, silent) == ["5.00 (line 1)"]
    assert choose(found, (silent, full)) is full


def test_who_leaves_out_what_does_not_close_gains_nothing_by_it() -> None:
    figures = [f"{i}.00" for i in range(1, 10)]
    found = chunk("合计 " + " ".join(figures))
    wrong = expenditure(EXPENDITURE.replace("4355.40 | 4355.40 |", "4355.40 | 4365.40 |"))
    whole = reading(wrong, roles={f"n{i}": "note" for i in range(1, 10)})
    silent = reading(expenditure(), reader="llm")

    assert closure(whole.table).failed > closure(silent.table).failed == 0
    assert len(unexplained(found, silent)) == len(figures)
    assert choose(found, (silent, whole)) is whole


def test_agreement_is_the_share_of_cells_that_are_the_same() -> None:
    one, same = reading(expenditure()), reading(expenditure(), reader="llm")
    other = expenditure()
    other.rows[0].put("total", cell("1.00"))

    assert agreement((one,), one) is None
    assert agreement((one, same), one) == 1
    assert 0 < (agreement((one, reading(other, reader="llm")), one) or 0) < 1


def decided(**changes: object) -> Verdict:
    """The verdict on a table without flaws, by the shipped calibration with changes; `audit` is the share."""
    audit = Decimal(str(changes.pop("audit", 0)))
    policy = Policy(load_calibration().model_copy(update=changes), audit)
    one = reading(expenditure())
    return route(chunk(), one, (one,), reconcile({"t01": one.table}), policy=policy)


def test_what_is_not_sure_enough_goes_to_a_person() -> None:
    sure = decided(threshold=9000, certified=True)
    doubted = decided(threshold=9990, certified=True)

    assert (sure.status, sure.reasons) == ("accepted", ())
    assert (doubted.status, doubted.confidence) == ("review", sure.confidence)
    assert doubted.reasons == (f"confidence {sure.confidence:.4f} is below the certified threshold 0.999",)
    assert "the threshold" in decided(threshold=9990, certified=False).reasons[0]


def test_a_layout_never_seen_is_accepted_only_where_nothing_rests_on_its_looks() -> None:
    assert decided(templates={}, threshold=9000).reasons == (
        "no table like this was calibrated (account, side by side)",
    )
    full = expenditure(EXPENDITURE.replace("| |", "| 0 |"))
    for row in full.rows:
        for column in ("total", "basic", "project"):
            if row.get(column) is None:
                row.put(column, cell("0.00"))
    one = reading(full)
    policy = Policy(load_calibration().model_copy(update={"templates": {}, "threshold": 9000}))

    assert route(chunk(), one, (one,), reconcile({"t01": full}), policy=policy).status == "accepted"


def test_a_share_of_accepted_tables_is_drawn_for_audit() -> None:
    assert decided(audit=1).reasons == ("drawn for audit",)
    assert decided(audit=1).status == "review"
    assert decided(audit=0).status == "accepted"


def test_texts_and_weights_of_a_performance_table() -> None:
    rows = """
        [header]
        | project |
        [fund]
        | total | 67.81 |
        | fiscal | 67.81 |
        [indicator]
        | 次数 | | 60
        | 满意度 | | 40
    """
    found = table("performance_target", "amount weight", rows)
    found.rows[0].put("value", cell("2024"))
    found.rows[3].put("target", cell("12"))
    assert isinstance(type(found.rows[0]).column_infos()["target"], ColumnInfo)

    assert routed(found).status == "accepted"
    found.rows[4].put("weight", cell("35"))
    assert routed(found).status == "review"
