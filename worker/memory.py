"""How the garbage collector is told what is there to stay: it neither walks through that again and again, nor lets what
has gone lie until it has."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

# Of what is set aside no cycles are found any more; so often all of it is looked at once.
_ROUND = 50
_LOADED = 20
_BETWEEN = 16

_T = TypeVar("_T")
_remembering: list[_lru_cache_wrapper[Any]] = []


def remembered(most: int) -> Callable[[Callable[..., _T]], _lru_cache_wrapper[_T]]:
    """A function that remembers its last `most` results, as `functools.lru_cache`, until a worker forgets them all."""

    def remembering(function: Callable[..., _T]) -> _lru_cache_wrapper[_T]:
        made = lru_cache(maxsize=most)(function)
        _remembering.append(made)
        return made

    return remembering


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


class Steady:
    """Keeps the memory of a worker flat over thousands of documents. Safe for threads.

    The collector looks for cycles among old objects once their number has grown by a quarter. Code and tables of rules
    are most of those in a worker, so that the remains of several large documents would lie about. And what is
    remembered of a document would keep the memory that it lies in from being given back, though the next documents
    hardly ask for it. So once a process has read some documents, and has loaded what it needs, all that is set aside;
    after that, every few documents, what they leave is forgotten, collected and given back.
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        # That of glibc; other libraries give back by themselves what is free.
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None

    def after_document(self) -> None:
        """To be called when a document has ended."""
        number = next(self._numbers)
        if number != _LOADED and number % _BETWEEN:
            return
        for each in _remembering:
            each.cache_clear()
        gc.collect()
        if number == _LOADED:
            gc.freeze()
        if self._trim:
            self._trim(0)
