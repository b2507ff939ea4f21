"""Where the figures of a row may stand together: one place, or none, for each of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from prompts.wire.places import Place

Window = list[Place | None]

# Figures and labels that stand very often have more combinations than can be weighed.
_RUNS = 150
_BESIDE = 20
_CROWD = 200


def near(places: list[Place], at: Iterable[int], low: int = 0, high: int | None = None) -> list[Place]:
    """The places of [low, high), in the order of their offsets; of very many only those around some offsets."""
    high = len(places) if high is None else high
    if high - low <= _CROWD:
        return places[low:high]
    middles = {bisect_left(places, offset, low, high, key=_start) for offset in at}
    chosen = {i for at in middles for i in range(max(low, at - _BESIDE), min(high, at + 2 * _BESIDE))}
    return [places[i] for i in sorted(chosen)]


def is_joined(place: Place) -> bool:
    return not place.bounded


def runs(free: list[list[Place]], offset: int) -> Iterator[Window]:
    """From places of the first figure that has any: the next place of each further figure behind it."""
    first = next(i for i, places in enumerate(free) if places)
    starts = [[place.start for place in places] for places in free]
    for place in sorted(free[first], key=lambda place: abs(place.start - offset))[:_RUNS]:
        window: Window = [*[None] * first, place]
        end = place.end
        for places, offsets in zip(free[first + 1 :], starts[first + 1 :], strict=True):
            at = bisect_left(offsets, end)
            found = places[at] if at < len(places) else None
            window.append(found)
            end = found.end if found else end
        yield window


def around(free: list[list[Place]], ends: list[Place]) -> Window:
    """For each figure the place nearest to the lines of an anchor, behind it and in column order."""
    taken: set[int] = set()
    window: Window = []
    behind = 0
    for places in free:
        # Places are in order, so the nearest lines are those beside where the anchor or the last figure stands.
        at = {bisect_left(places, offset, key=_start) for offset in (*(end.start for end in ends), behind)}
        beside = {i for middle in at for i in range(max(0, middle - _BESIDE), middle + _BESIDE)}
        found = min(
            (places[i] for i in beside if i < len(places) and places[i].start not in taken),
            key=lambda place: (
                min(abs(place.line - end.line) for end in ends),
                any(place.line == end.line and place.start < end.start for end in ends),
                not place.bounded,
                place.start < behind,
                place.start,
            ),
            default=None,
        )
        window.append(found)
        if found:
            taken.add(found.start)
            behind = found.end
    return window


def _start(place: Place) -> int:
    return place.start
