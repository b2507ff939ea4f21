"""What the desk says, in English and in Simplified Chinese: one file a language, the same keys in both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from starlette.requests import HTTPConnection

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
COOKIE = "gouji_language"
TAGS: Mapping[Language, Literal["en-US", "zh-CN"]] = {"en": "en-US", "zh": "zh-CN"}
"""How a language is called in HTML."""


class Words:
    """The strings of one language: `words("doubts.closes", count=3)`. Raises KeyError for a key that is not there."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._strings = strings(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """A string with its places filled in."""
        return self._strings[key].format(**values)

    def or_else(self, key: str, otherwise: str) -> str:
        """A string, or what is to be said where there is none under this key."""
        return self._strings.get(key, otherwise)


@cache
def strings(language: Language) -> Mapping[str, str]:
    """All strings of a language by key."""
    path = Path(__file__).with_name(f"{language}.json")
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found


def language_of(connection: HTTPConnection) -> Language:
    """The language that was chosen, else the first that the browser asks for and we speak."""
    chosen = connection.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    wanted = []
    for part in connection.headers.get("accept-language", "").split(","):
        tag, _, rest = part.strip().partition(";")
        try:
            quality = float(rest.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        wanted.append((-quality, tag.lower()[:2]))
    for _, tag in sorted(wanted, key=lambda entry: entry[0]):
        if tag in LANGUAGES:
            return tag
    return "en"
