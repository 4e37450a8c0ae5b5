"""Levels that have changed, in a merchant's words, from decisions as the journal holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from autopilot.journal import Journal, Topic

WHOLE_STORE = -1
"""In place of a SKU."""

_NAMES = {"ctr": "click rate", "cvr": "conversion rate", "organic_orders": "orders without ads"}


def told(decision: Mapping[str, Any], skus: Sequence[str], *, entity: str | None = None) -> list[str]:
    """One sentence per change: what, when, by how much, and how sure.

    Args:
        decision: The value of a decision record; those of earlier versions know of no changes.
        skus: Names in the catalogue's order.
        entity: Only what concerns this SKU or campaign, the whole store included; None for everything.
    """
    changes = decision.get("changes", [])
    return [_sentence(one, skus) for one in changes if entity is None or one["sku"] == WHOLE_STORE or skus[one["sku"]] == entity]


def skus_of(journal: Journal) -> list[str]:
    """Names in the catalogue's order, none before there is one. Raises: JournalUnavailable."""
    catalogue = journal.last(Topic.CATALOGUE)
    return [] if catalogue is None else catalogue.val["skus"]


def _sentence(change: Mapping[str, Any], skus: Sequence[str]) -> str:
    whose = "the store" if change["sku"] == WHOLE_STORE else skus[change["sku"]]
    since = date.fromordinal(change["since_day"]).isoformat()
    lasts = change["until_day"] is None
    when = f"since {since}" if lasts else f"from {since} until {date.fromordinal(change['until_day']).isoformat()}"
    what = f"{_NAMES.get(change['rate'], change['rate'])} of {whose} {change['ratio']:.2f} times its other level {when}"
    return f"{what} (log odds {change['evidence']:.1f}): {'days before' if lasts else 'these days'} count less"
