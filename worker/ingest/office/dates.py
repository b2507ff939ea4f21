"""Dates and times of spreadsheets: a number of days and the tokens of a format → the text that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

_DAY_S = 86_400
_LAST_DAY = 2_958_466
_WEEKDAYS = "一二三四五六日"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class _Token(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...


def is_day(value: Decimal) -> bool:
    """Whether a spreadsheet takes a number for a day or a time."""
    return 0 <= value < _LAST_DAY


def moment_of(value: Decimal, since_1904: bool) -> datetime:
    """The moment that a number of days stands for, rounded to milliseconds.

    The calendar of 1900 has a 29 February that never was: earlier days are shifted by one.
    """
    before = date(1899, 12, 30) if value >= 60 else date(1899, 12, 31)
    base = date(1904, 1, 1) if since_1904 else before
    milliseconds = int((value * _DAY_S * 1000).to_integral_value(ROUND_HALF_UP))
    return datetime(base.year, base.month, base.day) + timedelta(milliseconds=milliseconds)  # noqa: DTZ001


def shown_date(value: Decimal, tokens: Sequence[_Token], since_1904: bool) -> str:
    """The text of a moment. `m` is a minute after an hour and before a second, else a month."""
    places = sum(token.kind == "digit" for token in tokens)
    # Rounded to what is shown: 9:59:59.7 is ten o'clock to the second.
    steps = _DAY_S * 10**places
    value = (value * steps).to_integral_value(ROUND_HALF_UP) / steps
    moment = moment_of(value, since_1904)
    twelve = any(token.kind == "noon" for token in tokens)
    fraction = iter(f"{moment.microsecond:06}")
    out: list[str] = []
    named = [at for at, token in enumerate(tokens) if token.kind in {"date", "elapsed"}]
    for at, token in enumerate(tokens):
        if token.kind == "date":
            before = next((tokens[x].text for x in reversed(named) if x < at), "")
            after = next((tokens[x].text for x in named if x > at), "")
            minutes = before[:1].lower() == "h" or after[:1].lower() == "s"
            out.append(_field(moment, token.text.lower(), minutes=minutes, twelve=twelve))
        elif token.kind == "elapsed":
            out.append(_elapsed(value, token.text))
        elif token.kind == "noon":
            first, last = token.text.split("/")
            out.append(first if moment.hour < 12 else last)
        elif token.kind == "digit":
            out.append(next(fraction, ""))
        else:
            out.append(token.text)
    return "".join(out).strip()


def _field(moment: datetime, code: str, *, minutes: bool, twelve: bool) -> str:
    long = len(code)
    letter = code[0]
    if letter in "ye":
        return f"{moment.year % 100:02}" if letter == "y" and long <= 2 else f"{moment.year:04}"
    if letter == "a":
        return ("星期" if long > 3 else "周") + _WEEKDAYS[moment.weekday()]
    if letter == "d":
        return _numbered(moment.day, long) if long <= 2 else _DAYS[moment.weekday()][: 3 if long == 3 else 9]
    if letter == "m" and not minutes:
        name = _MONTHS[moment.month - 1]
        return _numbered(moment.month, long) if long <= 2 else name[: {3: 3, 5: 1}.get(long, 9)]
    hour = (moment.hour - 1) % 12 + 1 if twelve else moment.hour
    return _numbered({"h": hour, "m": moment.minute, "s": moment.second}[letter], long)


def _numbered(number: int, width: int) -> str:
    return f"{number:0{min(width, 2)}}"


def _elapsed(value: Decimal, code: str) -> str:
    seconds = int(value * _DAY_S)
    return f"{seconds // {'h': 3600, 'm': 60, 's': 1}[code[0]]:0{len(code)}}"
