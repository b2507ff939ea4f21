"""Decides identities exactly: a sum holds when its rounding interval contains what it must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import product
from types import MappingProxyType
from typing import NamedTuple

from schemas import AnyTable, Interval
from schemas.findings import Finding, Identity, Status, Term
from schemas.rules import Scope
from schemas.tables import CellRef
from worker.reconcile.equation import Equation, closes, sums
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid
from worker.reconcile.wording import outcome_words, statement

# Quotients do not end; they are shown with this many decimals. Verdicts never use the shown figure.
_SHOWN = Decimal("0.000001")
_NOTHING = Interval(Fraction(0), Fraction(0))
_STATUS: dict[bool | None, Status] = {True: "passed", False: "failed", None: "skipped"}


class Outcome(NamedTuple):
    """What checking an identity brings; the figures are in the unit of the left side."""

    holds: bool | None
    left: Decimal | None = None
    right: Decimal | None = None
    tolerance: Decimal | None = None
    reason: str = ""


def identities(table_id: str, table: AnyTable) -> Iterator[Identity]:
    """The identities that the rules of a table's kind state about its cells, blank cells included."""
    grid = Grid(table_id, table)
    for equation in equations(grid):
        yield identity_of(grid, equation)


def identity_of(grid: Grid, equation: Equation) -> Identity:
    """An equation of one table as an identity of the document."""
    one = Fraction(1)
    second = one if equation.form in {"ratio", "product"} else -one
    terms = [Term(CellRef(grid.id, *key), one) for key in equation.left]
    terms += [Term(CellRef(grid.id, *key), second) for key in equation.right]
    return Identity(
        check=f"{grid.table.kind}.{equation.rule}",
        scope=equation.scope,
        statement=statement(grid, equation),
        terms=tuple(terms),
        form=equation.form,
        scale=Fraction(equation.scale),
        constant=Fraction(equation.constant),
        skipped=equation.skipped,
    )


def check(identity: Identity, tables: Mapping[str, AnyTable]) -> Finding:
    """The finding on one identity, over the tables that it names."""
    refs = dict.fromkeys(term.ref for term in identity.terms)
    outcome = _measure(identity, tables)
    difference = None
    if outcome.left is not None and outcome.right is not None:
        difference = outcome.left - outcome.right
    return Finding(
        check=identity.check,
        scope=identity.scope,
        tables=tuple(dict.fromkeys(ref.table for ref in refs)),
        statement=outcome_words(
            identity.statement, outcome.holds, difference, outcome.tolerance, outcome.reason
        ),
        status=_STATUS[outcome.holds],
        left=outcome.left,
        right=outcome.right,
        difference=difference,
        tolerance=outcome.tolerance,
        cells=tuple(ref for ref in refs if tables[ref.table].rows[ref.row].figure(ref.column) is not None),
    )


def measured(
    check: str,
    statement: str,
    left: Interval,
    right: Interval,
    cells: Sequence[CellRef],
    scope: Scope = "narrative",
) -> Finding:
    """The finding on two figures that must be able to be one and are no sums of cells: counts, figures in texts."""
    middles = [(side.low + side.high) / 2 for side in (left, right)]
    half = (left.high - left.low + right.high - right.low) / 2
    difference, tolerance = _decimal(middles[0] - middles[1]), _decimal(half)
    holds = left.intersects(right)
    return Finding(
        check=check,
        scope=scope,
        tables=tuple(dict.fromkeys(ref.table for ref in cells)),
        statement=outcome_words(statement, holds, difference, tolerance, ""),
        status=_STATUS[holds],
        left=_decimal(middles[0]),
        right=_decimal(middles[1]),
        difference=difference,
        tolerance=tolerance,
        cells=tuple(cells),
    )


