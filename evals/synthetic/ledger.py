"""The books of a department: postings in whole cents, of which every table is a sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from evals.synthetic import names
from evals.synthetic.dice import Dice
from evals.synthetic.figures import CENT
from schemas.source import Stage

Nature = Literal["personnel", "public", "project", "superior_remittance", "business", "affiliate_subsidy"]
Size = Literal["small", "usual", "large"]
FISCAL = ("general_budget", "government_fund", "state_capital")
OWN = ("superior_subsidy", "undertaking", "business", "affiliate_remittance", "other")

_PERSONNEL = (
    "30101",
    "30102",
    "30103",
    "30106",
    "30107",
    "30109",
    "30112",
    "30199",
    "30305",
    "30309",
    "30399",
)
_PUBLIC = (
    "30201", "30202", "30203", "30204", "30205", "30206", "30207", "30208", "30209", "30211", "30213", "30214",
    "30215", "30216", "30218", "30226", "30227", "30228", "30229", "30239", "30240", "30299", "31002", "31003",
    "31007", "30701", "39999",
)  # fmt: skip
_STAFF = {
    "2080501": ("30301", "30302", "30399"),
    "2080502": ("30302", "30399"),
    "2080504": ("30301", "30302"),
    "2080505": ("30108",),
    "2080506": ("30109",),
    "2080599": ("30199",),
    "2101101": ("30110",),
    "2101102": ("30110",),
    "2101103": ("30111",),
    "2101199": ("30112",),
    "2210201": ("30113",),
    "2210202": ("30102",),
    "2210203": ("30102",),
}
VEHICLE = {
    "vehicle_purchase": "31013",
    "vehicle_operation": "30231",
    "overseas": "30212",
    "reception": "30217",
}
"""The expenses that have a form of their own, with their economic codes."""


class Posting(NamedTuple):
    """Money spent: by which unit (its index), for what, out of which source; `project` is an index or -1."""

    unit: int
    code: str
    nature: Nature
    source: str
    economic: str
    cents: int
    carried: bool = False
    project: int = -1


class Project(NamedTuple):
    """A project of expenditure, by its two levels of name."""

    first: str
    second: str


@dataclass(frozen=True)
class Books:
    """Everything spent in a year, and what is left over: `opening` and `closing` by (source, code).

    `used` reserves fill the gap of own income, `distributed` is what is left of it; both in cents, on one code.
    """

    body: names.Body
    year: int
    stage: Stage
    postings: tuple[Posting, ...]
    projects: tuple[Project, ...]
    opening: Mapping[tuple[str, str], int]
    closing: Mapping[tuple[str, str], int]
    own_code: str
    used: int
    distributed: int
    step: int

    def spent(
        self,
        code: str = "",
        *,
        nature: tuple[str, ...] = (),
        source: tuple[str, ...] = (),
        economic: str = "",
        unit: int | None = None,
        project: tuple[int, ...] = (),
        carried: bool | None = None,
    ) -> int:
        """The cents spent under a code (a prefix of it), of some natures, sources, …; nothing given means all."""
        return sum(
            p.cents
            for p in self.postings
            if p.code.startswith(code)
            and (not nature or p.nature in nature)
            and (not source or p.source in source)
            and p.economic.startswith(economic)
            and (unit is None or p.unit == unit)
            and (not project or p.project in project)
            and (carried is None or p.carried == carried)
        )

    def left(self, when: Literal["opening", "closing"], source: tuple[str, ...], code: str = "") -> int:
        """What was carried into the year, or out of it."""
        balances = self.opening if when == "opening" else self.closing
        return sum(cents for (s, c), cents in balances.items() if s in source and c.startswith(code))

    def income(self, source: tuple[str, ...], code: str = "") -> int:
        """This year's income: what was spent and is left, less what was there before."""
        found = self.spent(code, source=source) + self.left("closing", source, code)
        found -= self.left("opening", source, code)
        if "other" in source and self.own_code.startswith(code):
            found += self.distributed - self.used
        return found

    def codes(self, source: tuple[str, ...] = (), digits: int = 7) -> list[str]:
        """The function codes in use, in order."""
        used = {p.code[:digits] for p in self.postings if not source or p.source in source}
        left = {c[:digits] for (s, c) in (*self.opening, *self.closing) if not source or s in source}
        return sorted(used | left)

    def tree(self, source: tuple[str, ...] = (), deepest: int = 7) -> list[str]:
        """The codes in use with their classes and sections, each before its parts."""
        return sorted({code[:n] for code in self.codes(source) for n in (3, 5, 7) if n <= deepest})


