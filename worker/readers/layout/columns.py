"""Which figure stands in which column: layout proposes, arithmetic chooses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import NamedTuple

from schemas import AnyTable, ColumnInfo, squeeze
from schemas.heads import columns_named, printed_columns
from schemas.rules import Rule
from worker.readers.layout import headers
from worker.readers.layout.place import Placement, options, settle
from worker.readers.layout.records import Body, Record, is_head, is_unit
from worker.reconcile import closure, identities
from worker.segment.lines import Line

_DATED = re.compile(r"\b(?:19|20)\d\d\b.*\b(?:19|20)\d\d\b")
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)[.]?"
)
_DATE = re.compile(rf"\b(?:\d{{1,2}} *)?{_MONTH} *(?:\d{{1,2}} *)?,? *(?:19|20)\d\d\b")
_YEAR = re.compile(rf"^(?:FY)?(?:19|20)\d\d年?$|^{_DATE.pattern}$")
_LABEL_WORD = re.compile(r"编码|代码|名称|^项目$|^序号$|^行次$|[类款项]{2,3}")

Make = Callable[[Sequence[Placement]], AnyTable]


class Score(NamedTuple):
    """How well a candidate closes; more is better.

    A failure costs three passes: fewer failures alone would reward a mapping under which little can be checked.
    `untouched` is minus the number of figures that no passing identity touches.
    """

    worth: int
    untouched: int
    failed: int


@dataclass
class Layout:
    """A mapping of figures to columns for all records, and how well the table closes under it.

    `moved` says in words which figures do not stand under their printed header; `doubtful` are the records
    whose placement is not the only one that fits, `guessed` the columns that no header names.
    """

    placing: list[Placement]
    columns: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    doubtful: list[int] = field(default_factory=list)
    score: Score = field(default_factory=lambda: Score(0, 0, 0))
    moved: str = ""
    guessed: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Nothing fails, something passes and no figure is untouched."""
        return not self.score.failed and self.score.worth > 0 and not self.score.untouched


def by_headers(
    body: Body, records: Sequence[Record], infos: Mapping[str, ColumnInfo], make: Callable[[Layout], AnyTable]
) -> Layout:
    """The layout of separated lines: columns under their headers; shifted ones where only that closes."""
    used = sorted({v.column for r in records for v in r.values})
    columns: dict[int, list[int]] = {}
    for column in used:
        columns.setdefault(body.block_of.get(column, 0), []).append(column)
    best: Layout | None = None
    rival: Layout | None = None
    for moved, keys, guessed in _mappings(body, columns, infos):
        layout = Layout(
            placing=[tuple(keys.get(v.column) for v in r.values) for r in records],
            columns=_with_blank(body, keys, infos),
            headers=_printed(body, keys),
            moved=moved,
            guessed=[k for k in keys.values() if k in guessed or (infos and _LABEL_WORD.search(k))],
        )
        layout.score = score(make(layout))
        if best is None or layout.score > best.score:
            best, rival = layout, None
        elif layout.score == best.score and layout.placing != best.placing and best.moved:
            rival = layout
        if best.complete and not moved:  # nothing fails, nothing is untouched: the printed place stands
            break
    if best and rival:  # two shifts close equally well
        best.doubtful = sorted(_differing(best.placing, [rival.placing]))
    return best or Layout([tuple(None for _ in r.values) for r in records], [])


def score(table: AnyTable) -> Score:
    """How well a table closes."""
    found = closure(table)
    return Score(found.passed - 3 * found.failed, found.touched - found.cells, found.failed)


def _mappings(
    body: Body, columns: Mapping[int, Sequence[int]], infos: Mapping[str, ColumnInfo]
) -> Iterator[tuple[str, dict[int, str], set[str]]]:
    """(what is moved in words, column → key, keys that no header names): the printed mapping first, then one with
    the columns from a point on shifted.

    Columns of no known kind close under any header: they stay where they are printed.
    """
    everything = [c for cs in columns.values() for c in cs]
    reach = range(max(everything, default=0) + 3)
    all_paths = headers.paths(body.header, list(reach))
    shifts = product(everything, (-1, 1)) if infos else ()
    for shift_from, shift in [(None, 0), *shifts]:
        keys: dict[int, str] = {}
        guessed: set[str] = set()
        for own in columns.values():
            moved = {c: c + (shift if shift_from is not None and c >= shift_from else 0) for c in own}
            if len(set(moved.values())) < len(own) or min(moved.values(), default=0) < 0:
                break
            found = headers.assign({c: all_paths[moved[c]] for c in own if moved[c] in all_paths}, infos)
            keys.update(found)
            rest = [c for c in own if c not in found]
            spare = [k for k in infos if k not in found.values()]
            keys.update(zip(rest, spare, strict=False))
            guessed.update(spare[: len(rest)])
        else:
            where = (
                f"figures from field {shift_from + 1} on belong {shift:+d} field"
                if shift_from is not None
                else ""
            )
            yield where, keys, guessed


