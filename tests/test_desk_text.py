from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import worker.desk.pages.text as text
from worker.desk.pages.assets import FOLDER
from worker.desk.pages.guard import local
from worker.desk.pages.text import LANGUAGES, Words, strings

PAGES = Path(text.__file__).parents[1]
USED = re.compile(r"""\bwords\(\s*["']([a-z_]+(?:\.[a-z_]+)*)["']\s*[,)]""")


def places(string: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(string) if name}


def test_both_languages_say_the_same_things() -> None:
    english, chinese = strings("en"), strings("zh")
    assert set(english) == set(chinese)
    assert {key: (places(english[key]), places(chinese[key])) for key in english} == {
        key: (places(english[key]), places(english[key])) for key in english
    }


def test_every_string_that_a_page_asks_for_is_there_and_none_is_empty() -> None:
    sources = [*PAGES.rglob("*.py"), *FOLDER.glob("*.j2")]
    asked = {key for path in sources for key in USED.findall(path.read_text("utf-8"))}
    assert asked
    assert asked - set(strings("en")) == set()
    assert [
        key for language in LANGUAGES for key, said in strings(language).items() if not said.strip()
    ] == []


def test_chinese_is_chinese() -> None:
    said = {key: re.sub(r"\{\w+\}", "", words) for key, words in strings("zh").items()}
    foreign = {key for key, words in said.items() if re.search(r"[A-Za-z]", words)}
    assert {key for key in foreign if not re.search(r"[\u4e00-\u9fff]", said[key])} == {"language.en"}


def test_a_string_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words("en")("no.such.string")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/documents/1/tables/t02?batch=a&text=%E8%A1%A8", "/documents/1/tables/t02?batch=a&text=%E8%A1%A8"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_only_paths_of_ours_are_gone_to(path: str, expected: str) -> None:
    assert local(path) == expected
