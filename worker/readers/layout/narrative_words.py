"""What the words around a figure say of it: its unit, and whether it is an amount, a change, a share or a rate."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from schemas import canonical_name

FigureKind = Literal["money", "percent", "count", "bare", "year", "date", "ordinal", "code", "label"]
ClaimColumn = Literal["amount", "change_amount", "change_percent", "share_percent", "completion_percent"]

_MONEY = re.compile(r"(余|多)?(?P<unit>(百万|千万|亿|万|千)?(美元|欧元|港元|日元|韩元|元))")
_COUNT = re.compile(
    r"(余|多|几)?(?P<unit>(百|千|万|亿)?(台\(?/?套\)?|套|辆次|辆|台次|台|艘|架|人次|人|名|户次|户|家|批次|批|次|场次|场|个月|个百分点|个|项|件|份|篇|期|条|张|册|部|本|字|笔|起|处|所|间"
    r"|平方米|平方公里|公里|公顷|亩|吨|千瓦|小时|分钟|天|年|分|倍|级|类|种))"
)
_THRESHOLD = re.compile(r"(\(含\)|\(不含\))?(及|\(含\))?(以上|以下|以内|以外)")
_AFTER_ORDINAL = re.compile(r"[.、．)]")
_LOOKS_WHOLE = re.compile(r"(预算|决算|支出|收入|金额|总额|经费|总计|合计)(数|额)?(为|是)$")
_SENTENCE_END = "。;；!！?？:：\n"

_RISE = "增加|增长|上升|提高|提升|上涨|上浮|增幅|涨幅|增|多"
_FALL = "减少|下降|降低|下浮|下调|回落|压缩|压减|缩减|降幅|减|少|降"
_CHANGE = re.compile(
    rf"(?P<before>.*?)(?P<verb>{_RISE}|{_FALL})(额|数|率|幅度?|幅)?(了|约|为|达|近|逾|超过|约为|为约)*$"
)
_VERB_FIRST = re.compile(
    rf"^(?:相应|共|合计|累计|同时|[^,，]{{0,8}}原因(?:是|为))?(?P<verb>{_RISE}|{_FALL})了?(?=.{{3,}})"
)
_FELL = re.compile(rf"^(?:{_FALL})")
_AGAINST = re.compile(
    r"(同口径|可比口径)?((与|同|和|跟)?(比|较|相比|对比|同比|环比).*|(与|同|和|跟)[^,，]*(相比|对比|比较).*|同比|环比)$"
)
_SHARE = re.compile(
    r"占[^,，。;；:：]*?(的)?(比重|比例|比|百分比|份额)?(为|约为|约|达到?|的)*$|^(为|是|相当于)(?!.{0,4}预算)[^,，。;；:：]{2,24}的$"
)
_COMPLETED = re.compile(
    r"完成[^,，。;；:：]{0,10}预算(数|安排)?(的|完成率|执行率|执行进度)?(的)?(为|约|约为|达到?|是)*$"
)
_COMPLETION = re.compile(
    r"(完成|达到|占)?[^,，。;；:：]{0,10}预算(数|安排)?(的|完成率|执行率|执行进度)?(的)?(为|约|约为|达到?|是)*$|(完成|执行|支出|预算执行|预算完成)(率|进度|比例)(为|约|达到?|是)*$|完成(了)?[^,，。;；:：]{0,16}(的)?(比例为)?(约)?$"
)
BUDGET = re.compile(
    r"(?P<before>.*?)(的)?(年初|全年|当年|年度|调整后?|本年)?预算(数|安排|批复数|金额)?(为|是|共|合计)*$"
)
_FINAL = re.compile(r"(?P<before>.+?)(?P<paid>支出)?决算(数|金额|支出)?$")
_FINAL_ONLY = re.compile(
    r"完成[^,，。;；:：]{0,4}预算(的|数)?|(全年|年度|本年|实际|当年|支出)*(决算|执行|实际支出|实际完成|实际执行)(数|金额|支出|额)?(为|是|共)*$"
)
_TIME = re.compile(
    r"^.*?(?:19|20)\d\d年(?:度|末|底|初)?+(?:\d{1,2}月(?:份|底|末)?+)?+(?:\d{1,2}日)?+(?:以来|期间|间)?+"
    r"|^(?:本年度|全年(?!预算|执行)|当年度|年末|至今|目前)(?=.{3,})"
)
_LEAD = re.compile(
    r"^[)）”’、,，.·;；:：。]+|^\([一二三四五六七八九十]{1,3}\)[、.]?|^[一二三四五六七八九十]{1,3}、|^\d{1,2}[.、]"
    r"|^(?:其中|其余|主要包括|包括|分别是|分别为|以及|组织对|主要用于以下方面|具体(?:为|包括)|[一二三四五]是|(?:主要)?原因(?:是|为)|按[^,，]{1,12}口径)[:：,，]?"
    r"|^(?:并|和|与|共|均|全是|全部是|[由用](?=当年|本年|上年|财政拨款)|因(?!公出国|公出境|公临时|公\()|有(?![偿形关线])"
    r"|(?:收入|支出|全部|主要|都)(?:为|是))(?=.{2,})"
)
_TAIL = re.compile(
    r"[(（、]$|(?:分别|总|约|均|各)?(?:为|是)$|(?:共有|共计|共|达到|达成|达|约|各|均|仅|近|超过|超|已|有|提升至|升到|升至|高于|低于|增至|增加到|提高到|提高至|降至|下降到|下降至|压缩至|控制在|保持在|不低于|不超过)$"
)
_OWNS = re.compile(r"^.*?(?:共有|拥有|实有|现有|保有)(?=.{2,})")
_QUOTED = re.compile(r"^[“\"]([^“”\"]+)[”\"](?:科目)?$")
_GENERIC = re.compile(
    r"(本年|当年|年初|全年|支出|收入)?(预算|决算|执行|支出|金额|总额|数额|费用|经费)?(数|支出|总额|额)?|上述(各项|两项|项目)?|该(项|项目|经费)?(支出)?|项目(预算|支出)?|其"
)
_SUM = re.compile(r"(?<=.)(总?预算)?(总计|合计|总额|总数|数|额)?$")
_ORGANISATION = re.compile(
    r"^(?:本|我)(?:单位|部门|[办厅局委院校所])(?:本级)?(?=.{2,})"
    r"|^(?!其他)[^,，、(（]{2,30}?(?:委员会|委|办公厅|办公室|局|厅|政府|中心|学院|大学|学校|医院|法院|检察院|单位)(?:\((?:本级|机关)\))?的?"
    r"(?=(?:本年|当年)?(?:财政拨款|总?收入|总?支出|收支|一般公共预算|政府性基金|国有资本|[“\"]三公|机关运行|政府采购))"
)
_CLASS = re.compile(r"\([类款项]\)")
_BREAKDOWN = re.compile(r"(当年|本年|上年)(预算|结转|拨款)(结余|数|资金)?")
_GROUPS = re.compile(r"(?P<base>.+?)(团组|批次)(数|个数)?$")
_PROJECT_PART = re.compile(r"(?:该?项目)?(?P<part>(?:全年|年初|调整后?)?(?:预算|执行)(?:数|金额|安排)?)")
_SCORED = re.compile(r"(项目)?(绩效|整体)?(自评|评价)?(综合)?(总)?(得分|评分)")
_CODE = re.compile(r"\((?:\d{3}|\d{5}|\d{7})\)")
_LISTED = re.compile(r".*?(?P<list>[^,，。;；:：年度]+?)(占比|占[^,，。;；:：]*)?分别(为|是|占|达到?)*$")
_RESPECTIVE = re.compile(r"[\d.]+%(?:(?:[、,，]|和|及|与|以及)[\d.]+%)+")
_OUTCOME = re.compile(rf"(为|是|达到?)|(?:{_RISE}|{_FALL})(到|至)")
_BEFORE = r"(?:上年度?|上一年度?|去年|(?:19|20)\d\d年度?)"
_PREVIOUS = re.compile(
    rf"(?P<subject>.{{2,}})由{_BEFORE}(?:[^,，]{{0,6}}?的)?|(?:比|较|同|与){_BEFORE}[^,，增减]{{0,10}}?(?:为|的)?"
)
_COMPARED = re.compile(
    r"(?:比|较|与|同|和|跟|由)(?P<year>(?:19|20)\d\d)年(?!度?(?:年初|全年|调整后?)?预算)[^。;；]*$"
)
_YEAR_BEFORE = re.compile(r"(?<!比)(?<!较)(?<!与)(?P<year>(?:19|20)\d\d)年[^,，。;；:：\d]*$")
_NOUN = re.compile(r"^[^,，。;；:：、()（）]{2,24}?(?=开展|进行|实施|纳入|全部|均|，|,|。|;|；|、|$|\()")


class Meaning(NamedTuple):
    """What kind of number a figure is, its unit as printed and how far the unit reaches after the figure."""

    kind: FigureKind
    unit: str | None = None
    reach: int = 0


def meaning(text: str, start: int, end: int, *, percent: bool) -> Meaning:
    """What the figure text[start:end] of a paragraph is by what stands around it."""
    before, after = text[:start], text[end:]
    digits = text[start:end].strip("()（）+-")
    whole = digits.isdigit()
    value = int(digits) if whole else -1
    if whole and (found := _calendar(before, after, digits, value)):
        return found
    if _CODE.fullmatch(text[start:end]) and re.search(r"[^\W\d_]$", before):
        return Meaning("code")
    if before.endswith(("[", "〔", "【")) and after.startswith(("]", "〕", "】")):
        return Meaning("year")
    if before.endswith(("]", "〕", "】")) and after.startswith("号"):
        return Meaning("label")
    at_start = not before or before[-1] in _SENTENCE_END
    if whole and value < 100 and (before.endswith("第") or (at_start and _AFTER_ORDINAL.match(after))):
        return Meaning("ordinal")
    if at_start and text[start] in "(（" and value < 100:
        return Meaning("ordinal")
    if after.startswith(("*", "×")) or before.endswith(("*", "×")):
        return Meaning("label")
    if percent:
        return Meaning("label" if _THRESHOLD.match(after) else "percent", "%", 0)
    for kind, pattern in (("money", _MONEY), ("count", _COUNT)):
        match = pattern.match(after)
        if match:
            if _THRESHOLD.match(after[match.end() :]):
                return Meaning("label")
            return Meaning("money" if kind == "money" else "count", match["unit"], match.end())
    if _LOOKS_WHOLE.search(before) and (not after or after[0] in ",，。;；、)）"):
        return Meaning("money")
    return Meaning("bare")


def _calendar(before: str, after: str, digits: str, value: int) -> Meaning | None:
    if len(digits) == 4 and 1900 <= value <= 2100 and re.match(r"年|-\d{4}年|至\d{4}年|[-.]\d{1,2}", after):
        return Meaning("year")
    if value <= 31:
        if re.match(r"月|[-至]\d{1,2}月", after) or (
            after.startswith(("日", "号")) and before.endswith("月")
        ):
            return Meaning("date")
        if after.startswith(("日", "号")) and re.search(r"\d{4}年\d{1,2}月$", before):
            return Meaning("date")
    return None


class Sense(NamedTuple):
    """Which column a figure goes to, what it is said of (start, end in the paragraph), and its sign."""

    column: ClaimColumn
    start: int
    end: int
    negative: bool = False


def sense(text: str, start: int, end: int, kind: FigureKind) -> Sense:
    """The sense of a figure whose left context is text[start:end]; the subject may be empty."""
    clause = last_clause(text, start, end)
    words = text[clause:end]
    if kind == "percent" and (match := _SHARE.search(words)):
        return Sense("share_percent", clause, clause + match.start())
    change = _CHANGE.fullmatch(words)
    if change and not re.search(r"(到|至|为.*后)$", words):
        subject_end = clause + len(_AGAINST.sub("", change["before"]))
        column: ClaimColumn = "change_percent" if kind == "percent" else "change_amount"
        return Sense(column, clause, subject_end, bool(_FELL.match(change["verb"])))
    if (match := _VERB_FIRST.match(words)) and kind in ("percent", "money", "bare"):
        column = "change_percent" if kind == "percent" else "change_amount"
        return Sense(column, clause + match.end(), end, bool(_FELL.match(match["verb"])))
    if kind == "percent" and (match := _COMPLETED.search(words) or _COMPLETION.search(words)):
        return Sense("completion_percent", clause, clause + match.start())
    return Sense("amount", clause, end)


def last_clause(text: str, start: int, end: int) -> int:
    """Where the last clause of text[start:end] begins; commas in brackets do not part clauses."""
    depth = 0
    for i in range(end - 1, start - 1, -1):
        char = text[i]
        if char in ")）":
            depth += 1
        elif char in "(（":
            depth = max(0, depth - 1)
        elif char in "。;；!！?？:：" or (char in ",，" and not depth):
            return i + 1
    return start


def subject(text: str, start: int, end: int) -> tuple[int, int]:
    """The subject inside text[start:end]: dates, connectives and the verb before the figure taken off."""
    words = text[start:end]
    while (shorter := _TAIL.sub("", words)) != words:
        words = shorter
    end = start + len(words)
    changed = True
    while changed and start < end:
        changed = False
        for pattern in (_LEAD, _TIME, _OWNS, _ORGANISATION):
            match = pattern.match(text[start:end])
            if match and match.end():
                start += match.end()
                changed = True
    return start, end


def name_of(words: str) -> str:
    """The name of a claim from its subject as printed.

    Quotation marks around the whole and codes in brackets are taken off; of a chain by class, section and item
    the last one stays: 一般公共服务(类)某事务(款)行政运行(项) is 行政运行.
    """
    match = _QUOTED.match(words)
    bare = _CODE.sub("", match[1] if match else words)
    pieces = _CLASS.split(bare)
    if len(pieces) > 2 or (len(pieces) == 2 and not pieces[1]):
        bare = re.sub(r"^.*[,，]", "", pieces[-2]) or bare
    return canonical_name(bare)


def same(left: str, right: str) -> bool:
    """Whether two names are of one thing: 收入总计 and 收入, 当年预算数 and 当年预算."""
    return _SUM.sub("", left) == _SUM.sub("", right)


def ends_with(name: str, words: str) -> bool:
    """Whether a name ends with a shorter form of it: 财政拨款支出总计 and 支出总计."""
    return len(words) > 2 and name.removesuffix("数").endswith(words.removesuffix("数"))


def listed(words: str) -> list[tuple[int, int]]:
    """The subjects of '甲、乙和丙分别为', as offsets in `words`; empty where nothing is listed."""
    match = _LISTED.fullmatch(words)
    if match is None:
        return []
    found, at = [], match.start("list")
    for piece in re.split(r"(、|和|及|与)", match["list"]):
        if piece not in ("、", "和", "及", "与", ""):
            found.append((at, at + len(piece)))
        at += len(piece)
    return found if len(found) > 1 else []


def without_budget(name: str) -> str:
    """A name without 年初预算 and the like at its end."""
    match = BUDGET.fullmatch(name)
    return match["before"] if match and match["before"] else name


def without_final(name: str) -> str:
    """A name without 支出决算 at its end; 支出 is part of the name unless an expense or a class stands before it."""
    match = _FINAL.fullmatch(name)
    if match is None:
        return name
    keep = match["paid"] and not match["before"].endswith(("费", "项)", "款)", "类)"))
    return match["before"] + (match["paid"] if keep else "")


def is_generic(words: str) -> bool:
    """Whether a subject only points at what was spoken of before: 预算数, 支出决算, 该项目."""
    return bool(_GENERIC.fullmatch(words))


def is_breakdown(words: str) -> bool:
    """Whether a subject is a part by year that every amount has: 当年预算, 上年结转."""
    return bool(_BREAKDOWN.fullmatch(words))


def part_of_project(words: str) -> str | None:
    """What a subject says of the project that its paragraph speaks of: 自评得分, 全年预算数, 执行数."""
    if _SCORED.fullmatch(words):
        return "自评得分"
    match = _PROJECT_PART.fullmatch(words)
    return match["part"] if match else None


def persons_of(groups: str, unit: str) -> str | None:
    """The name for the persons of groups named before: 出国团组 and 人次 give 出国人次; None for other names."""
    match = _GROUPS.fullmatch(groups)
    return match["base"] + unit if match and unit.startswith("人") else None


def is_execution(words: str) -> bool:
    """Whether a final figure is what was executed of a project's budget rather than an account."""
    return "执行" in words or words.startswith("完成")


