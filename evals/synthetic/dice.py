"""Repeatable draws: the same on every machine and under every Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws that follow from a seed. Built on `random()` alone, the one method whose sequence Python keeps."""

    def __init__(self, *seed: object) -> None:
        self._random = random.Random("/".join(map(str, seed))).random

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1."""
        return int(self._random() * count)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, ends included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 draws."""
        return self.below(100) < percent

    def choose(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.below(len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` of the options (all, if there are fewer), in their order."""
        places = list(range(len(options)))
        while len(places) > count:
            places.pop(self.below(len(places)))
        return [options[i] for i in places]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in another order."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in options]

    def amount(self, low: int, high: int, step: int = 1) -> int:
        """A multiple of `step` from `low` to `high`, every order of magnitude as likely as the next."""
        tops = [low * 10**n for n in range(1, 16) if low * 10**n < high]
        bounds = [low, *tops, high]
        place = self.below(len(bounds) - 1)
        return max(step, self.between(bounds[place], bounds[place + 1]) // step * step)

    def split(self, total: int, parts: int, step: int = 1) -> list[int]:
        """`total` in `parts` uneven multiples of `step`, none of them zero where there is enough."""
        steps, rest = divmod(total, step)
        floor = 1 if steps >= parts else 0
        weights = [1 + self.below(100) for _ in range(parts)]
        free = steps - floor * parts
        shares = [floor + free * weight // sum(weights) for weight in weights]
        shares[self.below(parts)] += steps - sum(shares)
        found = [share * step for share in shares]
        found[0] += rest
        return found
