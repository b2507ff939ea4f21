"""`gouji eval report`: what the page says of runs, every wrong cell beside its source, and text that stays text."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from evals.metrics import CaseScore, Estimate, TableScore, WrongCell
from evals.metrics.confidence import Point
from evals.paired.comparison import Difference
from evals.report.charts import Curve, risk_coverage
from evals.report.drill import drill, fate_of, reasons
from evals.report.gather import FIGURES, change, reach
from evals.report.page import page
from evals.run.recipe import Recipe
from evals.run.record import Run, load_run, record_of, write_cases, write_metrics, write_record
from evals.run.show import SHARES
from tests.command import Gouji
from tests.wrong_cells import WRONG

LAYOUT = Recipe(reader="layout", model=None, wire=None, tiers=("clean",), cases=3)
SIMULATED = Recipe(
    reader="llm", model="simulated", wire="refs", tiers=("clean",), cases=3, cell_errors=0.02, seed=7
)
SCRIPT = "<script>alert('x')</script>"
BREAKOUT = '"><img src=x onerror=alert(1)>'
FORMULA = '=cmd|"/c calc"!A1'
KIND = "expenditure_by_function"


class Page(HTMLParser):
    """A page taken apart: its text, its tags with their attributes, and its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag if tag in {"script", "style"} else self._in
        if tag in {"td", "th", "br", "small", "span", "li"}:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._in = "" if tag == self._in else self._in
        if tag == "b":
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts.append(data)
        elif self._in != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """All text, white space folded."""
        return " ".join("".join(self.words).split())

    def values(self, name: str) -> list[str]:
        """The values of an attribute, wherever it stands."""
        return [value for _, found in self.tags if (value := found.get(name))]


def table(
    number: int = 1, *, accepted: bool = True, errors: Sequence[WrongCell] = (), **more: Any
) -> TableScore:
    """A table of 20 figures, accepted and right unless told otherwise."""
    facts = {
        "kind": KIND,
        "ordinal": number,
        "title": "支出决算表",
        "tables": (f"t{number}",),
        "status": "accepted" if accepted else "review",
        "confidence": 0.96 if accepted else 0.5,
        "exact": not errors,
        "right": 20 - len(errors),
        "wrong": len(errors),
        "rows": 5,
        "rows_found": 5,
        "last_row": 5,
        "cells": tuple(errors),
    }
    return TableScore.model_validate({**facts, **more})


def case(number: int, *tables: TableScore, **more: Any) -> CaseScore:
    facts = {"id": f"c{number}", "name": f"c{number}.txt", "body": f"某{number}局", "family": "plain"}
    return CaseScore.model_validate({**facts, "tier": "clean", "tables": tables, "seconds": 2.0, **more})


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """Makes a run of cases in a folder of its own."""

    def make(*cases: CaseScore, recipe: Recipe = LAYOUT, name: str = "run") -> Run:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        write_cases(folder, cases)
        write_metrics(folder, cases)
        write_record(folder, record_of(recipe))
        return load_run(folder)

    return make


def test_rates_stand_with_their_counts_and_intervals(made: Any) -> None:
    text = Page(page([made(case(1, table(1), table(2)), case(2, table(1), table(2, errors=[WRONG])))])).text
    assert "2 documents from 2 issuing bodies, held to" in text
    assert "75.0 % 3 of 4 tables · 95 %: 30.1–100.0 %" in text
    assert "1.250 % 1 wrong cell of 80 in 4 accepted tables" in text
    assert "100.0 % 3 of 3 right tables" in text
    assert "0.500 AUROC of confidence 1 wrong, 3 right tables" in text
    assert "Brier score" in text
    assert "seconds 4.00 1.00 1.33" in text


def test_a_simulated_model_is_never_shown_without_saying_what_it_measures(made: Any) -> None:
    said = "simulated model: measures what the validators let through, not a model's accuracy"
    layout = made(case(1, table()), name="layout")
    simulated = made(case(1, table()), recipe=SIMULATED, name="simulated")
    assert said not in Page(page([layout])).text.lower()
    assert Page(page([simulated])).text.lower().count(said) == 1
    both = Page(page([layout, simulated])).text
    assert f"Run B, {said}" in both
    assert both.lower().count(said) == 2


def test_text_of_documents_stays_text(made: Any) -> None:
    cell = WRONG.model_copy(update={"name": SCRIPT, "column": BREAKOUT, "got": FORMULA, "source": SCRIPT})
    bad = table(
        accepted=False,
        errors=[cell],
        title=SCRIPT,
        kind=BREAKOUT,
        reasons=(SCRIPT, FORMULA),
        planted={SCRIPT: 1},
    )
    run = made(
        case(1, bad, name=SCRIPT, family=BREAKOUT, problems=(SCRIPT,)),
        case(2, table(tables=(), status="failed"), error=SCRIPT),
        name=BREAKOUT.replace("/", ""),
    )
    found = Page(page([run, run]))
    assert found.text.count(SCRIPT) >= 12
    assert FORMULA in found.text
    assert len(found.scripts) == 1
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert {tag for tag, _ in found.tags}.isdisjoint({"img", "iframe", "object", "link", "base", "form"})


