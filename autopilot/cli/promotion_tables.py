"""A promotion for people: the policy beside the laws per family, and what the gate made of both on recorded courses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Table


def sim_table(figures: Sequence[dict[str, Any]]) -> Table:
    """Test seeds, family by family, all together last; shares of the clairvoyant bound in percent."""
    table = Table(title="Test seeds: share of the clairvoyant profit, %", title_justify="left", box=SIMPLE)
    table.add_column("family", no_wrap=True)
    for heading in ("stores", "policy", "laws", "difference [95 % interval]", "hard limits broken"):
        table.add_column(heading, justify="right")
    for one in figures:
        gap = one["difference"]
        difference = f"{100 * gap['value']:+.2f} [{100 * gap['low']:+.2f}, {100 * gap['high']:+.2f}]"
        shares = [f"{100 * one[name]['value']:.1f}" for name in ("policy", "laws")]
        table.add_row(one["family"] or "all", str(one["stores"]), *shares, difference, str(one["violations"]))
    return table


def shadow_table(courses: Sequence[dict[str, Any]]) -> Table:
    """Recorded courses, one line each: how often it was believed, what it would have written, and how far that is from the laws."""
    table = Table(title="Recorded courses: policy (laws)", title_justify="left", box=SIMPLE)
    table.add_column("course", no_wrap=True)
    for heading in ("ticks", "believed, %", "writes", "gate, per 1,000 wishes", "unsafe", "bids apart, median (95 %)", "prices apart"):
        table.add_column(heading, justify="right")
    for one in courses:
        policy, laws = one["policy"], one["laws"]
        table.add_row(
            one["source"],
            str(one["ticks"]),
            f"{100 * one['trust_share']:.0f}",
            f"{policy['writes']} ({laws['writes']})",
            f"{policy['interventions_per_1000']:.1f} ({laws['interventions_per_1000']:.1f})",
            f"{policy['unsafe']} ({laws['unsafe']})",
            *(_apart(one["disagreements"][field]) for field in ("bid", "price")),
        )
    return table


def _apart(found: dict[str, Any]) -> str:
    if not found["count"]:
        return "never"
    return f"{100 * found['median_ratio']:.1f} % ({100 * found['p95_ratio']:.1f} %)"
