"""What of the queue a person works through, carried from page to page in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request

from worker.review import Filters

_REASONS = ("unread", "contradiction", "between", "unsupported", "unexplained", "doubtful", "audit")
_STATES = ("open", "review", "failed", "accepted", "corrected", "rejected", "all")
_LONGEST = 200
_LARGEST_ID = 2**31 - 1


def filters_of(request: Request) -> Filters:
    """The filters in the URL of a request."""
    return filters_in(request.query_params)


def filters_in(query: Mapping[str, str]) -> Filters:
    """The filters in the query of a URL; what is no filter counts as not given."""
    given = {key: kept for key, value in query.items() if (kept := value[:_LONGEST].replace("\0", ""))}
    reason = given.get("reason", "")
    status = given.get("status", "")
    return Filters(
        batch=given.get("batch"),
        document=_id(given.get("document", "")),
        kind=given.get("kind"),
        unit_name=given.get("unit_name"),
        reason=reason if reason in _REASONS else None,  # type: ignore[arg-type]
        status=status if status in _STATES else "open",
        mine=_id(given.get("mine", "")),
        text=given.get("text", ""),
        free=given.get("free") == "1",
    )


def _id(given: str) -> int | None:
    number = int(given) if given.isascii() and given.isdigit() else 0
    return number if 0 < number <= _LARGEST_ID else None


def query_of(filters: Filters, **more: str) -> str:
    """The same as the query of a URL, with its question mark; empty where nothing is asked for."""
    named = {
        "batch": filters.batch,
        "document": filters.document,
        "kind": filters.kind,
        "unit_name": filters.unit_name,
        "reason": filters.reason,
        "status": filters.status if filters.status != "open" else None,
        "mine": filters.mine,
        "free": "1" if filters.free else None,
        "text": filters.text,
        **more,
    }
    given = {key: str(value) for key, value in named.items() if value not in (None, "")}
    return f"?{urlencode(given)}" if given else ""


def address_of(document: int, table: str, filters: Filters, **more: str) -> str:
    """The page of a table."""
    return f"/documents/{document}/tables/{table}{query_of(filters, **more)}"


def settled_of(request: Request) -> str | None:
    """The page of the table that was settled just before this one was opened, as its URL says."""
    document, _, table = request.query_params.get("settled", "").partition("/")
    fine = document.isascii() and document.isdigit() and table.isascii() and table.isalnum()
    return address_of(int(document), table, filters_of(request)) if fine else None
