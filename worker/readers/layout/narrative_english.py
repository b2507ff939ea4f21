"""English prose: what the words around a figure say of it."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Column = Literal[
    "amount", "change_amount", "change_percent", "share_percent", "completion_percent", "previous_amount"
]

_SIGN = r"(?:US\$|[$€£¥]|\b(?:USD|EUR|GBP|RMB|CNY|JPY)) ?"
_SCALE = re.compile(
    r" ?(?P<scale>thousand|million|billion|trillion|bn|mn|[mk])\b"
    r"(?: (?:dollars|euros|pounds|yuan|yen))?|(?P<plain> (?:dollars|euros|pounds|yuan|yen))\b",
    re.IGNORECASE,
)
_PERCENT = re.compile(r" ?(?:percent|per cent)\b(?! points)", re.IGNORECASE)
_YEAR_WORDS = re.compile(
    r"(?:\b(?:in|for|from|of|to|since|by|than|with|over|and|year|fiscal|ended|on)|\bFY|[,(]) ?$",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{1,2},?)? ?$"
)
_RISE = r"up|rose|rises?|risen|increas\w*|grew|grown|growth|gain\w*|higher|more"
_FALL = r"down|fell|fall\w*|decreas\w*|declin\w*|drop\w*|reduc\w*|lower|less"
_ABOUT = r"(?:about|around|approximately|some|nearly|almost|over)? ?"
_CHANGED = re.compile(
    rf"\b(?:(?P<rise>{_RISE})|(?P<fall>{_FALL}))(?: (?:by|of))? {_ABOUT}(?:{_SIGN})?$", re.IGNORECASE
)
_CHANGES = re.compile(rf"^ (?:(?P<rise>{_RISE})|(?P<fall>{_FALL}))\b", re.IGNORECASE)
_OR = re.compile(r" ?[,(]? ?(?:or )?", re.IGNORECASE)
_SHARE_BEFORE = re.compile(
    r"\b(?:account(?:s|ed|ing) for|represent(?:s|ed|ing)?|(?:make|makes|made|making) up|compris(?:es|ed|ing)"
    rf"|constitut(?:es|ed|ing)) {_ABOUT}$",
    re.IGNORECASE,
)
_SHARE_AFTER = re.compile(r"^ of (?!the (?:prior|previous) year)(?!(?:19|20)\d\d\b)", re.IGNORECASE)
_DONE_AFTER = re.compile(r"^ of (?:the |its )?(?:\w+ )?(?:budget|plan|target)\b", re.IGNORECASE)
_BEFORE = re.compile(
    rf"\b(?:from|compared (?:with|to)|against|versus|vs\.?|than) {_ABOUT}(?:{_SIGN})?$", re.IGNORECASE
)
_TO = re.compile(rf"[ ,]*to {_ABOUT}(?:{_SIGN})?", re.IGNORECASE)
_COMPARED = re.compile(
    r"^[^.;]{0,25}?\b(?:from|compared (?:with|to)|over|than|versus|vs\.?|on|against)(?: (?:fiscal|the year))? "
    r"(?P<year>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_AFTER_YEAR = re.compile(r"^ (?:in|for) (?:fiscal )?(?P<year>(?:19|20)\d\d)\b", re.IGNORECASE)
_VERB = re.compile(
    r"\s*(?:,|:|\b(?:was|were|is|are|of|at|to|totall?(?:ed|ing|s)|amount(?:ed|s|ing) to|reached|came to|stood at"
    r"|(?:rose|fell|grew|increased|decreased|declined|dropped) to)\b)?"
    rf"\s*{_ABOUT}(?:{_SIGN})?$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:in|for|during) (?:the )?(?:fiscal |financial )?(?:year )?(?:19|20)\d\d,?|of which|including"
    r"|and|while|its|the|our|a|an|which|this|consisting of|comprising)(?: |$)",
    re.IGNORECASE,
)
_NOUN = re.compile(
    r"^ (?:was |were |is |are |went )?(?:spent |used )?(?:for|on|in|to|from)? ?(?:the )?"
    r"(?P<noun>[A-Za-z][A-Za-z &'-]{2,40}?)(?= (?:and|was|were|in|for)\b|[,.;)]|$)"
)


class Words(NamedTuple):
    """What stands around a figure: the column it goes to, its unit and how far that reaches after it, the subject
    [start, end) in the paragraph, its sign, and the years that it is of and is compared with."""

    column: Column
    unit: str | None
    reach: int
    start: int
    end: int
    negative: bool = False
    year: int | None = None
    compared_year: int | None = None


def is_year(text: str, start: int, end: int) -> bool:
    """Whether the figure text[start:end] is a year or a day."""
    digits = text[start:end]
    if re.fullmatch(r"(?:19|20)\d\d", digits):
        before, after = text[:start], text[end:]
        return not _SCALE.match(after) and bool(
            not before or _YEAR_WORDS.search(before) or _MONTH.search(before)
        )
    return digits.isdigit() and len(digits) <= 2 and _MONTH.search(text[:start]) is not None


def words_of(text: str, left: int, start: int, end: int, *, percent: bool) -> Words | None:
    """The sense of the figure text[start:end]; the figure before it ends at `left`. None if no unit says what it is."""
    before = text[left:start]
    after = text[end:]
    scale = None if percent else _SCALE.match(after)
    said = _PERCENT.match(after)
    percent = percent or said is not None
    sign = re.search(rf"{_SIGN}$", before)
    if not (percent or scale or sign):
        return None
    reach = said.end() if said else scale.end() if scale else 0
    unit = "%" if percent else (scale["scale"] if scale and scale["scale"] else "") or None
    after = after[reach:]
    compared = _COMPARED.match(after)
    of_year = _AFTER_YEAR.match(after)
    years = int(of_year["year"]) if of_year else None, int(compared["year"]) if compared else None
    clause = left + max(
        (before.rfind(mark) + len(mark) for mark in (". ", "; ", ", ") if mark in before), default=0
    )
    nowhere = (clause, clause)
    if percent and _DONE_AFTER.match(after):
        return Words("completion_percent", unit, reach, *nowhere)
    change = _CHANGED.search(before) or _CHANGES.match(after)
    if change and not before.rstrip(" $€£¥US").endswith(" to"):
        column: Column = "change_percent" if percent else "change_amount"
        where = _trimmed(text, clause, left + change.start()) if change.re is _CHANGED else nowhere
        return Words(column, unit, reach, *where, change["fall"] is not None, *years)
    if percent and (_SHARE_BEFORE.search(before) or _SHARE_AFTER.match(after)):
        return Words("share_percent", unit, reach, *nowhere)
    if percent:
        return (
            Words("change_percent", unit, reach, *nowhere, compared_year=years[1])
            if _OR.fullmatch(before)
            else None
        )
    if _TO.fullmatch(before):
        return Words("amount", unit, reach, *nowhere, year=years[0])
    if _BEFORE.search(before):
        return Words("previous_amount", unit, reach, *nowhere, year=years[0])
    return Words("amount", unit, reach, *_subject(text, left, start, end + reach), year=years[0])


def _subject(text: str, left: int, start: int, end: int) -> tuple[int, int]:
    """The noun before the verb in front of an amount, else the one behind it: 'of which $4 million for salaries'."""
    first, last = left + _sentence(text[left:start]), start
    if verb := _VERB.search(text[first:last]):
        last = first + verb.start()
    comma = text.rfind(", ", first, last)
    found = _trimmed(text, comma + 2 if comma >= 0 else first, last)
    if found[0] < found[1]:
        return found
    noun = _NOUN.match(text[end:])
    return (end + noun.start("noun"), end + noun.end("noun")) if noun else found


def _sentence(before: str) -> int:
    """Where the last sentence of a text begins."""
    return max((before.rfind(mark) + len(mark) for mark in (". ", "; ") if mark in before), default=0)


def _trimmed(text: str, first: int, last: int) -> tuple[int, int]:
    """[first, last) without what leads to a subject and without marks around it; empty where no word is left."""
    words = text[first:last]
    while True:
        shorter = words.lstrip(" ,;:")
        if match := _LEAD.match(shorter):
            shorter = shorter[match.end() :]
        if shorter == words:
            break
        words = shorter
    first = last - len(words)
    words = words.rstrip(" ,;:")
    return (first, first + len(words)) if re.search(r"[A-Za-z]{2}", words) else (first, first)
