"""The words of performance tables, and what a single piece of such a table looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from schemas import Chunk, squeeze
from schemas.kinds.performance import FUND_ROWS, HEADER_FACTS
from worker.segment.lines import Field, lines_of

# Column role → what its printed header looks like, the first match wins. Roles that are no column of the
# kind (stage, sign, measure, check, text) are kept under their printed header.
INDICATOR_COLUMNS: dict[str, re.Pattern[str]] = {
    role: re.compile(pattern)
    for role, pattern in {
        "level1": r"一级(指标)?.*",
        "level2": r"二级(指标)?.*",
        "level3": r"三级(指标)?.*|四级指标.*|(具体)?指标(内容|名称)|具体指标",
        "check": r"(校验|复核|核定|审核).*(得分|评分)",
        "stage": r"(阶段性?|中期|半年|上年|前\d年|历史).*(指标|目标|完成)?值?",
        "sign": r"(指标)?(性质|方向|符号|计算符号)|计算符号",
        "measure": r"(度量|计量|计算)?单位",
        "weight": r"(指标)?(权重|分值|权数|标准分值?|满分)(\(.*\)|[%分])*|指标分值.*|分值.*",
        "score": r"(自评|评价|指标|实际|最终|最后)?(得分|评分)(\(.*\))?|自评分",
        "actual": r"(全年|年度|本年|指标)?(完成|实现)(情况|值|指标值|程度|结果)?(\(.*\))?|(全年|年度)?实际.*",
        "target": r"(年度|预期|年初|全年|绩效|计划|本年|设定|目标|三级)*(指标值|目标值?|值|标准)(\(.*\)|说明)?"
        r"|(年度|预期|计划)指标?|(目标|指标)值.*",
        "reason": r"(偏差|偏离|未完成|扣分|原因|差异).*|备注|情况说明",
        "side": r"绩效指标.*|指标",
    }.items()
}

FUND_COLUMNS: dict[str, re.Pattern[str]] = {
    role: re.compile(pattern)
    for role, pattern in {
        "budget_initial": r"(年初|上年结转)?(批复|安排)?预算(安排)?数?|年初(批复)?(预算)?(金额|数)?",
        "budget_adjusted": r"(全年|本年|调整后?|年度|年中|最终)(\(?调整后?\)?)?(预算|资金)?(安排|总)?(数|金额|额)?",
        "executed": r"(全年|本年|预算|年度|实际)?(实际)?(执行|支出|使用|到位)(数|金额|额|情况)?",
        "rate_percent": r"(预算|资金)?(执行|支出|使用)率.*",
        "weight": r"(执行率)?(分值|权重|标准分|满分)",
        "score": r"(执行率|自评|实际|评价)?(得分|评分)",
        "text": r"(偏差|未完成|差异|备注|原因|说明).*",
    }.items()
}

FACTS = {key: re.compile(pattern) for key, pattern in HEADER_FACTS.items()}
OTHER_FACTS = re.compile(
    r"项目(负责人|联系人|类型|类别|代码|编码|属性|周期|期限|起止(时间|年限)|(开始|完成|结束|实施)(时间|日期)|实施期(限)?|总额|概况|经办人)(及(联系)?电话)?"
    r"|(联系|经办|填报)(人|电话|单位|日期|时间)|(计划)?实施(期|期限|周期)|(主管)?(部门|单位)(编码|代码|负责人|联系人)|填表人|负责人"
    r"|资金(来源|用途|性质)|预算执行率权重.*|自评(单位|人|时间)|职能概述|是否.{2,12}"
)
FUNDS = {key: re.compile(pattern) for key, pattern in FUND_ROWS.items()}
FUNDS_TOTAL = re.compile(r"(资金|预算)?(总额|总计|总和)")
OTHER_FUNDS = re.compile(
    r"(其中)?:?(\d+[.、])?((上级|中央|省级|市级|县级|区级|本级|省|市|县|区)(财政)?(补助|资金|安排|转移支付)|政府性基金(预算)?(拨款|资金)?|国有资本经营(预算)?(拨款|资金)?"
    r"|财政专户(管理)?资金|单位(自有)?资金|自有资金|事业收入(资金)?|经营(性)?收入(资金)?|(上年)?结转结余(资金)?|非财政拨款|社会资金|债券资金)"
)
FUNDS_HEAD = re.compile(
    r"(项目|年度|预算|部门)?(支出)?(资金|预算)(情况|申请|安排|来源|执行|执行情况|总额及构成)*(\((百|千|亿|万)?元\))?|项目支出预算.*|(年度)?预算数(\(.*元\))|预算执行情况.*"
)
GOALS = re.compile(
    r"(年度|项目|部门|整体|总体|绩效|长期|中期|实施期|计划实施期|中长期|预期|当年|全年|本年度?)*(总体|绩效)?(目标|指标)(\(.*\)|完成情况|设定|情况)*|"
    r"(预期|年初设定|年度)目标|(目标|全年)?实际完成情况|任务名称|主要内容|年度(重点|主要)(工作|任务).*|(项目|部门)?(概况|基本情况|立项.*)|项目(主要)?内容|重点工作(任务|计划).*"
)
TOTAL = re.compile(
    r"(自评|绩效|指标|评价|自评价|综合)?(总分|总得分|总评分|得分合计|合计得分|分值合计|合计|总计)(\(.*\)|:|得分|分)*"
)
NOTES = re.compile(
    r"(填报|填表|说明|备?注|联系(人|电话)|审核|单位负责|财务负责|项目负责|经办|评价结论|存在(的)?问题|改进措施|自评结论|复核|制表|其他需要说明).*"
)
FORM_TITLE = re.compile(
    r".*(自评|目标|申报|评价|绩效)(表|一览表|情况表)(\(.*\))?|\(?(\d{4})?年度\)?|(公开|预算|决算|附)?(表\d{1,2}|\d{1,2}表)(-\d+)?(续.*)?|续表.*"
)
SIDE = re.compile(r"(年度|项目)?(绩效|考核|目标)?指标|(年度)?绩效|绩|效|指|标")
REMARK = re.compile(r"^(填报|填表)?(说明|备?注)\d?([:：].*)?$")
PREFIX = re.compile(r"(指标|目标)\d{1,2}[:：.、](?=.)")
PLACEHOLDER = re.compile(
    r"(指标|目标|任务)\d{0,2}[:：.、]*(目标\d[:：])*|[.…·。_×xX*]+|\d+[.、]|空|\(?无\)?填?"
)

_POINTS = r"(\(?\d+分?%?\)?)?"
_BARE1 = (
    r"(产出|效益|效果|满意度|成本|投入|过程|决策|影响力|管理|履职(效能|效果)?|运行(成本|管理)|管理效率|社会效应"
    r"|可持续(发展)?(能力|性|影响)?|预算执行)(类|与效果|效率)?"
)
_BARE2 = (
    r"(产出)?(数量|质量|时效|进度|(经济|社会|生态环境|环境|项目|产出)?成本)"
    r"|(项目)?(经济|社会|生态|环境|生态环境|社会公众)(社会)?(效益|效应|影响)|可持续(影响|发展|性)?"
    r"|(社会公众|服务对象|受益对象|群众|公众|社会公众或服务对象|服务对象或受益人|帮扶对象)满意度"
)
LEVEL = re.compile(rf"(({_BARE1})|({_BARE2}))指标{_POINTS}")
_PARENTS = (
    (re.compile(r"产出"), re.compile(r"数量|质量|时效|进度|成本")),
    (re.compile(r"成本"), re.compile(r"成本")),
    (re.compile(r"效益|效果"), re.compile(r"效益|影响|满意度|可持续|效应")),
    (re.compile(r"满意度"), re.compile(r"满意度")),
)
_NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?(分|%)?")
_COMPARED = re.compile(
    r"([≥≤=<>≈≧≦±~]+|大于|小于|等于|不(低于|少于|超过|高于|大于|小于)|(高|低|多|少)于|超过|至少|约|优于).*\d.*"
)
_SIGN = re.compile(r"[≥≤=<>≈≧≦]+|定性|定量|(正|反)向(指标)?")
_QUANTITY = re.compile(r"[约近]?\d[\d,.]*(-\d[\d,.]*)?(?![.、])(年\\d{1,2}月.{0,6}|.{0,5})")
_DASH = re.compile(r"[-—–/\\＼—─―－]+|\*+")
_LATEX = (
    (re.compile(r"\$"), ""),
    (re.compile(r"\\(?:geq?|geqslant)(?![a-z])"), "≥"),
    (re.compile(r"\\(?:leq?|leqslant)(?![a-z])"), "≤"),
    (re.compile(r"\\approx"), "≈"),
    (re.compile(r"\\%"), "%"),
)


@dataclass(frozen=True)
class Token:
    """A piece of a line: text, document offsets, 0-based line of the chunk, column (-1: no separators)."""

    text: str
    start: int
    end: int
    line: int
    column: int
    hint: str = ""

    @cached_property
    def word(self) -> str:
        """The text without white space and mark-up of formulas."""
        word = squeeze(self.text)
        if "$" in word or "\\" in word:
            for pattern, plain in _LATEX:
                word = pattern.sub(plain, word)
        return word

    @cached_property
    def label(self) -> str:
        """The word as a label: no colon at its end, no leading mark."""
        return self.word.strip(":：★*△▲☆")

    @cached_property
    def shape(self) -> str:
        """What the word looks like: number, compared, sign, quantity, dash, placeholder, level1 and level2 (bare1
        and bare2 where 指标 is not said), else text (long: sentence). A hint from the whole form goes first.
        """
        if self.hint:
            return self.hint
        word = self.word
        for name, pattern in _SHAPES:
            if pattern.fullmatch(word):
                return name
        return "sentence" if len(word) > 24 else "text"

    @property
    def is_level(self) -> bool:
        """Whether it can only be a level-1 or level-2 label."""
        return self.shape in ("level1", "level2")


_SHAPES = (
    ("number", _NUMBER),
    ("sign", _SIGN),
    ("dash", _DASH),
    ("compared", _COMPARED),
    ("placeholder", PLACEHOLDER),
    ("quantity", _QUANTITY),
    ("level1", re.compile(f"{_BARE1}指标{_POINTS}")),
    ("level2", re.compile(rf"(({_BARE2})|.{{2,10}})指标{_POINTS}")),
    ("bare1", re.compile(f"{_BARE1}{_POINTS}")),
    ("bare2", re.compile(f"({_BARE2}){_POINTS}")),
)


def may_contain(level1: str, level2: str) -> bool:
    """Whether a level-2 label can stand under a level-1 label; True where either is not a usual one."""
    for parent, children in _PARENTS:
        if parent.match(level1):
            return bool(children.search(level2)) or not re.search(
                r"数量|质量|时效|效益|满意度|可持续|成本", level2
            )
    return True


def role_of(word: str, columns: dict[str, re.Pattern[str]]) -> str | None:
    """The role of a printed header among `columns`, None if it is of none; remarks in brackets do not count."""
    bare = re.sub(r"\([^()]*\)$", "", word)
    for role, pattern in columns.items():
        if pattern.fullmatch(word) or (bare and pattern.fullmatch(bare)):
            return role
    return None


def fund_key(label: str) -> str | None:
    """The key of a fund row by its label; a source that the kind does not name has its label as key."""
    for key, pattern in FUNDS.items():
        if pattern.fullmatch(label) or pattern.fullmatch(label + ":"):
            return key
    if FUNDS_TOTAL.fullmatch(label):
        return "total"
    if OTHER_FUNDS.fullmatch(label):
        return re.sub(r"^其中:?", "", label)
    return None


def fact_key(label: str) -> str | None:
    """The key of a header fact by its label; a further fact has its label as key."""
    bare = re.sub(r"\((盖章|公章|单位|全称|章)\)$", "", label)
    for key, pattern in FACTS.items():
        if pattern.fullmatch(bare):
            return key
    return bare if OTHER_FACTS.fullmatch(bare) else None


def tokens_of(chunk: Chunk) -> list[list[Token]]:
    """The tokens of every line. Lines without separators are split at white space, figures kept with their signs."""
    found = []
    for line in lines_of(chunk.text, chunk.lines, base=chunk.start, delimiter=chunk.delimiter):
        fields = line.fields
        if not line.separated:
            fields = tuple(piece for f in fields for piece in _words(f))
        found.append([Token(f.text, f.start, f.end, line.index, f.column) for f in fields])
    return found


_OPEN = re.compile(r"(?:[≥≤=<>≈≧≦]|\\[a-z]+)$")
_SET_WIDE = re.compile(r"(?<!\S)[\u3400-\u9fff](?: +[\u3400-\u9fff])+(?!\S)")
_UNIT_WORD = re.compile(r"[^\W\d_]{1,4}|%")


def _words(field: Field) -> Iterator[Field]:
    """The words of a field without separators: "≥ 3 次" is one, "产出指标 数量指标" are two, "权  重" is one."""
    held: Field | None = None
    for start, end in _pieces(field.text):
        piece = Field(field.text[start:end], field.start + start, field.start + end, -1)
        if held and _one_word(held.text, piece.text):
            held = Field(field.text[held.start - field.start : end], held.start, piece.end, -1)
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """What blanks part. Ideographs that stand alone are a word set wide, or two if each half names a column."""
    at = 0
    for run in _SET_WIDE.finditer(text):
        yield from (m.span() for m in re.compile(r"\S+").finditer(text, at, run.start()))
        start, end = run.span()
        blanks = [m.span() for m in re.compile(r" +").finditer(text, start, end)]
        cut = next((b for b in blanks if _names(text[start : b[0]]) and _names(text[b[1] : end])), (end, end))
        yield start, cut[0]
        if cut[1] < end:
            yield cut[1], end
        at = end
    yield from (m.span() for m in re.compile(r"\S+").finditer(text, at))


def _names(text: str) -> bool:
    """Whether a word names a column of indicators."""
    return role_of(squeeze(text), INDICATOR_COLUMNS) is not None


def _one_word(left: str, right: str) -> bool:
    if left.count("$") % 2 or left.count("(") > left.count(")"):
        return True
    if _OPEN.search(left):
        return True
    if left.isascii() and right.isascii() and left[-1].isalpha() and right[0].isalpha():
        return True
    if left[-1].isdigit() and right == "%":
        return True
    compared = left[0] in "≥≤=<>≈$" and left[-1].isdigit()
    return compared and bool(_UNIT_WORD.fullmatch(right))
