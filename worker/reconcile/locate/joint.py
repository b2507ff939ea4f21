"""Joint feasibility: identities that hold one by one may still contradict each other within their rounding.

Every printed figure is an interval. Identities that hold as printed need no rounding, so only the cells of those that
do need it are given to a linear program at first, and more of the document while there is no room for them all.
The program only proposes: a contradiction is reported when its certificate, a combination of identities that no
values within the intervals can satisfy (the lemma of Farkas), is proven in exact rationals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, eye_array, hstack
from scipy.sparse.csgraph import connected_components

from schemas.findings import Identity, Term
from schemas.tables import CellRef
from worker.reconcile.locate.system import System

# Rates and prose are rounded by hand, from other figures than those printed, more often than not.
_SCOPES = {"row", "column", "hierarchy", "cross_table"}
# The multipliers of a vertex of these programs are small fractions.
_DENOMINATOR = 60
_NOISE = 1e-6
# A combination of more identities is nobody's finding.
_MOST_IDENTITIES = 40

_Certificate = Mapping[int, Fraction]
"""Multipliers by number of identity."""
_Floats = NDArray[np.float64]
_Mask = NDArray[np.bool_]


def joint_conflicts(system: System) -> Iterator[Identity]:
    """Combinations of identities of which each holds alone and which cannot all be true."""
    rows = [
        row
        for row, item in enumerate(system.checked)
        if item.finding.status == "passed" and item.linear and item.finding.scope in _SCOPES
    ]
    while any(system.checked[row].finding.difference for row in rows):
        certificates = _certificates(system, rows)
        if not certificates:
            return
        for certificate in certificates:
            yield _combined(system, certificate)
        used = {row for certificate in certificates for row in certificate}
        rows = [row for row in rows if row not in used]


def _certificates(system: System, rows: Sequence[int]) -> list[_Certificate]:
    """What is proven to be impossible, one certificate for each connected contradiction."""
    matrix, gaps = _matrix(system, rows)
    touches = abs(matrix).sign()
    names = np.asarray(rows)
    # Rounding spreads: with their neighbours free as well, one program mostly is enough.
    active: _Mask = (touches @ (touches.T @ (gaps != 0))) > 0
    while True:
        movable: _Mask = (touches.T @ active) > 0
        bounding: _Mask = active | ((touches @ movable) > 0)
        marginals = _program(matrix[bounding][:, movable], gaps[bounding])
        if marginals is None:
            return []
        found = _split(system, matrix[bounding], names[bounding], marginals)
        proven = [certificate for certificate in found if _proven(system, certificate)]
        if proven or np.array_equal(bounding, active):
            return proven
        active = bounding


def _matrix(system: System, rows: Sequence[int]) -> tuple[csr_array, _Floats]:
    """Identities by cells: how far rounding moves each, over what all rounding of the identity allows; and by how
    much each is off in the same measure."""
    columns: dict[tuple[str, int, str], int] = {}
    data, at, to = [], [], []
    gaps = np.zeros(len(rows))
    for place, row in enumerate(rows):
        finding = system.checked[row].finding
        allowed = float(finding.tolerance or 0) or 1.0
        gaps[place] = float(finding.difference or 0) / allowed
        for cell, move in system.moves(row):
            data.append(move / allowed)
            at.append(place)
            to.append(columns.setdefault(cell, len(columns)))
    matrix = coo_array((data, (at, to)), shape=(len(rows), max(len(columns), 1)))
    return matrix.tocsr(), gaps


def _program(matrix: Any, gaps: _Floats) -> _Floats | None:
    """The multipliers of the least total violation with every cell anywhere in its interval; None if it is zero."""
    count, width = matrix.shape
    slack = eye_array(count)
    ends = np.concatenate([np.ones(width), np.full(2 * count, np.inf)])
    starts = np.concatenate([-np.ones(width), np.zeros(2 * count)])
    result = linprog(
        np.concatenate([np.zeros(width), np.ones(2 * count)]),
        A_eq=hstack([matrix, slack, -slack]).tocsr(),
        b_eq=-gaps,
        bounds=list(zip(starts.tolist(), ends.tolist(), strict=True)),
        method="highs",
    )
    if result.status != 0 or result.fun is None or result.fun < _NOISE:
        return None
    marginals: _Floats = result.eqlin.marginals
    return marginals


def _split(
    system: System, matrix: Any, names: NDArray[np.int64], marginals: _Floats
) -> Iterator[_Certificate]:
    """Multipliers by connected contradiction, as small fractions."""
    used = np.flatnonzero(np.abs(marginals) > _NOISE)
    touches = abs(matrix[used]).sign()
    count, labels = connected_components(touches @ touches.T)
    for label in range(count):
        places = used[labels == label]
        if len(places) > _MOST_IDENTITIES:
            continue
        # Off the measure of `_matrix`, in which multipliers of plain sums are no small fractions.
        plain = {
            int(names[place]): float(marginals[place])
            / (float(system.checked[names[place]].finding.tolerance or 0) or 1.0)
            for place in places
        }
        largest = max(map(abs, plain.values()))
        small = {
            row: Fraction(value / largest).limit_denominator(_DENOMINATOR) for row, value in plain.items()
        }
        yield {row: value for row, value in small.items() if value}


def _sum(system: System, certificate: _Certificate) -> tuple[dict[CellRef, Fraction], Fraction]:
    """The combination as factors by cell and its constant, each cell counted once."""
    factors: dict[CellRef, Fraction] = defaultdict(Fraction)
    constant = Fraction(0)
    for row, multiplier in certificate.items():
        identity = system.checked[row].identity
        constant += multiplier * identity.constant
        for term in identity.terms:
            factors[term.ref] += multiplier * term.factor
    return {cell: factor for cell, factor in factors.items() if factor}, constant


def _proven(system: System, certificate: _Certificate) -> bool:
    """Whether no values within the intervals satisfy the combination."""
    factors, constant = _sum(system, certificate)
    halves: dict[CellRef, Fraction] = {}
    middle = -constant
    for row in certificate:
        constraint = system.constraint(row)
        for cell in constraint.factors.keys() & factors.keys():
            half = constraint.half_of(cell)
            halves[cell] = min(halves.get(cell, half), half)
    for cell, factor in factors.items():
        middle += factor * system.middle(cell)
    return abs(middle) > sum(abs(factor) * halves[cell] for cell, factor in factors.items())


def _combined(system: System, certificate: _Certificate) -> Identity:
    """The combination as an identity that fails."""
    factors, constant = _sum(system, certificate)
    scale = Fraction(
        lcm(*(factor.denominator for factor in factors.values())),
        gcd(*(factor.numerator for factor in factors.values())),
    )
    statements = [system.checked[row].finding.statement for row in certificate]
    one_table = len({cell.table for cell in factors}) == 1
    # The side that is stated first comes first, as in every identity.
    order = sorted(factors, key=lambda cell: factors[cell] < 0)
    return Identity(
        check="document.joint",
        scope="column" if one_table else "cross_table",
        statement="hold one by one but not together: " + " | ".join(statements),
        terms=tuple(Term(cell, factors[cell] * scale) for cell in order),
        constant=constant * scale,
    )