def check_table(
    grid: Grid,
    stated: Iterable[Equation] | None = None,
    known: Mapping[Equation, Finding] = MappingProxyType({}),
) -> Iterator[tuple[Equation, Finding]]:
    """The findings on all equations of one table: what `check` finds, over integers and much faster.

    `stated` are its equations where they were worked out before, `known` findings that are the same as they were.
    """
    tables = {grid.id: grid.table}
    for equation in equations(grid) if stated is None else stated:
        if (finding := known.get(equation)) is not None:
            yield equation, finding
            continue
        if equation.form in {"ratio", "product"}:
            yield equation, check(identity_of(grid, equation), tables)
            continue
        left, right = sums(grid, equation)
        outcome = None if equation.skipped else closes(left, right)
        difference, tolerance = grid.value(left.value - right.value), grid.value(left.half + right.half)
        yield (
            equation,
            # Everything here is made by our own code: validating it again costs more than the check itself.
            Finding.model_construct(
                check=f"{grid.table.kind}.{equation.rule}",
                scope=equation.scope,
                tables=(grid.id,),
                statement=outcome_words(
                    statement(grid, equation), outcome, difference, tolerance, equation.skipped
                ),
                status=_STATUS[outcome],
                left=grid.value(left.value),
                right=grid.value(right.value),
                difference=difference,
                tolerance=tolerance,
                cells=tuple(
                    CellRef(grid.id, *key) for key in (*equation.left, *equation.right) if key in grid.figures
                ),
            ),
        )


def _measure(identity: Identity, tables: Mapping[str, AnyTable]) -> Outcome:
    """The outcome in exact rationals, over any number of tables and units."""
    found = [
        _interval(
            term.ref, tables, exact=identity.form == "points" or (identity.form == "product" and place > 0)
        )
        for place, term in enumerate(identity.terms)
    ]
    if identity.form in {"ratio", "product", "growth"}:
        return _measure_quotient(identity, found)
    left = right = tolerance = Fraction(0)
    for term, interval in zip(identity.terms, found, strict=True):
        middle, half = (interval.low + interval.high) / 2, (interval.high - interval.low) / 2
        if term.factor > 0:
            left += term.factor * middle
        else:
            right -= term.factor * middle
        tolerance += abs(term.factor) * half
    right += identity.constant
    if identity.form == "same" and len({interval.high - interval.low for interval in found}) == 1:
        tolerance = Fraction(0)
    verdict = None if identity.skipped else abs(left - right) <= tolerance
    return Outcome(verdict, _decimal(left), _decimal(right), _decimal(tolerance), identity.skipped)


def _measure_quotient(identity: Identity, found: list[Interval]) -> Outcome:
    """First = scale · second / third and its kin. Each is monotone in every cell, so corners bound it."""
    first, second, third = (
        interval.scale(term.factor) for interval, term in zip(found, identity.terms, strict=True)
    )
    shown = (first.low + first.high) / 2
    part, whole = (second.low + second.high) / 2, (third.low + third.high) / 2
    wholes = [w - p if identity.form == "growth" else w for p, w in product(second, third)]
    if identity.skipped:
        return Outcome(None, reason=identity.skipped)
    if identity.form == "product":
        corners = [p * w for p, w in product(second, third)]
        middle = part * whole
    elif shown == part == whole == 0:
        return Outcome(True, Decimal(0), Decimal(0), Decimal(0))
    elif min(wholes) <= 0 <= max(wholes):
        return Outcome(None, reason="the whole may be zero")
    else:
        quotients = (p / w for (p, _), w in zip(product(second, third), wholes, strict=True))
        corners = [identity.scale * quotient + identity.constant for quotient in quotients]
        below = whole - part if identity.form == "growth" else whole
        middle = identity.scale * part / below + identity.constant
    right = Interval(min(corners), max(corners))
    tolerance = (first.high - first.low) / 2 + max(right.high - middle, middle - right.low)
    return Outcome(first.intersects(right), _decimal(shown), _decimal(middle), _decimal(tolerance))


def _interval(ref: CellRef, tables: Mapping[str, AnyTable], *, exact: bool) -> Interval:
    amount = tables[ref.table].rows[ref.row].figure(ref.column)
    if amount is None:
        return _NOTHING
    if exact and not amount.decimals:
        return Interval(Fraction(amount.value), Fraction(amount.value))
    interval: Interval = amount.interval
    return interval


def _decimal(number: Fraction) -> Decimal:
    """The number as a Decimal: exact where it ends, else with six decimals."""
    rest, places = number.denominator, 0
    while rest % 2 == 0 or rest % 5 == 0:
        rest, places = rest // (10 if rest % 10 == 0 else 2 if rest % 2 == 0 else 5), places + 1
    if rest == 1:
        return Decimal(int(number * 10**places)).scaleb(-places)
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(_SHOWN, ROUND_HALF_EVEN)
