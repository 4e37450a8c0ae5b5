"""What a reload may change: while engaged a limit may be tightened, never loosened; what the journal is built on, not at all."""

from __future__ import annotations

from dataclasses import fields

from control.decision import LoopConfig
from control.limits import Limits

TIGHTER_WHEN_LARGER = frozenset({"min_margin_ratio", "price_min_interval_s", "overdelivery_day_ratio", "overdelivery_month_days"})
"""Limits that hold tighter the larger they are; all other numbers hold tighter the smaller they are."""


UNDER_THE_JOURNAL = ("store", "timezone", "tick_s")
"""Ticks are numbered, days are counted and writes are named by these."""


def needs_restart(old: LoopConfig, new: LoopConfig) -> tuple[str, ...]:
    """Every setting that only a start may change, as "name: old -> new"."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in UNDER_THE_JOURNAL)
    return tuple(f"{name}: {before} -> {after}" for name, before, after in pairs if before != after)


def loosened_products(old: LoopConfig, new: LoopConfig) -> tuple[str, ...]:
    """Every product and protection that ``new`` guards less: a lower cost or minimum price, a lifted lock, weaker respect for edits."""
    found = [
        f"{name} of {sku}: {before[index]} -> {after[index]}"
        for name, before, after in (
            ("cost_cents", old.catalogue.cost_cents, new.catalogue.cost_cents),
            ("map_cents", old.catalogue.map_cents, new.catalogue.map_cents),
            ("locked", old.locked, new.locked),
        )
        for index, sku in enumerate(old.catalogue.skus)
        if after[index] < before[index] or (before[index] != before[index] and after[index] == after[index])
    ]
    if new.override_s < old.override_s:
        found.append(f"override_s: {old.override_s} -> {new.override_s}")
    if new.overrides_to_hold > old.overrides_to_hold:
        found.append(f"overrides_to_hold: {old.overrides_to_hold} -> {new.overrides_to_hold}")
    return tuple(found)


def loosened(old: Limits, new: Limits) -> tuple[str, ...]:
    """Every limit that ``new`` holds less tightly than ``old``, as "name: old -> new"; another currency counts as loosened."""
    found = []
    for spec in fields(Limits):
        before, after = getattr(old, spec.name), getattr(new, spec.name)
        if spec.name == "currency":
            looser = before != after
        elif spec.name in TIGHTER_WHEN_LARGER:
            looser = after < before
        else:
            looser = after > before
        if looser:
            found.append(f"{spec.name}: {before} -> {after}")
    return tuple(found)