def keep(dice: Dice, stage: Stage, step: int, size: Size) -> Books:
    """The books of some department for some year; every amount a multiple of `step` cents."""
    body = names.body(dice)
    book = _Keeper(dice, body, stage, step, size)
    book.work()
    book.staff()
    book.special_funds()
    own_code = book.own_income()
    opening, closing = book.balances() if stage == "final" else ({}, {})
    used = distributed = 0
    if own_code and stage == "final" and dice.chance(40):
        spent = sum(p.cents for p in book.postings if p.source == "other")
        used, distributed = spent // 4 // step * step, dice.amount(10_000, 1_000_000, step)
    return Books(
        body=body,
        year=dice.between(2017, 2025),
        stage=stage,
        postings=tuple(book.postings),
        projects=tuple(book.projects),
        opening=opening,
        closing=closing,
        own_code=own_code,
        used=used,
        distributed=distributed if used else 0,
        step=step,
    )


class _Keeper:
    """Writes the postings of a department, one kind of expense after another."""

    def __init__(self, dice: Dice, body: names.Body, stage: Stage, step: int, size: Size) -> None:
        self.dice, self.body, self.stage, self.step, self.size = dice, body, stage, step, size
        self.postings: list[Posting] = []
        self.projects: list[Project] = []

    def post(
        self, unit: int, code: str, nature: Nature, source: str, economics: Sequence[str], cents: int,
        carried: bool = False, project: int = -1,
    ) -> None:  # fmt: skip
        for economic, part in zip(economics, self.dice.split(cents, len(economics), self.step), strict=True):
            if part:
                self.postings.append(Posting(unit, code, nature, source, economic, part, carried, project))

    def amount(self, low: int, high: int) -> int:
        """Cents between two sums of yuan."""
        return self.dice.amount(low * CENT, high * CENT, self.step)

    def work(self) -> None:
        """Running costs and projects in the sections of the department's own work."""
        dice = self.dice
        share = {"small": 25, "usual": 60, "large": 100}[self.size]
        short = self.body.place
        for section in self.body.sections:
            codes = [c for c in names.items(section) if dice.chance(share)] or [names.items(section)[0]]
            for code in codes:
                running = names.functions()[code] in {"行政运行", "事业运行", "事业机构"}
                units = [0] if names.functions()[code] == "行政运行" else self._units()
                for unit in units:
                    if running:
                        self.run(unit, code)
                    else:
                        self.undertake(unit, code, short)
        if not any(p.nature == "public" for p in self.postings):
            self.run(0, names.items(self.body.sections[0])[0])

    def _units(self) -> list[int]:
        everyone = list(range(len(self.body.units)))
        return self.dice.some(everyone, self.dice.between(1, min(3, len(everyone))))

    def run(self, unit: int, code: str) -> None:
        """Pay and running costs of a unit."""
        dice = self.dice
        pay = dice.some(_PERSONNEL, dice.between(4, len(_PERSONNEL)))
        costs = dice.some(_PUBLIC, dice.between(4, len(_PUBLIC)))
        self.post(unit, code, "personnel", "general_budget", pay, self.amount(400_000, 60_000_000))
        self.post(unit, code, "public", "general_budget", costs, self.amount(60_000, 9_000_000))
        for economic, likely in zip(VEHICLE.values(), (10, 60, 25, 60), strict=True):
            if dice.chance(likely):
                amount = self.amount(2_000, 300_000)
                self.post(unit, code, "public", "general_budget", [economic], amount)

    def undertake(self, unit: int, code: str, short: str) -> None:
        """Projects of a unit under a code, some of their money carried over in a budget."""
        dice = self.dice
        first = names.project(dice)
        for _ in range(dice.choose((1, 1, 2, 3) if self.size != "large" else (1, 2, 4, 9, 20))):
            self.projects.append(Project(first, names.project(dice, short if dice.chance(30) else "")))
            project = len(self.projects) - 1
            amount = self.amount(20_000, 90_000_000)
            self.post(unit, code, "project", "general_budget", ["30299"], amount, project=project)
            if self.stage == "budget" and dice.chance(30):
                rest = self.amount(5_000, 3_000_000)
                self.post(unit, code, "project", "general_budget", ["30299"], rest, True, project)

    def staff(self) -> None:
        """Pensions, health insurance and housing of the staff."""
        dice = self.dice
        for section in names.STAFF_SECTIONS:
            codes = dice.some(names.items(section), dice.between(1, len(names.items(section))))
            for code in codes:
                for unit in self._units():
                    pay = list(_STAFF.get(code, ("30199",)))
                    self.post(unit, code, "personnel", "general_budget", pay, self.amount(20_000, 9_000_000))
        if dice.chance(25):
            self.post(0, "2080801", "personnel", "general_budget", ["30304"], self.amount(20_000, 900_000))

    def special_funds(self) -> None:
        """Government funds and state capital, where the department has any."""
        for source, sections, likely in (
            ("government_fund", ("21208", "22904", "22960"), 35),
            ("state_capital", ("22301", "22302", "22399"), 15),
        ):
            if not self.dice.chance(likely):
                continue
            for section in self.dice.some(sections, self.dice.between(1, 2)):
                codes = names.items(section)
                for code in self.dice.some(codes, self.dice.between(1, len(codes))):
                    self.projects.append(Project(names.functions()[section], names.project(self.dice)))
                    amount = self.amount(50_000, 400_000_000)
                    number = len(self.projects) - 1
                    self.post(0, code, "project", source, ["30299"], amount, project=number)

    def own_income(self) -> str:
        """Spending out of income that is no appropriation; the code it is spent under, "" for none."""
        dice = self.dice
        if not dice.chance(45):
            return ""
        code = dice.choose([p.code for p in self.postings if p.nature in {"personnel", "project"}])
        unit = len(self.body.units) - 1
        for source in dice.some(OWN, dice.between(1, 3)):
            nature: Nature = "business" if source == "business" else "project"
            self.post(unit, code, nature, source, ["30299"], self.amount(5_000, 20_000_000))
        if dice.chance(50):
            self.post(unit, code, "public", "other", ["30201", "30299"], self.amount(5_000, 900_000))
        if dice.chance(10):
            self.post(unit, code, "superior_remittance", "other", ["30299"], self.amount(5_000, 900_000))
        if dice.chance(10):
            self.post(unit, code, "affiliate_subsidy", "other", ["30299"], self.amount(5_000, 900_000))
        return code if any(p.source == "other" for p in self.postings) else ""

    def balances(self) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
        """What is carried into and out of the year, by source and code."""
        opening: dict[tuple[str, str], int] = {}
        closing: dict[tuple[str, str], int] = {}
        if self.dice.chance(25):
            return opening, closing
        for key in self._spending():
            if self.dice.chance(30):
                opening[key] = self.dice.amount(1, max(2, self._spending()[key] // 3), self.step)
            if self.dice.chance(20):
                closing[key] = self.amount(100, 2_000_000)
        return opening, closing

    def _spending(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for posting in self.postings:
            if posting.nature == "project":
                key = (posting.source, posting.code)
                found[key] = found.get(key, 0) + posting.cents
        return found