def _with_blank(body: Body, keys: Mapping[int, str], infos: Mapping[str, ColumnInfo]) -> list[str]:
    """The column keys in printed order, with those that the header names and that are blank in every row."""
    named = dict(keys)
    reach = max((f.column for line in body.header for f in line.fields), default=-1)
    for column, header in headers.paths(body.header, range(reach + 1)).items():
        blank = column == header.start and column not in named and column not in body.block_of
        own = [k for k in columns_named(header.path, infos) if k not in named.values()] if blank else []
        if own:
            named[column] = own[0]
    return list(dict.fromkeys(k for _, k in sorted(named.items())))


def _printed(body: Body, keys: Mapping[int, str]) -> dict[str, str]:
    found = headers.paths(body.header, list(keys))
    return {
        key: " ".join([*found[column].printed, found[column].formula]).rstrip()
        for column, key in sorted(keys.items())
        if column in found
    }


def by_order(
    body: Body,
    records: Sequence[Record],
    infos: Mapping[int, Mapping[str, ColumnInfo]],
    rules: Sequence[Rule],
    make: Callable[[Layout], AnyTable],
) -> Layout:
    """The layout of lines without separators: figures in the order of the columns that the header names.

    `infos` are the columns that each block may have. Candidates for the columns of a block are tried one
    block after the other; the one under which the table closes best stands.
    """
    words = header_words(body)
    blocks = sorted({r.block for r in records})
    candidates = {b: list(_candidates(words, body, _most(records, b), infos[b])) for b in blocks}
    chosen = {b: candidates[b][0] for b in blocks}
    best = _place(records, chosen, rules, make)
    rivals: list[list[Placement]] = []
    for block in blocks:
        for keys in candidates[block][1:]:
            # Where the first candidate closes, what it leaves open is open: a narrower one would hide it.
            if best.complete:
                return _with_guesses(best, body, words, infos)
            layout = _place(records, {**chosen, block: keys}, rules, make)
            if layout.score > best.score:
                best, chosen, rivals = layout, {**chosen, block: keys}, []
            elif layout.score == best.score and layout.placing != best.placing:
                rivals.append(layout.placing)
    best.doubtful = sorted({*best.doubtful, *_differing(best.placing, rivals)})
    return _with_guesses(best, body, words, infos)


def _with_guesses(
    layout: Layout, body: Body, words: Sequence[str], infos: Mapping[int, Mapping[str, ColumnInfo]]
) -> Layout:
    """Note the columns that stand in the layout though no header word names them."""
    named = {k for own in infos.values() for k in printed_columns(words, own)}
    if body.blocks == 1:
        count = len(layout.columns)
        for own in infos.values():
            found = list(_header_line(body, count, own))
            if (
                own or len(set(found)) == 1
            ):  # of several lines that may head a table of no kind none is sure to
                named.update(k for keys in found for k in keys)
    layout.guessed = [k for k in layout.columns if k not in named]
    return layout


def _differing(placing: Sequence[Placement], rivals: Sequence[Sequence[Placement]]) -> set[int]:
    """Records that a rival layout, closing as well, places differently."""
    return {i for rival in rivals for i, (a, b) in enumerate(zip(placing, rival, strict=True)) if a != b}


def _most(records: Sequence[Record], block: int) -> int:
    return max((len(r.values) for r in records if r.block == block), default=0)


def _candidates(
    words: Sequence[str], body: Body, count: int, infos: Mapping[str, ColumnInfo]
) -> Iterator[tuple[str, ...]]:
    """Column keys for `count` figures abreast, the likeliest first."""
    seen: set[tuple[str, ...]] = set()
    for keys in _proposals(words, body, count, infos):
        if keys and keys not in seen:
            seen.add(keys)
            yield keys
        if len(seen) > 24:
            return
    if not seen:
        yield tuple(infos)[:count] or ("value",)


def _proposals(
    words: Sequence[str], body: Body, count: int, infos: Mapping[str, ColumnInfo]
) -> Iterator[tuple[str, ...]]:
    money = [k for k, i in infos.items() if not i.text]
    printed = [k for k in printed_columns(words, infos) if k in money]
    if len(printed) == count:
        yield tuple(printed)
    if len(printed) > count:
        yield tuple(printed)
    if body.blocks == 1:
        yield from _header_line(body, count, infos)
    extra = [k for k in money if k not in printed]
    if len(printed) < count:
        for added in combinations(extra, count - len(printed)):
            yield tuple(k for k in money if k in printed or k in added)
    if len(printed) <= count:
        yield tuple(money[:count])


