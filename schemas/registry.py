"""The registry of kinds: `@kind` enters a table model, `kinds()` lists them, a folder adds a user's own."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any, TypeVar

from schemas.errors import ConfigError
from schemas.tables import Table
from schemas.text import squeeze

AnyTable = Table[Any]
TableType = type[AnyTable]
T = TypeVar("T", bound=TableType)

_KINDS: dict[str, TableType] = {}


def kind(cls: T) -> T:
    """Class decorator: enter a table model under the default of its `kind` field."""
    model: TableType = cls
    name = model.model_fields["kind"].default
    if not isinstance(name, str):
        raise ConfigError(f"{cls.__name__}: the field `kind` needs its name as default")
    _KINDS[name] = cls
    return cls


def kinds() -> dict[str, TableType]:
    """All known kinds by name, in the order of their entry."""
    return dict(_KINDS)


def table_type(name: str | None) -> TableType:
    """The table model of a kind; the generic one for None and for names that are not known."""
    return _KINDS.get(name or "generic", _KINDS["generic"])


def kind_of_title(title: str) -> str | None:
    """The kind whose title patterns match the longest piece of `title`, None if none does."""
    text = squeeze(title)
    best: tuple[int, str] | None = None
    for name, model in _KINDS.items():
        for pattern in model.titles:
            found = re.search(pattern, text)
            if found and (best is None or len(found.group()) > best[0]):
                best = (len(found.group()), name)
    return best[1] if best else None


def load_kinds(folder: Path) -> list[str]:
    """Import every module of a folder so that its `@kind` models are known; returns the new kinds.

    Raises ConfigError, naming the file, if a module does not load. The folder is trusted code.
    """
    before = set(_KINDS)
    for path in sorted(folder.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"gouji_user_kinds.{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ConfigError(f"{path.name}: cannot be loaded as a Python module")
        try:
            module = importlib.util.module_from_spec(spec)
            # Where annotations are strings, pydantic looks their names up in the registered module.
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
        except Exception as error:
            raise ConfigError(
                f"{path.name}: {error}; mend the module or take it out of {folder.name}"
            ) from error
    return sorted(set(_KINDS) - before)
