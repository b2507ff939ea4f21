"""What a table is: typed models, their identities beside the fields, and where everything stands in a source.

The public names of this room; `schemas.kinds` holds the kinds themselves.
"""

from schemas import kinds as _kinds  # noqa: F401 - enters the bundled kinds into the registry
from schemas.amounts import Amount, Interval, unit_factor
from schemas.errors import (
    Away,
    ConfigError,
    EmptyInput,
    GoujiError,
    InputError,
    Invalid,
    ModelError,
    NotAsked,
    Paused,
    Refused,
    Throttled,
    TooLarge,
    Transient,
    Truncated,
    Unreachable,
    Unreadable,
    Unsupported,
)
from schemas.findings import Finding, Reading, Suspect
from schemas.registry import (
    AnyTable,
    kind,
    kind_of_title,
    kinds,
    load_kinds,
    table_type,
)
from schemas.source import Chunk, Document, Numeral, Span, ledger_of
from schemas.tables import Cell, CellRef, ColumnInfo, Money, Row, Table, column
from schemas.text import canonical_name, fold, normalise, squeeze

__all__ = [
    "Amount",
    "AnyTable",
    "Away",
    "Cell",
    "CellRef",
    "Chunk",
    "ColumnInfo",
    "ConfigError",
    "Document",
    "EmptyInput",
    "Finding",
    "GoujiError",
    "InputError",
    "Interval",
    "Invalid",
    "ModelError",
    "Money",
    "NotAsked",
    "Numeral",
    "Paused",
    "Reading",
    "Refused",
    "Row",
    "Span",
    "Suspect",
    "Table",
    "Throttled",
    "TooLarge",
    "Transient",
    "Truncated",
    "Unreachable",
    "Unreadable",
    "Unsupported",
    "canonical_name",
    "column",
    "fold",
    "kind",
    "kind_of_title",
    "kinds",
    "ledger_of",
    "load_kinds",
    "normalise",
    "squeeze",
    "table_type",
    "unit_factor",
]
