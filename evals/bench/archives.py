"""An archive of made documents, for benchmarks that need many: most of one page, every tenth a whole disclosure."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from evals.cases import Case
from evals.garble import case_of
from evals.synthetic import FAMILIES, draft
from evals.synthetic.general import FAMILIES as SHORT

_WHOLE = tuple(family for family in FAMILIES if family not in SHORT)
_EVERY = 10


def cases(documents: int, seed: int) -> Iterator[Case]:
    """So many documents, mildly garbled, each another one."""
    for number in range(documents):
        pool = SHORT if (number + 1) % _EVERY else _WHOLE
        family = pool[number // len(pool) % len(pool)] if pool is _WHOLE else pool[number % len(pool)]
        yield case_of(draft(seed, number, family), "mild", seed)


def write_archive(path: Path, documents: int, seed: int) -> None:
    """A ZIP of them at `path`, in folders of a thousand."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, case in enumerate(cases(documents, seed)):
            archive.writestr(f"{number // 1000:03d}/{number:06d}.txt", case.text)
