"""Stores whose visits move for a known reason: what ``autopilot eval why`` judges attribution by.

Orders of magnitude of a shop: a few thousand visits a day over channel, device, category and product, each store with its own shares, hours
and weekdays. A cause multiplies one region for the last day; noise multiplies every cell of leaf and day, and every element and day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.attribution.facts import HOURS_PER_DAY, Facts, Window, facts_of
from perception.units import Floats, Ints

KINDS = ("element", "set", "conjunction")
FACTORS = (1.5, 3.0, 8.0)
NOISES = (0.15, 0.30)
_SHARES = (0.03, 0.5)
"""Part of the store's visits that an injected region may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A store with what happened to it.

    Attributes:
        facts, window: To explain.
        cause: {dimension: its elements} that was injected; empty for none.
    """

    facts: Facts
    window: Window
    cause: dict[str, tuple[str, ...]]


def case_of(draw: np.random.Generator, *, kind: str, factor: float, noise: float, is_rate: bool = False) -> Case:
    """One store.

    Args:
        draw: The luck.
        kind: One of ``KINDS``, or "quiet".
        factor: What the region is multiplied by; below 1 for a drop.
        noise: Sd of the multiplicative noise, >= 0.
        is_rate: Whether the figure is a rate, orders per click, and not a count.
    """
    sizes = {
        "channel": int(draw.integers(3, 7)),
        "device": int(draw.integers(2, 4)),
        "category": int(draw.integers(4, 9)),
        "sku": int(draw.integers(12, 60)),
    }
    category_of = np.sort(
        np.concatenate((np.arange(sizes["category"]), draw.integers(0, sizes["category"], sizes["sku"] - sizes["category"])))
    )
    shape = (sizes["channel"], sizes["device"], sizes["sku"])
    shares = [draw.dirichlet(np.full(size, concentration)) for size, concentration in zip(shape, (3.0, 4.0, 1.0), strict=True)]
    leaf = np.einsum("i,j,k->ijk", *shares) * draw.gamma(4.0, 0.25, shape)
    leaf = (leaf / leaf.sum()).ravel()
    channel, device, sku = (axis.ravel() for axis in np.indices(shape))
    codes = {"channel": channel, "device": device, "category": category_of[sku], "sku": sku}
    days = int(draw.integers(21, 43))
    level = float(np.exp(draw.uniform(np.log(1_500.0), np.log(15_000.0))))
    rates = level * leaf * _activity(draw, days)[:, :, None] * _noise(draw, days, codes, noise)[:, None, :]
    cause, region = ({}, np.zeros(leaf.size, dtype=np.bool_)) if kind == "quiet" else _region(draw, kind, codes, sizes, leaf)
    factors = np.where(region, factor, 1.0)
    if is_rate:
        clicks = draw.poisson(rates)
        chance = 0.08 * draw.gamma(16.0, 1.0 / 16.0, leaf.size) * _noise(draw, days, codes, 0.5 * noise)[:, None, :]
        chance[-1] *= factors
        value = draw.poisson(clicks * chance)
        listed = clicks > 0
    else:
        rates[-1] *= factors
        value = draw.poisson(rates)
        clicks, listed = None, value > 0
    day, hour, place = np.nonzero(listed)
    facts = facts_of(
        day * HOURS_PER_DAY + hour,
        value[listed].astype(np.float64),
        {name: np.array([f"{name} {code}" for code in range(sizes[name])])[codes[name][place]] for name in sizes},
        base=None if clicks is None else clicks[listed].astype(np.float64),
    )
    return Case(facts=facts, window=Window(begins=(days - 1) * HOURS_PER_DAY, ends=days * HOURS_PER_DAY), cause=cause)


def _activity(draw: np.random.Generator, days: int) -> Floats:
    """(d, 24) activity against the mean: the store's own hours and weekdays, and days that are better or worse as a whole."""
    hours = 1.0 + draw.uniform(0.3, 0.95) * np.cos((np.arange(HOURS_PER_DAY) - draw.uniform(11.0, 21.0)) * 2.0 * np.pi / HOURS_PER_DAY)
    weekdays = draw.uniform(0.6, 1.4, 7)
    factors = weekdays[(np.arange(days) + draw.integers(7)) % 7] * np.exp(0.05 * draw.standard_normal(days))
    return np.outer(factors / factors.mean(), hours / hours.sum())


def _noise(draw: np.random.Generator, days: int, codes: dict[str, Ints], noise: float) -> Floats:
    """(d, l) factors around 1: half the variance is each leaf's own, half is shared by all leaves of a product."""
    part = noise / np.sqrt(2.0)
    own = draw.standard_normal((days, codes["sku"].size))
    shared = draw.standard_normal((days, int(codes["sku"].max()) + 1))[:, codes["sku"]]
    factors: Floats = np.exp(part * (own + shared) - 0.5 * noise**2)
    return factors


def _region(
    draw: np.random.Generator, kind: str, codes: dict[str, Ints], sizes: dict[str, int], leaf: Floats
) -> tuple[dict[str, tuple[str, ...]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """A region of a size that a merchant would ask about."""
    while True:
        if kind == "conjunction":
            first, second = draw.choice(["channel", "device", "category"], 2, replace=False)
            chosen = {str(name): (int(draw.integers(sizes[name])),) for name in (first, second)}
        else:
            name = str(draw.choice(list(sizes)))
            most = sizes[name] // 2
            count = 1 if kind == "element" else int(draw.integers(2, max(min(most, 4), 2) + 1))
            if kind == "set" and most < 2:  # noqa: PLR2004 - half of three elements is no set
                continue
            chosen = {name: tuple(sorted(draw.choice(sizes[name], count, replace=False).tolist()))}
        region = np.all([np.isin(codes[name], places) for name, places in chosen.items()], axis=0)
        if _SHARES[0] <= leaf[region].sum() <= _SHARES[1]:
            return {name: tuple(f"{name} {place}" for place in places) for name, places in chosen.items()}, region
