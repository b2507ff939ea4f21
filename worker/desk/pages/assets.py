"""Files of ours that pages load: style and script, served from this host and told apart by their contents."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).with_name("static")
PREFIX = "/desk-static"


@cache
def address(name: str) -> str:
    """The URL of a file; another one once the file has changed."""
    return f"{PREFIX}/{name}?v={sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"


def linked(name: str) -> str:
    """The HTML that loads a style sheet or a script."""
    if name.endswith(".css"):
        return f'<link rel="stylesheet" href="{address(name)}">'
    return f'<script src="{address(name)}"></script>'
