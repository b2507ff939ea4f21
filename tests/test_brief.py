"""How the embedded model is asked: cells by the number of their column, rows in the order of the source."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.garble.setting import aligned
from prompts import BRIEF, build
from prompts.fields import MARKS, fields_of, shown
from schemas import Invalid
from tests.chunks import chunk_of

KIND = "income_expenditure_summary"
TEXT = (
    "项目\t行次\t决算数\t项目\t行次\t决算数\n"
    "一、财政拨款收入\t1\t12.00\t一、教育支出\t9\t3.00\n"
    "二、其他收入\t2\t\t二、住房保障支出\t10\t9.00\n"
    "收入总计\t3\t12.00\t支出总计\t11\t12.00\n"
)
ROWS = ["1 n<财政拨款收入> A<12.00>", "2 n<教育支出> A<3.00>", "2 n<住房保障支出> A<9.00>"]
ROWS += ["1 n<收入总计> A<12.00>", "2 n<支出总计> A<12.00>"]


def numbered(*texts: str) -> list[str]:
    """The texts with the marks of their columns."""
    return shown(texts, fields_of(*texts), {})


def prompt_of(text: str, kind: str, **facts: Any) -> str:
    """The prompt that the embedded model has for a text."""
    return build(chunk_of(text, kind, **facts), BRIEF, brief=True).user


def test_a_blank_cell_need_not_be_counted() -> None:
    assert "①二、其他收入 ②2 ④二、住房保障支出 ⑤10 A9.00\n" in prompt_of(TEXT, KIND)
    assert numbered("| 201 | | 18.00 |", "合计 18.00") == ["①201 ③18.00", "合计 18.00"]


def test_a_source_with_such_marks_of_its_own_is_shown_as_it_is() -> None:
    assert numbered("① 教育\t3.00", "合计\t\t3.00") == ["① 教育\t3.00", "合计\t\t3.00"]
    assert numbered("\t" * 60 + "3.00") == ["\t" * 60 + "3.00"]


def test_more_columns_than_there_are_marks_are_left_as_they_are() -> None:
    steps = "\n".join(" " * 4 * at + "a  a" for at in range(60))
    for text in ("a  " * 60, "a  " * 60 + "\nb  b", steps, "a  " * 20_000):
        assert numbered(text)[0].splitlines()[0] == text.splitlines()[0].rstrip()


_CELL = st.text(st.characters(categories=("L", "N"), max_codepoint=0x9FFF), max_size=5)


@given(st.lists(_CELL, min_size=2, max_size=50).filter(lambda cells: cells[-1]))
def test_every_cell_can_be_told_from_its_mark(cells: list[str]) -> None:
    if set(MARKS) & set("".join(cells)):
        return
    (line,) = numbered("\t".join(cells))
    marks = [(each[0], each[1:]) for each in line.split(" ")]
    assert [text for _, text in marks] == [cell for cell in cells if cell]
    assert len({mark for mark, _ in marks}) == len(marks)


ALIGNED = """科目编码      科目名称                      决算数    科目编码      科目名称            决算数
栏  次                                           1  栏  次                                 2
       30112  其他社会保障缴费                478.51         30211  差旅费                2.52
       30113  住房公积金                                     30212  因公出国(境)费用
              医疗费                            9.30
