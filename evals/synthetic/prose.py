"""情况说明: the explanations in varied wording, every figure in agreement with the tables."""

from __future__ import annotations

from collections.abc import Mapping

from evals.synthetic import names
from evals.synthetic.book import Book, claim
from evals.synthetic.coded import BASIC, PERSONNEL, PROJECT, PUBLIC
from evals.synthetic.figures import percent
from evals.synthetic.ledger import FISCAL, OWN
from evals.synthetic.units import three_public_amounts

_GENERAL = ("general_budget",)
_OWN_NAMES = {
    "superior_subsidy": "上级补助收入",
    "undertaking": "事业收入",
    "business": "经营收入",
    "affiliate_remittance": "附属单位上缴收入",
    "other": "其他收入",
}
_BOUGHT = ("政府采购货物支出", "政府采购工程支出", "政府采购服务支出")
_REASONS = (
    "人员经费变动",
    "项目安排调整",
    "落实过紧日子要求",
    "业务量变化",
    "政策性增支",
    "部分项目跨年实施",
)


class Teller:
    """Says amounts, shares and changes the way one publisher does."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.unit = book.style.prose.unit
        self.gap = book.word("", "", " ")
        self.year = book.books.year
        self.now = book.word(f"{self.year}年度", f"{self.year}年")
        self.last = book.word(f"{self.year - 1}年度", f"{self.year - 1}年", "上年")

    def money(self, subject: str, cents: int) -> str:
        """`1,234.56万元`, claimed of the subject."""
        figures = self.book.style.prose
        printed = "0" if cents == 0 else figures._replace(zero="0").show(cents)
        return f"{self.gap}{claim(subject, printed)}{self.gap}{self.unit}"

    def share(self, subject: str, part: int, whole: int) -> str:
        """`占12.3%`, claimed of the subject."""
        printed = percent(part, whole, self.book.style.percent_decimals) if part else "0"
        return f"{self.book.word('占', '占比')}{self.gap}{claim(subject, printed, 'share_percent')}%"

    def change(self, subject: str, cents: int) -> str:
        """How much more or less than last year, absolutely and in percent; and why."""
        dice, step = self.book.dice, max(self.book.books.step, self.book.style.prose.step)
        fell = dice.chance(45)
        delta = cents * dice.between(1, 45) * dice.between(10, 100) // 10_000 // step * step
        if not delta or dice.chance(8):
            return f"与{self.last}{self.book.word('持平', '相比持平')}"
        before = cents + delta if fell else cents - delta
        verb, rate = ("减少", "下降") if fell else ("增加", "增长")
        printed = self.book.style.prose.show(delta)
        share = percent(delta, before, self.book.style.percent_decimals)
        amount = claim(subject, printed, "change_amount", fell=fell)
        return (
            f"{self.book.word('比', '较')}{self.last}{verb}{self.gap}{amount}{self.gap}{self.unit}，"
            f"{rate}{self.gap}{claim(subject, share, 'change_percent', fell=fell)}%，"
            f"{self.book.word('主要是', '主要原因是')}{dice.choose(_REASONS)}"
        )


def final_prose(book: Book, planned: Mapping[str, int]) -> None:
    """The third part of a final account. `planned` are the “三公” expenses of the budget."""
    tell = Teller(book)
    book.say(f"第三部分 {tell.year}年度部门决算情况说明")
    _final_totals(book, tell)
    _final_income(book, tell)
    _final_expenditure(book, tell)
    _fiscal(book, tell)
    _general_budget(book, tell)
    _basic(book, tell, f"{tell.now}一般公共预算财政拨款基本支出", "一般公共预算财政拨款基本支出")
    _special_funds(book, tell)
    _three_public(book, tell, planned)
    _operating(book, tell)


def _final_totals(book: Book, tell: Teller) -> None:
    books = book.books
    everything = (*FISCAL, *OWN)
    total = books.income(everything) + books.used + books.left("opening", everything)
    heading = book.word("一、收入支出决算总体情况说明", "一、收入支出决算总体情况")
    if book.dice.chance(60):
        book.say(
            heading,
            f"{tell.now}收、支总计{book.word('均为', '各')}{tell.money('收、支总计', total)}。"
            f"与{tell.last}相比，收、支总计各{_changed(tell, '收、支总计', total)}。",
        )
        return
    book.say(
        heading,
        f"{tell.now}收入总计{tell.money('收入总计', total)}，{tell.change('收入总计', total)}。"
        f"支出总计{tell.money('支出总计', total)}，{tell.change('支出总计', total)}。",
    )


def _changed(tell: Teller, subject: str, cents: int) -> str:
    """A change without what it is compared with."""
    text = tell.change(subject, cents)
    for word in ("比", "较"):
        text = text.removeprefix(f"{word}{tell.last}")
    return "持平" if text.startswith("与") else text


def _final_income(book: Book, tell: Teller) -> None:
    books = book.books
    total = books.income((*FISCAL, *OWN))
    parts = [
        ("财政拨款收入", books.income(FISCAL)),
        *((n, books.income((s,))) for s, n in _OWN_NAMES.items()),
    ]
    if book.dice.chance(50):
        parts = [(name, cents) for name, cents in parts if cents]
    shares = book.dice.chance(60)
    said = [
        f"{name}{tell.money(name, cents)}，{tell.share(name, cents, total)}"
        if shares
        else f"{name}{tell.money(name, cents)}，{tell.change(name, cents)}"
        for name, cents in parts
    ]
    book.say(
        book.word("二、收入决算情况说明", "二、收入决算情况"),
        f"{book.word('', tell.now)}本年收入合计{tell.money('本年收入合计', total)}，其中：{'；'.join(said)}。",
    )


def _final_expenditure(book: Book, tell: Teller) -> None:
    books = book.books
    total = books.spent()
    parts = [
        ("基本支出", books.spent(nature=BASIC)),
        ("项目支出", books.spent(nature=PROJECT)),
        ("上缴上级支出", books.spent(nature=("superior_remittance",))),
        ("经营支出", books.spent(nature=("business",))),
        ("对附属单位补助支出", books.spent(nature=("affiliate_subsidy",))),
    ]
    if book.dice.chance(50):
        parts = [(name, cents) for name, cents in parts if cents]
    said = [f"{name}{tell.money(name, cents)}，{tell.share(name, cents, total)}" for name, cents in parts]
    book.say(
        book.word("三、支出决算情况说明", "三、支出决算情况"),
        f"本年支出合计{tell.money('本年支出合计', total)}，其中：{'；'.join(said)}。",
    )


def _fiscal(book: Book, tell: Teller) -> None:
    books = book.books
    total = books.income(FISCAL) + books.left("opening", FISCAL)
    subject = "财政拨款收、支总计"
    book.say(
        book.word("四、财政拨款收入支出决算总体情况说明", "四、财政拨款收入支出决算总体情况"),
        f"{tell.now}{subject}{book.word('均为', '各')}{tell.money(subject, total)}。"
        f"与{tell.last}相比，{subject}各{_changed(tell, subject, total)}。",
    )


def _special_funds(book: Book, tell: Teller) -> None:
    """What the government funds and the state capital paid for, or that there are none."""
    for source, name in (("government_fund", "政府性基金预算"), ("state_capital", "国有资本经营预算")):
        spent = book.books.spent(source=(source,))
        subject = f"{name}财政拨款支出"
        if not spent:
            book.say(f"本单位{book.word('没有', '无')}{subject}。")
            continue
        book.say(
            f"{tell.now}{subject}{tell.money(subject, spent)}，其中：基本支出{tell.money('基本支出', 0)}，"
            f"项目支出{tell.money('项目支出', spent)}。"
        )


def _general_budget(book: Book, tell: Teller) -> None:
    books, subject = book.books, "一般公共预算财政拨款支出"
    spent = books.spent(source=_GENERAL)
    shared = tell.share(subject, spent, books.spent()).replace("占比", "占")
    book.say(
        "五、一般公共预算财政拨款支出决算情况说明",
        "（一）一般公共预算财政拨款支出决算总体情况",
        f"{tell.now}{subject}{tell.money(subject, spent)}，{shared.replace('占', '占本年支出合计的', 1)}。"
        f"{tell.change(subject, spent)}。",
        "（二）一般公共预算财政拨款支出决算结构情况",
    )
    classes = [c for c in books.codes(_GENERAL, 3) if books.spent(c, source=_GENERAL)]
    marked = book.dice.chance(50)
    said = []
    for code in classes:
        name = names.functions()[code]
        name = f"{name.removesuffix('支出')}（类）支出" if marked else name
        cents = books.spent(code, source=_GENERAL)
        said.append(f"{name}{tell.money(name, cents)}，{tell.share(name, cents, spent)}")
    book.say(f"{tell.now}{subject}{tell.money(subject, spent)}，主要用于以下方面：{'；'.join(said)}。")
    _details(book, tell, subject, spent)


def _details(book: Book, tell: Teller, subject: str, spent: int) -> None:
    """Every item against its initial budget."""
    books, catalogue = book.books, names.functions()
    step = max(books.step, book.style.prose.step)
    codes = [c for c in books.codes(_GENERAL) if books.spent(c, source=_GENERAL)]
    planned = {c: _plan(book, books.spent(c, source=_GENERAL), step) for c in codes}
    whole = sum(planned.values())
    book.say(
        "（三）一般公共预算财政拨款支出决算具体情况",
        f"{tell.now}{subject}年初预算为{tell.money(f'{subject}年初预算', whole)}，支出决算为"
        f"{tell.money(subject, spent)}，{_completed(book, tell, subject, spent, whole)}。其中：",
    )
    for number, code in enumerate(codes, 1):
        name = catalogue[code]
        chain = f"{catalogue[code[:3]]}（类）{catalogue[code[:5]]}（款）{name}（项）"
        cents, plan = books.spent(code, source=_GENERAL), planned[code]
        against = "等于" if cents == plan else "大于" if cents > plan else "小于"
        why = "。" if cents == plan else f"的主要原因是：{book.dice.choose(_REASONS)}。"
        done = f"，{_completed(book, tell, name, cents, plan)}" if plan else ""
        book.say(
            f"{number}. {chain}年初预算为{tell.money(f'{name}年初预算', plan)}，"
            f"支出决算为{tell.money(name, cents)}{done}。决算数{against}预算数{why}"
        )


def _plan(book: Book, cents: int, step: int) -> int:
    dice = book.dice
    if dice.chance(25):
        return cents
    if dice.chance(8):
        return 0
    return max(step, cents * dice.between(60, 140) // 100 // step * step)


def _completed(book: Book, tell: Teller, subject: str, cents: int, plan: int) -> str:
    printed = percent(cents, plan, book.style.percent_decimals)
    word = book.word("完成年初预算的", "完成预算的")
    return f"{word}{tell.gap}{claim(subject, printed, 'completion_percent')}%"


def _basic(book: Book, tell: Teller, lead: str, subject: str) -> None:
    books = book.books
    personnel = books.spent(source=_GENERAL, nature=PERSONNEL)
    public = books.spent(source=_GENERAL, nature=PUBLIC)

    def listed(nature: tuple[str, ...]) -> str:
        used = sorted({p.economic for p in books.postings if p.nature in nature and p.source in _GENERAL})
        return "、".join(dict.fromkeys(names.economics()[code] for code in used))

    number = "六" if book.style.stage == "final" else "五"
    book.say(
        f"{number}、{subject}{'决算' if book.style.stage == 'final' else ''}情况说明",
        f"{lead}{tell.money(subject, personnel + public)}，其中：",
        f"人员经费{tell.money('人员经费', personnel)}，主要包括：{listed(PERSONNEL)}。",
        f"公用经费{tell.money('公用经费', public)}，主要包括：{listed(PUBLIC)}。",
    )


def _three_public(book: Book, tell: Teller, planned: Mapping[str, int]) -> None:
    amounts = three_public_amounts(book)
    subjects = {
        "overseas": "因公出国（境）费",
        "vehicles": "公务用车购置及运行费",
        "reception": "公务接待费",
    }
    whole = book.word("“三公”经费", "“三公”经费财政拨款支出")
    done = _done(book, tell, whole, amounts["total"], planned["total"])
    book.say(
        "九、财政拨款“三公”经费支出决算情况说明",
        f"{tell.now}{whole}预算为{tell.money(f'{whole}预算', planned['total'])}，"
        f"支出决算为{tell.money(whole, amounts['total'])}{done}。",
    )
    for number, (item, name) in enumerate(subjects.items(), 1):
        done = _done(book, tell, name, amounts[item], planned[item])
        book.say(
            f"{number}. {name}预算为{tell.money(f'{name}预算', planned[item])}，"
            f"支出决算为{tell.money(name, amounts[item])}{done}。"
        )


def _done(book: Book, tell: Teller, subject: str, cents: int, plan: int) -> str:
    if not plan:
        return ""
    printed = percent(cents, plan, book.style.percent_decimals)
    return f"，完成预算的{tell.gap}{claim(subject, printed, 'completion_percent')}%"


def _operating(book: Book, tell: Teller) -> None:
    public = book.books.spent(source=_GENERAL, nature=PUBLIC)
    subject, cars = "机关运行经费支出", book.dice.below(60)
    words = book.dice.choose((("货物采购", "工程采购", "服务采购"), _BOUGHT))
    bought = {
        name: book.dice.amount(10_000, 900_000_000, book.style.prose.step) if book.dice.chance(70) else 0
        for name in words
    }
    said = "、".join(f"{name}{tell.money(name, cents)}" for name, cents in bought.items())
    book.say(
        "十一、其他重要事项的情况说明",
        f"{tell.now}{subject}{tell.money(subject, public)}，{tell.change(subject, public)}。",
        f"{tell.now}政府采购支出总额{tell.money('政府采购支出总额', sum(bought.values()))}，其中：{said}。",
        f"截至{tell.year}年12月31日，{book.books.body.name}共有车辆{tell.gap}{claim('车辆', str(cars))}{tell.gap}辆。",
    )


def _budget_income(book: Book, tell: Teller, total: int) -> None:
    """Where the money of a budget comes from, with shares or with changes."""
    books = book.books
    sources = [("财政拨款收入", books.spent(source=FISCAL))]
    sources += [(name, books.spent(source=(s,))) for s, name in _OWN_NAMES.items()]
    if book.dice.chance(60):
        sources = [(name, cents) for name, cents in sources if cents]
    shares = book.dice.chance(60)
    said = [
        f"{name}{tell.money(name, cents)}，"
        f"{tell.share(name, cents, total) if shares else tell.change(name, cents)}"
        for name, cents in sources
    ]
    book.say(
        f"二、{tell.year}年收入预算情况",
        f"{tell.year}年收入预算{tell.money('收入预算', total)}，其中：{'；'.join(said)}。",
    )


def budget_prose(book: Book) -> None:
    """The explanations of a budget."""
    tell, books = Teller(book), book.books
    total = books.spent()
    book.say(f"第三部分 {book.word('情况说明', f'{tell.year}年部门预算情况说明')}")
    parts = ""
    if book.style.years:
        now, carried = books.spent(carried=False), books.spent(carried=True)
        parts = f"，其中：当年预算{tell.money('当年预算', now)}；上年结转{tell.money('上年结转', carried)}"
    book.say(
        f"一、{tell.year}年收支预算总体情况",
        f"{tell.year}年收支总预算{tell.money('收支总预算', total)}{parts}。",
    )
    _budget_income(book, tell, total)
    natures = [("基本支出", books.spent(nature=BASIC)), ("项目支出", books.spent(nature=PROJECT))]
    said = [f"{name}{tell.money(name, cents)}，{tell.share(name, cents, total)}" for name, cents in natures]
    book.say(
        f"三、{tell.year}年支出预算情况",
        f"{tell.year}年支出预算{tell.money('支出预算', total)}，其中：{'；'.join(said)}。",
    )
    general = books.spent(source=_GENERAL)
    book.say(
        f"四、{tell.year}年一般公共预算拨款情况",
        f"{tell.year}年一般公共预算拨款{tell.money('一般公共预算拨款', general)}。",
    )
    for code in [c for c in books.codes(_GENERAL, 3) if books.spent(c, source=_GENERAL)]:
        name = names.functions()[code].removesuffix("支出") + "（类）支出"
        cents = books.spent(code, source=_GENERAL)
        book.say(f"{name}{tell.money(name, cents)}，{tell.share(name, cents, general)}。")
    _basic(book, tell, f"{tell.year}年一般公共预算基本支出", "一般公共预算基本支出")
    _special_funds(book, tell)
    amounts = three_public_amounts(book)
    book.say(
        f"六、{tell.year}年一般公共预算“三公”经费拨款情况",
        f"{tell.year}年“三公”经费预算{tell.money('“三公”经费预算', amounts['total'])}。其中：",
        f"1、因公出国（境）费{tell.money('因公出国（境）费', amounts['overseas'])}。",
        f"2、公务接待费{tell.money('公务接待费', amounts['reception'])}。",
        f"3、公务用车购置及运行费{tell.money('公务用车购置及运行费', amounts['vehicles'])}。",
    )