def is_final_only(words: str) -> bool:
    """Whether a clause only says that the final figure of the subject before follows: 支出决算为."""
    return bool(_FINAL_ONLY.fullmatch(words))


def respective(text: str, clause: int, at: int) -> int:
    """How many shares follow at `at` that are of as many claims before: '分别占总额的 60%、30% 和 10%'; else 0."""
    match = _RESPECTIVE.match(text, at) if text.startswith("分别", clause) else None
    return match.group().count("%") if match else 0


def is_outcome(words: str) -> bool:
    """Whether a clause only leads from a subject to its amount: 为, 增加到."""
    return bool(_OUTCOME.fullmatch(words))


def previous(words: str) -> int | None:
    """How long the subject is of which a clause names the figure of the year before, 0 where it names none.

    '甲由上年的' is 1, '比上年' is 0; None where the clause speaks of no year before.
    """
    match = _PREVIOUS.fullmatch(words)
    return match.end("subject") if match and match["subject"] else 0 if match else None


def compared_year(before: str) -> int | None:
    """The year that a change is measured against, by the words of the sentence before it; not that of a budget."""
    match = _COMPARED.search(before)
    return int(match["year"]) if match else None


def year_of(before: str) -> int | None:
    """The year in front of a subject in its clause."""
    match = _YEAR_BEFORE.search(before)
    return int(match["year"]) if match else None


def noun_after(text: str, at: int) -> tuple[int, int]:
    """The noun that a count before it counts: '0 个政府性基金预算项目'."""
    match = _NOUN.match(text[at:])
    return (at, at + match.end()) if match else (at, at)
