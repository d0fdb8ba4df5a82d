"""Straighten a page by what is known to lie on one level: rows and columns of a grid.

A level function ``v(x, y) = y + p(x, y)`` with a low-order polynomial ``p`` is constant along every
row of a tilted, foreshortened or gently curved grid, whatever the rows' spacing; likewise
``u(x, y) = x + q(x, y)`` along its columns. Both follow from a linear least-squares fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Powers of (across, along) in the polynomials; terms in "along" alone would only relabel levels.
TERMS = ((1, 0), (1, 1), (2, 0), (2, 1), (1, 2), (3, 0), (3, 1), (2, 2))
ENOUGH = (0, 10, 10, 40, 40, 40, 60, 60)  # observations from which on each term is fitted
STIFF = 0.02  # ridge per observation on all but the first term
ROUNDS = 4  # of reweighting: half of the observations may be off
INVERSIONS = 25
BEYOND = 2.0  # of the half extent


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """Straight coordinates ``(u, v)`` for a picture's ``(x, y)``.

    Parameters
    ----------
    centre : float array, shape (2,)
    scale : float
        Pixels that become 1 in the polynomials.
    columns, rows : float array, shape (8,)
        Coefficients of ``u`` and of ``v``, in pixels.
    """

    centre: Floats
    scale: float
    columns: Floats
    rows: Floats

    def straight(self, points: Floats) -> Floats:
        """Map ``(x, y)`` to ``(u, v)``: arrays of shape (n, 2)."""
        shifts = (
            _terms(self._units(points)[:, ::-1]) @ self.columns,
            _terms(self._units(points)) @ self.rows,
        )
        return np.asarray(points + np.stack(shifts, axis=1))

    def crooked(self, points: Floats) -> Floats:
        """Map ``(u, v)`` back to ``(x, y)``: arrays of shape (n, 2)."""
        found = points.copy()
        for _ in range(INVERSIONS):
            found = points - (self.straight(found) - found)
        return np.asarray(found)

    def _units(self, points: Floats) -> Floats:
        # Far outside what it was fitted to, a polynomial says nothing and grows without bounds.
        return np.clip((points - self.centre) / self.scale, -BEYOND, BEYOND)


def fit_warp(
    rows: tuple[Floats, NDArray[np.intp]], columns: tuple[Floats, NDArray[np.intp]]
) -> Warp:
    """Fit the warp under which points of one row, and of one column, lie straight.

    Parameters
    ----------
    rows, columns : tuple of float array (n, 2) and int array (n,)
        Points ``(x, y)`` and which row or column each lies on.
    """
    points = np.concatenate([rows[0], columns[0]])
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    scale = max(1.0, float((points.max(axis=0) - points.min(axis=0)).max()) / 2)
    of_rows = _fit((rows[0] - centre) / scale, rows[1]) * scale
    of_columns = _fit((columns[0][:, ::-1] - centre[::-1]) / scale, columns[1]) * scale
    return Warp(centre, scale, of_columns, of_rows)


def _terms(units: Floats) -> Floats:
    across, along = units[:, 0], units[:, 1]
    return np.stack([across**a * along**b for a, b in TERMS], axis=1)


def _fit(units: Floats, groups: NDArray[np.intp]) -> Floats:
    """Coefficients that make ``along + p`` equal within each group."""
    used = [i for i, least in enumerate(ENOUGH) if len(units) >= least]
    terms = _terms(units)[:, used]
    _, groups = np.unique(groups, return_inverse=True)
    weights: Floats = np.ones(len(units))
    ridge = STIFF * len(units) * np.diag([0.0] + [1.0] * (len(used) - 1))
    solution: Floats = np.zeros(len(used))
    for _ in range(ROUNDS):
        total = np.maximum(np.bincount(groups, weights), 1e-9)
        centred = terms - _means(terms, groups, weights, total)
        wanted = units[:, 1] - np.bincount(groups, weights * units[:, 1])[groups] / total[groups]
        normal = centred.T @ (weights[:, None] * centred) + ridge * 1e-2
        normal += 1e-9 * np.eye(len(used))
        solution = np.asarray(np.linalg.solve(normal, -centred.T @ (weights * wanted)), np.float64)
        off = np.abs(wanted + centred @ solution)
        spread = max(1e-6, 1.5 * float(np.median(off)))
        weights = 1 / np.maximum(1.0, off / spread)
    coefficients = np.zeros(len(TERMS))
    coefficients[used] = solution
    return coefficients


def _means(terms: Floats, groups: NDArray[np.intp], weights: Floats, total: Floats) -> Floats:
    sums = np.stack([np.bincount(groups, weights * term) for term in terms.T], axis=1)
    return np.asarray((sums / total[:, None])[groups])