def _header_line(body: Body, count: int, infos: Mapping[str, ColumnInfo]) -> Iterator[tuple[str, ...]]:
    """A header line with a word for every figure: its words are the columns, known or not."""
    plain = [] if infos else _plain_headers(body, count)
    for line in sorted(body.header, key=lambda line: -line.index):  # the nearest to the figures first
        words = [w for w in _line_words(line) if not _LABEL_WORD.search(w)]
        if line in plain:
            own = [w for w in _line_texts(line) if not _LABEL_WORD.search(squeeze(w))][-count:]
            printed = {i: headers.Header((squeeze(w),), i, (headers.shown(w),)) for i, w in enumerate(own)}
            found = headers.assign(printed, infos)
            yield tuple(found[i] for i in range(count))
        if len(words) < count or any(headers.is_group(w, infos) for w in words):
            continue
        found = headers.assign({i: headers.Header((w,), i) for i, w in enumerate(words)}, infos)
        complete = set(printed_columns(header_words(body), infos)) <= set(found.values())
        if complete and sum(k in infos for k in found.values()) >= max(1, len(words) // 2):
            yield tuple(found[i] for i in range(len(words)))


def _plain_headers(body: Body, count: int) -> list[Line]:
    """The lines that may head so many columns of a table of no known kind: those of years, or of as many words."""
    lines = [line for line in body.header if not (is_unit(line) or is_head(line))]
    words = [[w for w in _line_words(line) if not _LABEL_WORD.search(w)] for line in lines]
    years = [
        line
        for line, own in zip(lines, words, strict=True)
        if len(own) >= count and all(map(_YEAR.match, own[-count:]))
    ]
    if not years and any(own and all(map(_YEAR.match, own)) for own in words):
        return []  # the years stand on several lines: no line names all columns
    if years or any(
        _DATED.search(line.text) for line in lines
    ):  # dates that no words tell apart are the header
        return years
    return [line for line, own in zip(lines, words, strict=True) if len(own) in (count, count + 1)]


def _line_words(line: Line) -> list[str]:
    """The header words of a line, squeezed."""
    return [squeeze(text) for text in _line_texts(line)]


def _line_texts(line: Line) -> list[str]:
    """The header texts of a line: parted by two or more spaces where it has such gaps, else by any."""
    gaps = re.search(r"\S {2,}\S", line.text)
    return _joined(re.split(r" {2,}", line.text.strip()) if gaps else _printed_words(line.text))


def _printed_words(text: str) -> list[str]:
    """The words of a text; a date is one: December 31, 2016."""
    words: list[str] = []
    at = 0
    for date in _DATE.finditer(text):
        words.extend([*text[at : date.start()].split(), date.group()])
        at = date.end()
    return words + text[at:].split()


def _joined(words: Sequence[str]) -> list[str]:
    """Single characters side by side are one word: '合 计'."""
    joined: list[str] = []
    single = False
    for word in words:
        if len(word) == 1 and single:
            joined[-1] += word
        else:
            joined.append(word)
        single = len(word) == 1
    return joined


def header_words(body: Body) -> list[str]:
    """All words of header lines and of labels that stand apart."""
    words = [squeeze(w) for line in body.header for w in line.text.split()]
    words.extend(squeeze(w) for text in body.labels for w in text.text.split())
    return _joined(words)


def _place(
    records: Sequence[Record],
    keys: Mapping[int, Sequence[str]],
    rules: Sequence[Rule],
    make: Callable[[Layout], AnyTable],
) -> Layout:
    choices = [options(r, keys[r.block], rules) for r in records]
    columns = list(dict.fromkeys(k for b in sorted(keys) for k in keys[b]))
    layout = Layout([c.placements[0] for c in choices], columns)
    if any(len(c.placements) > 1 for c in choices):
        left = settle(records, choices, _sums(make(layout)))
        layout.placing = [c.placements[0] for c in left]
        layout.doubtful = [i for i, c in enumerate(left) if len(c.placements) > 1 or not c.complete]
    layout.score = score(make(layout))
    return layout


def _sums(table: AnyTable) -> list[tuple[int, tuple[int, ...]]]:
    """(total row, part rows) of a table, as its identities over columns say, the widest first."""
    found: dict[tuple[int, tuple[int, ...]], None] = {}
    for identity in identities("", table):
        if identity.scope in ("column", "hierarchy") and identity.form == "sum" and not identity.skipped:
            rows = [t.ref.row for t in identity.terms]
            columns = {t.ref.column for t in identity.terms}
            signs = {t.factor > 0 for t in identity.terms[1:]}
            if len(rows) >= 2 and len(columns) == 1 and len(signs) == 1:
                found[(rows[0], tuple(rows[1:]))] = None
    return list(found)
