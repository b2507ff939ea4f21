"""Every word of a sheet stands in the text at its offsets, whatever the sheet holds."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.source import Page
from tests.drawn import composed
from worker.ingest.page import Rule, Seen, Sheet

PAGE = Page(width=600, height=800, source="ocr")

places = st.floats(-20, 900, allow_nan=False, width=32)
boxes = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h),
    places,
    places,
    st.floats(0, 300),
    st.one_of(st.just(10.0), st.floats(0, 60)),
)
texts = st.one_of(
    st.sampled_from(
        ["一般公共服务支出", "201", "1,234.56", "合计", "$", "-", "(1)", "项", "目", "Total", "1,2", "34.5"]
    ),
    st.text(min_size=1, max_size=8),
)
words = st.builds(Seen, texts, boxes, st.one_of(st.none(), st.floats(0, 1)))
across = st.builds(lambda x, y, w: Rule(x, y, x + w, y), places, places, st.floats(10, 600))
upright = st.builds(lambda x, y, h: Rule(x, y, x, y + h), places, places, st.floats(10, 600))
grids = st.builds(
    lambda xs, ys: [
        *(Rule(min(xs), y, max(xs), y) for y in ys),
        *(Rule(x, min(ys), x, max(ys)) for x in xs),
    ],
    st.lists(places, min_size=2, max_size=6),
    st.lists(places, min_size=2, max_size=8),
)
rules = st.one_of(st.lists(st.one_of(across, upright), max_size=12), grids)
sheets = st.builds(
    lambda words, rules: Sheet(page=PAGE, words=tuple(words), rules=tuple(rules)),
    st.lists(words, max_size=25),
    rules,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(sheets, min_size=1, max_size=3))
def test_no_word_is_lost_and_each_stands_at_its_offsets(pages: list[Sheet]) -> None:
    document = composed(pages)
    seen = Counter((word.text, word.box, word.score) for sheet in pages for word in sheet.words)
    found = Counter((document.text[w.start : w.end], w.box, w.score) for w in document.words)
    assert Counter({(blanked(text), *rest): n for (text, *rest), n in seen.items()}) == found


def blanked(text: str) -> str:
    """A word as it is written: what would end a line or a cell is a blank."""
    return "".join(" " if char in "\t\n\r\f\v\x1c\x1d\x1e\x85\u2028\u2029" else char for char in text)


@settings(max_examples=100, deadline=None)
@given(st.lists(sheets, min_size=1, max_size=4))
def test_words_are_in_order_on_their_pages(pages: list[Sheet]) -> None:
    document = composed(pages)
    assert all(a.end <= b.start for a, b in zip(document.words, document.words[1:], strict=False))
    assert len(document.page_starts) == len(document.pages) == len(pages)
    assert all(a < b for a, b in zip(document.page_starts, document.page_starts[1:], strict=False))
    by_page = Counter(document.page_of(word.start) for word in document.words)
    assert by_page == Counter({i: len(sheet.words) for i, sheet in enumerate(pages, start=1) if sheet.words})
    assert "".join(c for c in document.text if not c.isspace()) == "".join(
        c for w in document.words for c in document.text[w.start : w.end] if not c.isspace()
    )
