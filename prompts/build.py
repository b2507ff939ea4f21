"""A chunk and its schema as messages to a model."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prompts.describe import describe_kind
from prompts.fields import fields_of, printed, shown
from prompts.heads import names_of, naming_of
from prompts.orders import orders_of
from prompts.wire import BRIEF, WIRES, Wire
from prompts.wire.base import Shape, shape_of
from prompts.wire.notation import letter_of
from prompts.wire.refs import mark_of
from schemas.registry import TableType, table_type
from schemas.source import Chunk
from schemas.text import fold, normalise

_TEMPLATES = Path(__file__).parent / "templates"
_FENCE = "SOURCE"
_EXAMPLES = (
    ("项目\t合计", "201\t\t18.00"),
    ("项目  合计", "201  18.00\n     18.00"),
    ("合计 基本支出\n栏次 1 2", "教育 18.00 -"),
    ("因公出国(境)费\t公务接待费", "18.00\t"),
)
_CHUNK = {False: "chunk.j2", True: "brief_chunk.j2"}


class Prompt(NamedTuple):
    """What is put to a model: `system` is the same for all chunks of a kind, `user` holds the chunk.

    `version` is a hash over the templates, the wire format, the schema of the answer and how cells are shown.
    """

    system: str
    user: str
    version: str


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=False,  # noqa: S701 - the output is a prompt, not a page
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals["letter_of"] = letter_of
    return templates


def build(chunk: Chunk, wire: Wire, *, brief: bool = False) -> Prompt:
    """The prompt for a chunk in a wire format; a chunk of no known kind is read as a generic table.

    `brief`: without instructions, for a model that was trained on prompts of this form.
    """
    text, header = wire.show(chunk), chunk.header
    if brief:
        as_printed = printed(chunk) if text == chunk.text else text
        header, text = _in_columns(
            header, text, as_printed, shape_of(chunk.kind), final=chunk.stage == "final"
        )
    else:
        header, text = _tidy(header), _tidy(text)
    user = (
        _templates()
        .get_template(_CHUNK[brief])
        .render(
            chunk=chunk,
            title=fold(chunk.title),
            text=text,
            header=header,
            fence=fence_for(text, header, chunk.title),
            mark=mark_of(chunk) if wire.name == "refs" and wire is not BRIEF else None,
        )
    )
    static = _static(table_type(chunk.kind), wire.name, brief)
    return Prompt(static.system, user, static.version)


def version(kind: str | None, wire: Wire, *, brief: bool = False) -> str:
    """The version of the prompt for a kind in a wire format: twelve hexadecimal digits."""
    return _static(table_type(kind), wire.name, brief).version


class _Static(NamedTuple):
    system: str
    version: str


@cache
def _static(table: TableType, wire: str, brief: bool) -> _Static:
    shape = shape_of(table.model_fields["kind"].default)
    kind = shape.kind
    if brief:
        system = _templates().get_template("brief.j2").render(kind=kind)
    else:
        system = _templates().get_template("system.j2").render(kind=describe_kind(kind), wire=wire)
    schema = (BRIEF if brief else WIRES[wire]).response_model(kind).model_json_schema()
    parts = [
        wire,
        system,
        (_TEMPLATES / _CHUNK[brief]).read_text(encoding="utf-8"),
        json.dumps(schema, sort_keys=True, ensure_ascii=False),
        *(
            text
            for head, body in _EXAMPLES
            if brief
            for text in _in_columns(head, body, body, shape, final=True)
        ),
    ]
    return _Static(system, hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:12])


def fence_for(*texts: str) -> str:
    """A word that none of the texts contains in any case or width: lines of it enclose a document."""
    haystack = "\n".join(normalise(text) for text in texts).upper()
    fence = _FENCE
    while fence in haystack:
        fence += "_X"
    return fence


def _in_columns(header: str, text: str, as_printed: str, shape: Shape, *, final: bool) -> tuple[str, str]:
    """Head and text, each cell behind what its column is called."""
    orders = orders_of((header, text), shape, final=final)
    found = fields_of(header, text, printed=(header, as_printed), figures={len(order) for order in orders})
    names = names_of(found, shape, orders, final=final)
    over, under = shown((header, text), found, names, naming_of(shape))
    return over, under


def _tidy(text: str) -> str:
    """The text without trailing white space and with single blank lines at most."""
    lines: list[str] = []
    for line in text.replace("\f", "\n").split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip("\n")