def test_the_page_needs_no_network_and_runs_no_other_script(made: Any) -> None:
    found = Page(page([made(case(1, table(errors=[WRONG])))]))
    (policy,) = (each["content"] for _, each in found.tags if each.get("http-equiv"))
    (script,) = found.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not found.values("src")
    assert all(value.startswith("#") for value in found.values("href"))


def test_links_lead_somewhere_and_names_are_unique(made: Any) -> None:
    runs = [made(case(1, table(errors=[WRONG])), name=name) for name in ("before", "after")]
    found = Page(page(runs))
    ids = Counter(found.values("id"))
    assert set(ids.values()) == {1}
    assert {value[1:] for value in found.values("href")} <= ids.keys()


def test_a_wrong_cell_stands_beside_its_source_line(made: Any) -> None:
    html = page([made(case(1, table(errors=[WRONG])))])
    text = Page(html).text
    assert "201 一般公共服务支出 total 6901.75 6907.15 wrong line 12" in text
    assert '<mark class="read">6,907.15</mark>' in html


def test_what_is_left_out_is_counted(made: Any) -> None:
    many = [WRONG.model_copy(update={"line": line}) for line in range(1, 16)]
    long = table(errors=many, wrong=25, right=0)
    others = [case(n, table(accepted=False, errors=[WRONG])) for n in range(2, 67)]
    last = case(99, table(accepted=False, errors=[WRONG], kind="three_public"))
    run = made(case(1, long), *others, last)
    text = Page(page([run])).text
    assert "25 of 25 cells wrong" in text
    assert "13 more wrong cells are not shown" in text
    assert "66 tables wrong, not accepted" in text
    assert "6 more are left out here" in text
    waiting = drill(run.cases)[1]
    assert waiting.left_out == 6
    assert "three_public" in {each.score.kind for each in waiting.tables}


@pytest.mark.parametrize(
    ("scored", "fate"),
    [
        (table(), "accepted_right"),
        (table(status="corrected"), "accepted_right"),
        (table(errors=[WRONG]), "accepted_wrong"),
        (table(in_gold=False, exact=False, right=0, extra=4), "accepted_wrong"),
        (table(accepted=False), "waiting_right"),
        (table(accepted=False, errors=[WRONG]), "waiting_wrong"),
        (table(tables=(), status="", exact=False, right=0, missing=20), "missing"),
        (table(status="empty", right=0), None),
    ],
)
def test_every_table_with_figures_has_one_fate(scored: TableScore, fate: str | None) -> None:
    assert fate_of(scored) == fate


def test_reasons_are_counted_by_class_and_by_what_they_kept_out() -> None:
    cases = [
        case(
            1,
            table(
                accepted=False,
                reasons=("a 1 = b 2; differs by 1, rounding allows 0", "3 more identities fail"),
            ),
        ),
        case(2, table(accepted=False, errors=[WRONG], reasons=("x = y; differs by 5", "not read: line 3"))),
        case(3, table(accepted=False, errors=[WRONG], reasons=("the moon is full",))),
        case(4, table(reasons=("not read: but accepted",))),
    ]
    assert [tuple(each) for each in reasons(cases)] == [
        ("an identity fails", 2, 1),
        ("other", 1, 0),
        ("the reader says that something was not read", 1, 0),
    ]


def test_errors_put_in_are_listed_with_those_that_got_through(made: Any) -> None:
    slip = WRONG.model_copy(update={"injected": "digit"})
    through = table(1, errors=[slip, WRONG], injected={"digit": 3}, injected_wrong={"digit": 1})
    caught = table(
        2, accepted=False, errors=[slip], injected={"row_shift": 2}, injected_wrong={"row_shift": 1}
    )
    text = Page(page([made(case(1, through, caught), recipe=SIMULATED)])).text
    assert "The validators let through: digit by the model (1 cell)." in text
    assert "1 more wrong cell in accepted tables comes from none of them" in text
    assert "digit by the model 3 2 0 1 33.333 % 1 1" in text
    assert "row shift by the model 2 1 1 0 0.000 % 1 0" in text


