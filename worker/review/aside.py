"""Keeps the garbage collector from walking through all that is there to stay: that takes longer than a change."""

from __future__ import annotations

import gc
from itertools import count

# Of what is set aside no cycles are found any more; so often all of it is looked at once.
_ROUND = 50


class Aside:
    """What lives in this process is set aside whenever something large has come to stay. Safe for threads."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def put(self) -> None:
        """Set aside all that lives now. Memory is freed as before when nothing refers to it any more."""
        if next(self._numbers) % _ROUND == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()