"""


def test_cells_under_one_another_have_the_mark_of_their_column() -> None:
    head, text = ALIGNED[: ALIGNED.index("       30112")], ALIGNED[ALIGNED.index("       30112") :]
    lines, over = numbered(text, head)
    assert over.splitlines()[0] == "①科目编码 ②科目名称 ③决算数 ④科目编码 ⑤科目名称 ⑥决算数"
    assert over.splitlines()[1] == "①栏次 ③1 ④栏次 ⑥2"
    assert lines.splitlines() == [
        "①30112 ②其他社会保障缴费 ③478.51 ④30211 ⑤差旅费 ⑥2.52",
        "①30113 ②住房公积金 ④30212 ⑤因公出国(境)费用",
        "②医疗费 ③9.30",
    ]


def test_a_head_over_several_columns_makes_none_of_them_one() -> None:
    text = "              预算合计数\n名称      年初数      年末数\n现金        1.00        2.00\n"
    assert numbered(text) == ["              预算合计数\n①名称 ②年初数 ③年末数\n①现金 ②1.00 ③2.00"]


def test_a_short_head_left_of_its_figures_is_in_their_column() -> None:
    assert numbered(
        "名称  小计              合计\n教育        1,234.00    1,234.00\n国防           89.00\n"
    ) == ["①名称 ②小计 ③合计\n①教育 ②1,234.00 ③1,234.00\n①国防 ②89.00"]


def test_prose_and_titles_have_no_columns() -> None:
    text = "一、部门收支总体情况\n  本年收入 12.00 万元。\n现金  1.00\n"
    assert numbered(text) == ["一、部门收支总体情况\n  本年收入 12.00 万元。\n①现金 ②1.00"]


def test_where_single_blanks_part_figures_two_make_no_column() -> None:
    text = "30101  基本工资 892. 29 30201  办公费 33. 66\n30102 津贴补贴 516. 26 30202  印刷费 0. 00"
    assert numbered(text) == [text]
    blank = "21201  一般行政管理事务 -  -  194.47\n21206 工程建设管理 -  -  5,077.52"
    assert numbered(blank) == [blank]


def test_a_line_with_tabs_over_a_table_with_blanks_leaves_it_its_columns() -> None:
    text = "收入决算表\t\t单位:万元\n名称  金额\n现金  1.00\n"
    assert numbered(text) == ["收入决算表\t\t单位:万元\n①名称 ②金额\n①现金 ②1.00"]


FUNCTIONS = "科目编码\t科目名称\t合计\t基本支出\t{}\n201\t一般公共服务支出\t18.00\t\t18.00\n"


def test_a_column_that_its_head_names_is_shown_as_it_is_to_be_answered() -> None:
    user = prompt_of(FUNCTIONS.format("项目支出"), "expenditure_by_function")
    assert "c科目编码 n科目名称 A合计 B基本支出 C项目支出\nc201 n一般公共服务支出 A18.00 C18.00\n" in user


def test_a_column_whose_head_says_nothing_keeps_its_mark() -> None:
    user = prompt_of(FUNCTIONS.format("备用"), "expenditure_by_function")
    assert "c201 n一般公共服务支出 A18.00 ⑤18.00\n" in user


def test_a_head_broken_over_lines_is_read_whole() -> None:
    text = "科目\t合计\t基本\t项目\n编码\t\t支出\t支出\n201\t18.00\t\t18.00\n"
    assert "c201 A18.00 C18.00\n" in prompt_of(text, "expenditure_by_function")


@pytest.mark.parametrize("first", [4, 5])
def test_heads_of_one_text_are_told_apart_by_those_over_them(first: int) -> None:
    groups = [*[""] * first, "本年收入", "", "上年结转", *[""] * (5 - first)]
    head = ["序号", "代码", "单位", "合计", "小计", "一般公共预算", "小计", "一般公共预算"]
    row = ["1", "201", "文化局", "9.00", "5.00", "5.00", "4.00", "4.00"]
    text = "\n".join(aligned([groups, head, row]))
    assert "A9.00 B5.00 C5.00 L4.00 M4.00\n" in prompt_of(text, "income_by_unit")


def test_panels_side_by_side_have_the_same_columns() -> None:
    text = (
        "科目编码\t科目名称\t决算数\t科目编码\t科目名称\t决算数\n30101\t基本工资\t8.00\t30201\t办公费\t3.00\n"
    )
    assert "c30101 n基本工资 A8.00 c30201 n办公费 A3.00\n" in prompt_of(text, "basic_expenditure_by_economic")


WIDE = (
    "预算数\t\t\t决算数\t\t\n合计\t公务用车运行费\t公务接待费\t合计\t公务用车运行费\t公务接待费\n"
    "1\t2\t3\t4\t5\t6\n9.00\t5.00\t4.00\t8.00\t5.00\t3.00\n"
)


def test_columns_that_are_rows_of_the_table_are_called_by_both() -> None:
    user = prompt_of(WIDE, "three_public", stage="final")
    assert "total.A9.00 vehicle_operation.A5.00 reception.A4.00" in user
    assert "total.B8.00 vehicle_operation.B5.00 reception.B3.00\n" in user


COUNTED = (
    "功能分类 科目名称 合 计 基本支出 项目支出\n{}"
    "201 教育支出 1, 284. 40 0.00 1,284.40\n"
    "202 国防支出 9.00 9.00 {}\n"
)


@pytest.mark.parametrize("over", ["", "类 款 项\n栏次 1 2 3\n", "1 3\n", "栏次 1=2+3 2 3\n"])
@pytest.mark.parametrize("blank", ["0.00", "-", "--"])
def test_cells_that_are_all_printed_are_counted(over: str, blank: str) -> None:
    user = prompt_of(COUNTED.format(over, blank), "expenditure_by_function")
    assert "c201 n教育支出 A1, 284. 40 B0.00 C1,284.40\n" in user
    assert f"c202 n国防支出 A9.00 B9.00 C{blank}\n" in user


def test_where_a_blank_cell_leaves_nothing_none_is_counted() -> None:
    text = COUNTED.format("栏次 1 2 3\n", "")
    assert numbered(text) == [text.replace(" \n", "\n").rstrip("\n")]


def test_counted_cells_are_those_of_the_form_where_its_head_is_torn() -> None:
    text = "教育支出 9.00 9.00 5.00 4.00 0.00\n国防支出 8.00 3.00 3.00 0.00 5.00\n"
    assert "n教育支出 A9.00 B9.00 C5.00 D4.00 E0.00\n" in prompt_of(text, "general_budget_expenditure")
    assert "教育支出 9.00 9.00 5.00" in prompt_of(text, "expenditure_by_function")


@pytest.mark.parametrize("stage", ["budget", "final"])
def test_three_figures_without_heads_are_those_of_the_final_account(stage: str) -> None:
    text = "205 教育支出 9.00 4.00 5.00\n20502 普通教育 9.00 4.00 5.00\n"
    final = "c205 n教育支出 A9.00 B4.00 E5.00\nc20502 n普通教育 A9.00 B4.00 E5.00\n"
    assert (final in prompt_of(text, "general_budget_expenditure", stage=stage)) == (stage == "final")
    headed = "科目 合计 基本支出 人员经费\n" + text
    assert "A9.00 B4.00 C5.00\n" in prompt_of(headed, "general_budget_expenditure", stage=stage)


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("类\t款\t科目名称\t合计", "301\t01\t基本工资\t8.00", "c301 c01 n基本工资 A8.00"),
        ("科目编码\t科目名称\t合计", "合计\t\t8.00", "n合计 A8.00"),
        ("功能分类\t\t合计", "20502\t普通教育\t8.00", "c20502 n普通教育 A8.00"),
        ("项目\t合计", "20502 普通教育\t8.00", "c20502 n普通教育 A8.00"),
        ("项目\t合计", "205 02 普通教育\t8.00", "c205 c02 n普通教育 A8.00"),
        ("项目\t合计", "2023年 结余\t8.00", "n2023年 结余 A8.00"),
        ("科目名称\t单位名称\t合计", "普通教育\t实验小学\t8.00", "①普通教育 ②实验小学 A8.00"),
        ("序号\t科目编码\t科目名称\t合计", "1\t205\t教育支出\t8.00", "①1 c205 n教育支出 A8.00"),
    ],
)
def test_codes_and_names_are_called_as_answers_call_them(head: str, row: str, said: str) -> None:
    assert f"\n{said}\n" in prompt_of(f"{head}\n{row}\n", "expenditure_by_function")


def test_a_project_is_named_by_the_lowest_level_that_its_line_prints() -> None:
    text = "一级项目\t二级项目\t项目单位\t合计\n机要通信\t\t\t9.00\n机要通信\t设备运行\t办公室\t9.00\n"
    assert "n机要通信 D9.00\nn设备运行 D9.00\n" in prompt_of(text, "project_expenditure")


def test_heads_are_shown_once() -> None:
    head, rows = (
        "科目名称\t合计\t基本支出\n栏次\t1\t2\n",
        "教育\t8.00\t0\n教育\t8.00\t0\n国防\t0\t0\n国防\t0\t0\n",
    )
    user = prompt_of(head + rows + head + rows, "expenditure_by_function")
    shown_rows = 2 * "n教育 A8.00 B0\n" + 2 * "n国防 A0 B0\n"
    assert f"n科目名称 A合计 B基本支出\nn栏次 A1 B2\n{shown_rows}{shown_rows}" in user


CARS = ("vehicles", "vehicle_purchase", "vehicle_operation")
TORN = "小计\n公务用车\n购置费\n公务用车\n运行费\n{}\n"


@pytest.mark.parametrize(
    ("figures", "keys"),
    [
        ("9.00 0.00 5.00 1.00 4.00 4.00", ("total", "overseas", *CARS, "reception")),
        ("9.00 0.00 4.00 5.00 1.00 4.00", ("total", "overseas", "reception", *CARS)),
        ("9.00 0.00 4.00 5.00 1.00 4.00 7.00", ("total", "overseas", "reception", *CARS, "operating")),
        ("9.00 0.00 4.00 5.00 1.00 3.00", ()),
    ],
)
def test_where_heads_are_torn_sums_tell_the_order(figures: str, keys: tuple[str, ...]) -> None:
    shown_so = [f"{key}.B{figure}" for key, figure in zip(keys, figures.split(), strict=False)]
    user = prompt_of(TORN.format(figures), "three_public", stage="final")
    assert (" ".join(shown_so) + "\n" in user) if keys else ("vehicles" not in user)


ITEMS = "合计 因公出国(境)费 {}\n小计 公务用车购置费 公务用车运行费\n1 2 3 4 5 6\n9.00 - 5.00 4.00 - 4.00\n"


@pytest.mark.parametrize(
    ("heads", "keys"),
    [
        ("公务用车购置及运行费 公务接待费", (*CARS, "reception")),
        ("公务接待费 公务用车购置及运行费", ("reception", *CARS)),
    ],
)
@pytest.mark.parametrize(("stage", "letter"), [("budget", "C"), ("final", "B")])
def test_rows_side_by_side_come_in_the_order_of_a_form_that_heads_tell(
    heads: str, keys: tuple[str, ...], stage: str, letter: str
) -> None:
    user = prompt_of(ITEMS.format(heads), "three_public", stage=stage)
    figures = zip(("total", "overseas", *keys), ["9.00", "-", "5.00", "4.00", "-", "4.00"], strict=True)
    said = [f"{key}.{letter}{figure}" for key, figure in figures if figure != "-"]
    assert "\n" + " ".join(said) + "\n" in user


def test_what_is_planned_in_a_budget_is_its_amount() -> None:
    text = "项目\t预算数\n公务接待费\t4.00\n"
    assert "n公务接待费 C4.00\n" in prompt_of(text, "three_public", stage="budget")
    assert "n公务接待费 A4.00\n" in prompt_of(text, "three_public", stage="final")


_FIGURES = st.lists(st.sampled_from(["1.00", "-", "2, 345. 60", "0", "7"]), min_size=1, max_size=60)


@given(st.lists(_FIGURES, min_size=1, max_size=4))
def test_nothing_is_lost_by_counting(rows: list[list[str]]) -> None:
    numbers = [str(number) for number in range(1, len(rows[0]) + 1)]
    text = "\n".join(" ".join(["教育", *row]) for row in [numbers, *rows])
    (lines,) = numbered(text)
    assert "".join(char for char in lines if char not in MARKS).split() == text.split()


_WORD = st.text(st.sampled_from("教育国防收入支出项目公"), min_size=2, max_size=6)


@given(
    st.integers(2, 12).flatmap(
        lambda width: st.tuples(
            st.lists(_WORD, min_size=width, max_size=width),
            st.lists(
                st.lists(st.sampled_from(["", "1.00", "教育"]), min_size=width, max_size=width), max_size=4
            ),
        )
    )
)
def test_blanks_and_tabs_are_marked_alike(table: tuple[list[str], list[list[str]]]) -> None:
    head, rows = table
    full = ["9,999,999.99"] * len(head)
    lines = [[head, full, row] for row in rows if sum(map(bool, row)) > 1]
    for each in lines:
        assert numbered("\n".join(aligned(each))) == numbered("\n".join(map("\t".join, each)))


def test_a_form_of_several_blocks_keeps_its_marks() -> None:
    text = "项目资金\t年初预算数\t全年执行数\n年度资金总额\t12.00\t0.50\n"
    text += "三级指标\t指标值\t分值\n检查次数\t24.00\t15.00\n"
    user = prompt_of(text, "performance_self_evaluation")
    assert "①年度资金总额 ②12.00 ③0.50\n" in user
    assert "①检查次数 ②24.00 ③15.00\n" in user


def test_a_name_in_a_column_of_amounts_does_not_take_its_name_away() -> None:
    text = "科目编码\t合计\n201\t18.00\n\t合计\n202\t9.00\n"
    assert "c202 A9.00\n" in prompt_of(text, "expenditure_by_function")


_HEADS = ["", "合计", "小计", "基本支出", "支出", "预算数", "本年收入"]


@given(st.lists(st.lists(st.sampled_from(_HEADS), min_size=8, max_size=8), min_size=1, max_size=4))
def test_no_two_columns_of_one_panel_have_one_name(heads: list[list[str]]) -> None:
    text = "\n".join(map("\t".join, [*heads, ["1.00"] * 8]))
    last = prompt_of(text, "expenditure_by_function").splitlines()[-2]
    names = re.findall(r"([A-Z])1\.00", last)
    assert len(names) == len(set(names))
    assert last.count("1.00") == 8


def test_a_column_of_its_own_has_words_for_a_name() -> None:
    chunk = chunk_of("项目\t年初数\t年末数\n现金\t1.00\t2.00\n", "generic")
    schema = BRIEF.response_model("generic", chunk).model_json_schema()
    pattern = schema["properties"]["columns"]["pattern"]
    assert re.fullmatch(pattern, "A<年初数> B<年末数>")
    assert not re.fullmatch(pattern, "A<1.00>")
    assert re.fullmatch(schema["$defs"]["row"]["pattern"], "n<现金> A<1.00> B<2.00>")


def test_a_part_without_words_admits_no_columns_of_its_own() -> None:
    schema = BRIEF.response_model(KIND, chunk_of("1.00\t2.00\n", KIND)).model_json_schema()
    assert schema["properties"]["columns"]["pattern"] == "^(A)? ?(B)? ?(C)?$"
    assert "()" not in json.dumps(schema)


def test_a_code_in_several_cells_is_made_of_those_beside_each_other() -> None:
    text = "301\t10\t社会保险\t1.60\t302\t08\t取暖费\t1.79\n301\t\t其他\t\t302\t09\t物业费\t0.77\n"
    kind = "basic_expenditure_by_economic"
    pattern = BRIEF.response_model(kind, chunk_of(text, kind)).model_json_schema()["$defs"]["row"]["pattern"]
    assert all(re.fullmatch(pattern, f"c<{code}>") for code in ("301", "302", "30110", "30208", "30209"))
    assert not any(re.fullmatch(pattern, f"c<{code}>") for code in ("30108", "3020809", "10", "30109"))


def test_the_number_of_a_line_is_no_code_of_a_classification() -> None:
    text = "21\t\t住房保障\t110.56\n22\t\t住房\t110.56\n"
    for kind, coded in (("general_budget_expenditure", False), ("generic", True)):
        schema = BRIEF.response_model(kind, chunk_of(text, kind)).model_json_schema()
        pattern = schema["$defs"]["row"]["pattern"]
        assert bool(re.fullmatch(pattern, "c<21> n<住房保障> A<110.56>")) is coded
        assert re.fullmatch(pattern, "n<住房保障> A<110.56>")


def test_rows_of_two_sides_come_in_the_order_of_the_source() -> None:
    chunk = chunk_of(TEXT, KIND)
    answer = BRIEF.response_model(KIND, chunk).model_validate({"columns": "A", "rows": ROWS})
    table = BRIEF.decode(answer, chunk).table
    sides = [(row.side, row.name) for row in table.rows]
    assert sides[:2] == [("income", "财政拨款收入"), ("income", "收入总计")]
    assert [side for side, _ in sides[2:]] == ["expenditure"] * 3
    assert BRIEF.encode(table, chunk).model_dump()["rows"] == ROWS


def test_a_column_that_the_list_does_not_foresee_is_read_all_the_same() -> None:
    chunk = chunk_of(TEXT, KIND)
    answer = BRIEF.response_model(KIND, chunk).model_validate({"columns": "", "rows": ROWS})
    assert len(BRIEF.decode(answer, chunk).table.rows) == len(ROWS)


def test_a_row_of_no_side_is_refused() -> None:
    chunk = chunk_of(TEXT, KIND)
    answer = BRIEF.response_model(KIND, chunk).model_validate({"columns": "A", "rows": [ROWS[0][1:]]})
    with pytest.raises(Invalid, match="row 1: it does not begin with the number of a side"):
        BRIEF.decode(answer, chunk)
    pattern = BRIEF.response_model(KIND, chunk).model_json_schema()["$defs"]["row"]["pattern"]
    assert re.fullmatch(pattern, ROWS[0])
    assert not re.fullmatch(pattern, ROWS[0][1:])