def test_baselines_stand_beside_the_run_with_what_they_cost(made: Any) -> None:
    spent: dict[str, Any] = {"output_tokens": 1200, "cost_usd": Decimal("0.03"), "calls": 1}
    beside = made(
        *(case(n, table(errors=[WRONG], **spent)) for n in range(1, 9)),
        recipe=SIMULATED.read_by("naive"),
        name="run/baselines/naive",
    )
    run = made(*(case(n, table(output_tokens=400)) for n in range(1, 9)), recipe=SIMULATED)
    assert set(run.baselines) == {"naive"}
    text = Page(page([run])).text
    assert "on the same documents this run naive" in text
    assert "exact tables 100.0 % 67.6–100.0 % 0.0 % 0.0–32.4 %" in text
    assert "wrong cells in accepted tables 0.000 % 0.000–2.345 % 5.000 %" in text
    assert "output tokens a table 400 1,200" in text
    assert "USD a table 0 0.0300" in text
    assert "8 tables exact in this run alone, 0 in the baseline alone (McNemar p = 0.00781)." in text
    assert "--baseline naive" in text
    other = made(case(1, table()), name="other")
    apart = Page(page([other, beside])).text
    assert "on the same documents" not in apart
    assert "gouji eval run --model simulated --tier clean --cases 3 --seed 7" in apart


def test_two_runs_are_held_together_by_their_documents(made: Any) -> None:
    before = made(*(case(n, table(errors=[WRONG])) for n in range(1, 9)), name="before")
    after = made(*(case(n, table()) for n in range(1, 9)), name="after")
    text = Page(page([before, after])).text
    assert "8 documents in both. 8 tables became exact, 0 ceased to be (McNemar p = 0.00781)." in text
    assert "▲ 8 tables are better" in text
    assert "▲ +100.0 (+100.0 to +100.0)" in text
    assert "c1, expenditure by function 1: 1 → 0 wrong cells" in text
    backwards = Page(page([after, before])).text
    assert "▼ 8 tables are worse" in backwards
    assert "▼ \N{MINUS SIGN}100.0" in backwards


def test_runs_without_a_common_document_are_not_compared(made: Any) -> None:
    runs = [made(case(n, table()), name=f"run{n}") for n in (1, 2)]
    assert "No document in common" in Page(page(runs)).text


def test_a_run_that_failed_altogether_has_a_page_too(made: Any) -> None:
    nothing = table(tables=(), status="failed", exact=False, right=0, missing=20)
    text = Page(page([made(case(1, nothing, error="ConfigError: no endpoint"))])).text
    assert "1 document failed" in text
    assert "c1.txt: ConfigError: no endpoint" in text
    assert "0.0 % 0 of 1 tables" in text
    assert "20 cells missing" in text
    assert "Not defined here, for want of a case:" in text


def test_the_recipe_is_a_command_that_can_be_run_again(made: Any) -> None:
    text = Page(page([made(case(1, table()), recipe=SIMULATED)])).text
    assert (
        "gouji eval run --model simulated --reader llm --wire refs --tier clean --cases 3 --seed 7 "
        "--cell-errors 0.02 --structure-errors 0.0"
    ) in text


def test_every_figure_has_its_place() -> None:
    named = [name for names in FIGURES.values() for name in names]
    assert sorted(named) == sorted(SHARES)


def test_an_interval_is_no_narrower_than_either_method_says() -> None:
    assert reach(Estimate(value=0.0, wilson=(0.0, 0.04), bootstrap=(0.0, 0.0))) == (0.0, 0.04)
    assert reach(Estimate(value=0.5, wilson=(0.4, 0.6), bootstrap=(0.3, 0.55))) == (0.3, 0.6)
    assert reach(Estimate(value=0.5)) is None


@pytest.mark.parametrize(
    ("name", "low", "high", "said"),
    [
        ("exact_table_rate", 0.01, 0.2, "better"),
        ("escape_rate", 0.01, 0.2, "worse"),
        ("escape_rate", -0.2, -0.01, "better"),
        ("exact_table_rate", 0.0, 0.2, ""),
        ("exact_table_rate", None, None, ""),
        ("accept_rate", 0.01, 0.2, "other"),
    ],
)
def test_a_difference_is_better_or_worse_only_if_it_is_hardly_chance(
    name: str, low: float | None, high: float | None, said: str
) -> None:
    assert change(Difference(name=name, before=0.5, after=0.6, low=low, high=high)) == said


def test_charts_take_their_colours_from_the_page_and_hold_no_ids() -> None:
    points = [
        Point(threshold=0.9, tables=2, coverage=0.5, wrong_tables=0, risk=0.0, wrong_cells=0, cells=4),
        Point(threshold=0.5, tables=4, coverage=1.0, wrong_tables=1, risk=0.25, wrong_cells=1, cells=8),
    ]
    drawn = risk_coverage([Curve(points, "var(--c1)", (0.5, 0.0)), Curve([], "var(--c2)")])
    assert drawn.startswith("<svg")
    assert 'stroke="var(--c1)"' in drawn
    assert " id=" not in drawn
    assert "url(" not in drawn


def test_the_command_writes_the_page_and_says_where(made: Any, tmp_path: Path) -> None:
    made(case(1, table()))
    gouji = Gouji(tmp_path)
    done = gouji("eval", "report", "run", "--out", "page.html")
    assert done.returncode == 0, done.stderr
    assert "Report on 1 run in page.html" in done.stderr
    assert "1 of 1 tables" in Page((tmp_path / "page.html").read_text("utf-8")).text
