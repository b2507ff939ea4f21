"""An entry of the queue as a row: what is shown of it, and the template that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil

from worker.desk.pages.filters import address_of, query_of
from worker.desk.pages.rows import Column, Row, Rows
from worker.desk.pages.text import Language, Words
from worker.desk.pages.text.phrases import phrased
from worker.review import Entry, Filters

_SCALES: dict[Language, tuple[tuple[int, str], ...]] = {
    "en": ((10**9, "¥{:,.2f} bn"), (10**6, "¥{:,.2f} m"), (10**3, "¥{:,.1f} k"), (1, "¥{:,.2f}")),
    "zh": ((10**8, "{:,.2f} 亿元"), (10**4, "{:,.1f} 万元"), (1, "{:,.2f} 元")),
}
_A_FEW = Decimal("0.5")
_OPEN = {"review", "failed"}
_COLUMNS = (
    ("table", "", 28),
    ("why", "", 30),
    ("money", "rows-figure", 10),
    ("doubt", "", 7),
    ("fix", "", 8),
    ("held", "", 17),
)


def key_of(entry: Entry) -> str:
    """What tells a row apart."""
    return f"{entry.document}/{entry.table}"


def yuan(amount: Decimal, language: Language) -> str:
    """A sum of money, short, as people of the language count: 12.3 万元, ¥123.0 k."""
    size, form = next(
        ((size, form) for size, form in _SCALES[language] if abs(amount) >= size), _SCALES[language][-1]
    )
    return form.format(amount / size)


def minutes(until: datetime) -> int:
    """How many minutes are left, begun ones counted."""
    return max(1, ceil((until - datetime.now(UTC)).total_seconds() / 60))


def rows_of(
    entries: Sequence[Entry], filters: Filters, words: Words, me: str, *, may_claim: bool
) -> list[Row]:
    """Rows in the order of the entries. All text is data: the template shows it as text."""
    return [_row(entry, filters, words, me, may_claim) for entry in entries]


def _row(entry: Entry, filters: Filters, words: Words, me: str, may_claim: bool) -> Row:
    kind = words.or_else(f"kind.{entry.kind}", entry.kind)
    why = [phrased(words.language, reason) for reason in entry.reasons]
    waits = entry.status in _OPEN
    mine = entry.claimed_by == me
    held = ""
    if entry.claimed_by and entry.claimed_until:
        name = words("queue.you") if mine else entry.claimed_by
        held = words("queue.held", by=name, count=minutes(entry.claimed_until))
    percent = int(entry.doubt * 100)
    return {
        "id": key_of(entry),
        "href": address_of(entry.document, entry.table, filters),
        "title": entry.title or kind,
        "kind": kind if entry.title and entry.title != kind else "",
        "document": entry.document_name,
        "of": query_of(Filters(document=entry.document)),
        "unit": entry.unit_name,
        "reason": words.or_else(f"reason.{entry.reason}", ""),
        "code": entry.reason,
        "why": "；".join(why) if words.language == "zh" else "; ".join(why),
        "money": yuan(entry.money, words.language) if entry.money is not None else "–",
        "exact": words("queue.exact", figure=f"{entry.money:,.2f}") if entry.money is not None else "",
        "doubt": percent,
        "fix": words(_fix(entry.ease)),
        "status": "" if waits else words.or_else(f"status.{entry.status}", entry.status),
        "state": entry.status,
        "held": held,
        "mine": mine,
        "claim": may_claim and waits and not held,
        "release": may_claim and mine,
    }


def _fix(ease: Decimal) -> str:
    if ease >= 1:
        return "queue.fix.one"
    return "queue.fix.few" if ease >= _A_FEW else "queue.fix.many"


def listing(words: Words) -> Rows:
    """An empty table for rows."""
    columns = [
        Column(words(f"queue.column.{name}"), width, classes, words(f"queue.column.{name}.about"))
        for name, classes, width in _COLUMNS
    ]
    said = {name: words(f"queue.{name}") for name in ("claim", "release", "only")}
    return Rows(words("queue.label"), columns, _BODY, said)


_BODY = """
<tr :data-row="row.id">
  <td>
    <a class="queue-open" data-act="open" :href="row.href" :data-key="row.id">{{ row.title }}</a>
    <span class="rows-under">
      <a data-act="filter" :href="'/' + row.of" :title="said.only" tabindex="-1"
        >{{ row.document }}</a><template v-if="row.unit"> · {{ row.unit }}</template>
    </span>
  </td>
  <td>
    <span :class="['queue-reason', 'is-' + row.code]">{{ row.reason }}</span>
    <span v-if="row.status" :class="['desk-status', 'is-' + row.state]">{{ row.status }}</span>
    <span class="rows-under rows-two" :title="row.why">{{ row.why }}</span>
  </td>
  <td class="rows-figure"><span :title="row.exact">{{ row.money }}</span></td>
  <td>
    <span class="queue-doubt">{{ row.doubt }} %
      <span class="queue-bar" aria-hidden="true"><i :style="{ width: row.doubt + '%' }"></i></span>
    </span>
  </td>
  <td><span class="queue-quiet">{{ row.fix }}</span></td>
  <td>
    <span class="queue-hold">
      <span :class="['queue-holder', row.mine ? 'is-mine' : 'is-other']">{{ row.held }}</span>
      <button v-if="row.claim" type="button" class="queue-act is-claim" data-act="claim" :data-key="row.id"
        :aria-label="said.claim + ': ' + row.title">{{ said.claim }}</button>
      <button v-if="row.release" type="button" class="queue-act" data-act="release" :data-key="row.id"
        :aria-label="said.release + ': ' + row.title">{{ said.release }}</button>
    </span>
  </td>
</tr>
"""
