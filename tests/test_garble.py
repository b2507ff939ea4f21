"""Garbling: what it moves it keeps, what it damages it tells, and the same seed gives the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.cases import CellKey, GoldRow, GoldTable, Planted, Tier
from evals.garble import TIERS, case_of, garble, garble_text
from evals.garble.cells import with_text
from evals.garble.damage import DAMAGE
from evals.garble.setting import STYLES, set_table
from evals.garble.structure import STRUCTURE, TableGarbler
from evals.garble.texts import CHARACTERS, LINES, PAGES, PROSE, TextGarbler
from evals.paper import Paper, PrintedTable, Prose, Spot
from evals.synthetic import Draft
from schemas import normalise
from schemas.numerals import find_numerals, parse_numeral
from schemas.text import display_width

CORPUS = sorted((Path(__file__).parent.parent / "evals" / "corpus").glob("*.txt"))
MADE: tuple[Tier, ...] = tuple(TIERS)
KIND, COLUMNS = "expenditure_by_function", ("total", "basic", "project")
ROWS = (
    ("", "合计", "6,901.84", "4,771.53", "2,130.31"),
    ("201", "一般公共服务支出", "5,309.93", "3,180.06", "2,129.88"),
    ("20103", "政府办公厅（室）及相关机构事务", "5,309.93", "3,180.06", "2,129.88"),
    ("2010301", "行政运行", "2,980.77", "2,980.77", ""),
    ("2010302", "一般行政管理事务", "2,129.88", "", "2,129.88"),
    ("2010350", "事业运行", "199.29", "199.29", ""),
    ("208", "社会保障和就业支出", "1,105.78", "1,105.78", "0.00"),
)
PROSE_LINES = (
    "一、支出决算情况说明",
    "2023年度本年支出合计6,901.84万元，其中：基本支出4,771.53万元，占69.14%；项目支出2,130.31万元，占30.86%。",
)


def table_of(rows: tuple[tuple[str, ...], ...], ordinal: int = 1) -> PrintedTable:
    """Rows of code, name and three figures, as a table of expenditure."""
    return PrintedTable(
        above=("支出决算表", "部门：某局        单位：万元"),
        header=(("科目编码", "科目名称", "本年支出合计", "基本支出", "项目支出"),),
        body=rows,
        below=("注：本表列全年各项支出。",),
        cells={
            Spot(i, j + 2): CellKey(KIND, ordinal, i, column)
            for i, row in enumerate(rows)
            for j, column in enumerate(COLUMNS)
            if row[j + 2]
        },
    )


TABLE = table_of(ROWS)
PAPER = Paper(blocks=(Prose(lines=("2023年部门决算", "")), TABLE, Prose(lines=PROSE_LINES)))


def gold_of(table: PrintedTable) -> GoldTable:
    return GoldTable(
        kind=KIND,
        ordinal=1,
        columns=COLUMNS,
        rows=tuple(
            GoldRow(
                code=row[0],
                name=row[1],
                cells={c: t.replace(",", "") for c, t in zip(COLUMNS, row[2:], strict=True) if t},
            )
            for row in table.body
        ),
    )


def lines_of(table: PrintedTable) -> str:
    return "\n".join(set_table(table, "tabs"))


def numerals(text: str) -> Counter[Decimal]:
    return Counter(numeral.value for numeral in find_numerals(text))


def keyed(table: PrintedTable) -> dict[CellKey, str]:
    return {key: table.body[spot.row][spot.column] for spot, key in table.cells.items()}


money = st.decimals(-99999, 9999999, places=2, allow_nan=False).map("{:,.2f}".format)
counts = st.integers(0, 99999).map(str)
figures = st.one_of(money, counts, st.just(""))
names = st.sampled_from(
    ["合计", "行政运行", "机关事业单位基本养老保险缴费支出", "Other operating income", "  事业运行"]
)
codes = st.sampled_from(["", "201", "20103", "2010301"])
tables = st.lists(st.tuples(codes, names, figures, figures, figures), max_size=12).map(
    lambda rows: table_of(tuple(rows))
)
severities = st.floats(0, 1)
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize("garbler", STRUCTURE.values(), ids=STRUCTURE)
@settings(max_examples=40, deadline=None)
@given(table=tables, severity=severities, seed=seeds)
def test_structure_moves_figures_and_keeps_them(
    garbler: TableGarbler, table: PrintedTable, severity: float, seed: int
) -> None:
    worse = garbler(table, Random(seed), severity)
    assert keyed(worse) == keyed(table)
    assert numerals(lines_of(worse)) == numerals(lines_of(table))
    assert garbler(table, Random(seed), 0) == table


@pytest.mark.parametrize("garbler", (CHARACTERS | LINES | PROSE).values(), ids=CHARACTERS | LINES | PROSE)
@settings(max_examples=40, deadline=None)
@given(
    table=tables, style=st.sampled_from(sorted(STYLES)), severity=severities, seed=seeds, prose=st.booleans()
)
def test_texts_change_and_their_figures_do_not(
    garbler: TextGarbler, table: PrintedTable, style: str, severity: float, seed: int, prose: bool
) -> None:
    text = "\n".join(PROSE_LINES if prose else set_table(table, style))
    assert numerals(garbler(text, Random(seed), severity)) == numerals(text)
    assert garbler(text, Random(seed), 0) == text


@pytest.mark.parametrize("garbler", [garbler for _, garbler in DAMAGE.values()], ids=DAMAGE)
@settings(max_examples=40, deadline=None)
@given(table=tables, severity=severities, seed=seeds)
def test_damage_touches_figures_alone(
    garbler: TableGarbler, table: PrintedTable, severity: float, seed: int
) -> None:
    worse = garbler(table, Random(seed), severity)
    assert worse.cells == table.cells
    figures = {spot for spot in table.cells if parse_numeral(table.body[spot.row][spot.column])}
    for i, (row, was) in enumerate(zip(worse.body, table.body, strict=True)):
        for j, (text, before) in enumerate(zip(row, was, strict=True)):
            assert text == before or Spot(i, j) in figures
    assert garbler(table, Random(seed), 0) == table


@settings(max_examples=40, deadline=None)
@given(table=tables, tier=st.sampled_from(MADE), seed=seeds)
def test_the_same_seed_gives_the_same_bytes_and_every_change_is_told(
    table: PrintedTable, tier: Tier, seed: int
) -> None:
    paper = Paper(blocks=(table, Prose(lines=PROSE_LINES)))
    garbled = garble(paper, tier, seed)
    assert garble(paper, tier, seed) == garbled
    told = {planted.cells[0]: planted for planted in garbled.planted}
    assert len(told) == len(garbled.planted)
    for key, text in keyed(table).items():
        if key in told:
            assert told[key].true == (text.replace(",", ""),)
            assert told[key].printed != told[key].true
    assert not told or tier == "hostile"


@settings(max_examples=60, deadline=None)
@given(table=tables, tier=st.sampled_from(["clean", "mild", "heavy"]), seed=seeds)
def test_below_hostile_every_figure_is_printed_as_often_as_before(
    table: PrintedTable, tier: Tier, seed: int
) -> None:
    garbled = garble(Paper(blocks=(table, Prose(lines=PROSE_LINES))), tier, seed)
    before, after = numerals("\n".join([lines_of(table), *PROSE_LINES])), numerals(garbled.text)
    assert not before - after
    if any(name.startswith("page_numbers") for name in garbled.applied):
        assert all(abs(number) < 10 for number in after - before)
    else:
        assert not after - before


def test_a_blank_cell_can_be_told_in_every_style_of_the_clean_tier() -> None:
    styles = {garble(PAPER, "clean", seed).applied: garble(PAPER, "clean", seed).text for seed in range(20)}
    assert set(styles) == {("tabs",), ("pipes",), ("aligned",)}
    assert "2010302\t一般行政管理事务\t2,129.88\t\t2,129.88\n" in styles[("tabs",)]
    assert "| 2010302 | 一般行政管理事务 | 2,129.88 |  | 2,129.88 |\n" in styles[("pipes",)]
    aligned = styles[("aligned",)].split("\n")
    full, blank = (
        next(line for line in aligned if line.strip().startswith(code)) for code in ("201 ", "2010302")
    )
    assert full.count(" ") < blank.count(" ")
    # Ideographs are two columns wide: the last figures of both rows end at the same one.
    assert len(full.encode("gb18030")) == len(blank.encode("gb18030"))


def test_characters_change_before_a_table_is_set_so_that_its_columns_stay_straight() -> None:
    table = with_text(TABLE, lambda text: CHARACTERS["digits_split"](text, Random(3), 0.6))
    table = with_text(table, lambda text: CHARACTERS["full_width"](text, Random(3), 0.6))
    lines = set_table(table, "aligned")[3:]
    assert len({len(line) for line in lines}) > 1
    assert len({display_width(line) for line, row in zip(lines, ROWS, strict=False) if row[-1]}) == 1


def test_what_the_garblers_of_text_look_like() -> None:
    rng = Random(1)
    assert (
        CHARACTERS["digits_split"]("6,901.75 于 2023.08.15 3.5%", rng, 1) == "6, 901. 75 于 2023.08.15 3.5%"
    )
    assert CHARACTERS["full_width"]("合计 6,901.75 69.14%", rng, 1) == "合计 ６，９０１．７５ ６９．１４％"
    assert (
        LINES["blanks_lost"]("201\t合计\t\t5.00\n\n| a |  | 1 |\n-\t5.00", rng, 1)
        == "201 合计 5.00\na 1\n-  5.00"
    )
    assert LINES["lines_spaced"]("a\nb", rng, 1) == "a\n\nb\n"
    radicals = CHARACTERS["radicals"]("支出项目 年", rng, 1)
    assert radicals != "支出项目 年"
    assert normalise(radicals) == "支出项目 年"
    wide = PROSE["lines_wrapped"](PROSE_LINES[1], rng, 1).split("\n")
    assert len(wide) > 1
    assert not any(line.startswith(("，", "。")) for line in wide)
    assert "".join(wide) == PROSE_LINES[1]


def test_pages_are_numbered_by_their_form_feeds() -> None:
    pages = "一\n\f二\n\f三\n"
    seen = {PAGES["page_numbers"](pages, Random(seed), 1) for seed in range(60)}
    assert "一\n第 1 页\n\f二\n第 2 页\n\f三\n第 3 页\n" in seen
    assert "一\n- 1 -\n二\n- 2 -\n三\n- 3 -\n" in seen
    assert PAGES["page_numbers"]("一\n二\n", Random(0), 1) == "一\n二\n"


def test_what_the_garblers_of_structure_look_like() -> None:
    def body(name: str, severity: float, seed: int = 0) -> tuple[tuple[str, ...], ...]:
        return STRUCTURE[name](table_of(ROWS[1:4]), Random(seed), severity).body

    a, b, c = ROWS[1:4]
    assert body("rows_merged", 1) == (a + b, c)
    assert body("one_cell_a_line", 1) == tuple((text,) for row in (a, b, c) for text in row)
    header = ("科目编码", "科目名称", "本年支出合计", "基本支出", "项目支出")
    assert body("header_after_body", 1) == (a, b, c, header)
    shifted = body("names_shifted", 1)
    assert [row[1] for row in shifted] == ["", a[1], b[1], c[1]]
    assert [row[2] for row in shifted] == [a[2], b[2], c[2], ""]
    detached = {body("columns_detached", 0.1, seed) for seed in range(30)}
    assert (*(("", *row[1:]) for row in (a, b, c)), ("201",), ("20103",), ("2010301",)) in detached
    # A column with a blank cell never goes: its figures could not be put back.
    assert all(row[4] == was[4] for rows in detached for row, was in zip(rows, (a, b, c), strict=False))
    interleaved = {body("columns_interleaved", 1, seed) for seed in range(10)}
    assert any(rows[:2] == ((*a[:2], "", "", ""), ("", "", *a[2:])) for rows in interleaved)
    wrapped = {body("names_wrapped", 0.5, seed) for seed in range(20)}
    assert any((b[0], "政府办公厅（室）及相", *b[2:]) in rows for rows in wrapped)
    assert all("".join(row[1] for row in rows).replace(" ", "") == a[1] + b[1] + c[1] for rows in wrapped)
    paged = STRUCTURE["page_breaks"](table_of(ROWS * 5), Random(0), 1)
    heads = [i for i, row in enumerate(paged.body) if row[0] == "\f科目编码"]
    assert len(heads) >= 4
    assert all(paged.body[i][1:] == header[1:] for i in heads)


def test_hostile_documents_say_which_cells_they_damage() -> None:
    gold = (gold_of(TABLE),)
    planted = [fault for seed in range(150) for fault in garble(PAPER, "hostile", seed, gold).planted]
    assert {fault.error for fault in planted} == {"look_alike", "point", "stamp"}
    for fault in planted:
        assert fault.nature == "fault"
        assert fault.true == (gold[0].rows[fault.cells[0].row].cells[fault.cells[0].column],)
        assert fault.printed != fault.true


def test_a_case_keeps_what_its_draft_planted_and_damages_it_no_further() -> None:
    key = CellKey(KIND, 1, 3, "total")
    source = Planted(nature="source", error="digit", cells=(key,), true=("2980.70",), printed=("2980.77",))
    draft = Draft("d1", "d1.txt", "某局", "plain", PAPER, (gold_of(TABLE),), (source,))
    found = 0
    for seed in range(100):
        case = case_of(draft, "hostile", seed)
        assert (case.id, case.tier, case.gold) == ("d1-hostile", "hostile", draft.gold)
        assert case.planted[0] == source
        assert all(key not in fault.cells for fault in case.planted[1:])
        found += len(case.planted) > 1
    assert found
    assert case_of(draft, "heavy", 1).planted == (source,)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_text_alone_is_garbled_and_keeps_its_figures(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before = numerals(text)
    assert garble_text(text, "clean", 0) == text
    for tier, seed in _some():
        worse = garble_text(text, tier, seed)
        assert worse == garble_text(text, tier, seed)
        assert numerals(worse) == before


def _some() -> Iterator[tuple[Tier, int]]:
    for tier in MADE[1:]:
        for seed in range(2):
            yield tier, seed


def test_a_tier_that_is_not_made_is_refused() -> None:
    assert set(get_args(Tier)) - set(MADE) == {"real"}
    with pytest.raises(ValueError, match="choose clean, mild, heavy, hostile"):
        garble(PAPER, "real", 0)
    with pytest.raises(ValueError, match="choose clean, mild, heavy, hostile"):
        garble_text("", "real", 0)
