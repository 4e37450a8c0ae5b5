"""Sums and extremes over SKUs, campaigns and days: the same to the last bit whatever batch a store is in, and quick on short rows."""

from __future__ import annotations

import numpy as np

from perception.memo import by_identity
from perception.units import Floats, Ints

_SHORT = 64
"""Figures in a row up to which the overhead of a row counts."""


def row_sums(values: Floats) -> Floats:
    """(n,) sums over the last axis of (n, k).

    In which order numpy adds up depends on the memory layout, so rows are laid out contiguously first. On rows of a few figures ``einsum``
    costs a third of ``sum``; rows that pass its buffer it would split in ways that depend on the batch.
    """
    rows = np.ascontiguousarray(values)
    sums: Floats = np.einsum("nk->n", rows) if rows.shape[1] <= _SHORT else rows.sum(axis=1)
    return sums


def campaign_sums(values: Floats, campaign_of: Ints, *, campaigns: int) -> Floats:
    """(n, c) sums of (n, m) values over the SKUs of each campaign; ``campaign_of`` is (m,)."""
    sums = np.zeros((values.shape[0], campaigns))
    for of_size, members in _members(campaign_of):
        rows = values.take(members.ravel(), axis=1).reshape(-1, members.shape[1])
        sums[:, of_size] = row_sums(rows).reshape(values.shape[0], -1)
    return sums


@by_identity
def _members(campaign_of: Ints) -> list[tuple[Ints, Ints]]:
    """Campaigns of equally many SKUs, (g,), and which SKUs belong to each, (g, k), in their order; campaigns without one are left out."""
    by_size = dict[int, list[tuple[int, Ints]]]()
    for index in np.unique(campaign_of).tolist():
        members = np.flatnonzero(campaign_of == index)
        by_size.setdefault(members.size, []).append((index, members))
    return [(np.array([index for index, _ in group]), np.stack([members for _, members in group])) for group in by_size.values()]


def row_lows(values: Floats) -> Floats:
    """(n,) least of each row of (n, k), k >= 1."""
    # along the first axis: numpy pays for every row of a reduction along the last one
    lows: Floats = np.ascontiguousarray(values.T).min(axis=0)
    return lows


def row_highs(values: Floats) -> Floats:
    """(n,) greatest of each row of (n, k), k >= 1."""
    highs: Floats = np.ascontiguousarray(values.T).max(axis=0)
    return highs
