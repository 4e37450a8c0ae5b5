"""One line per seed of a drive: ours beside the baselines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from autopilot.drive import SeedDriven
from autopilot.report.amounts import controller_name, money


def seeds_table(driven: Sequence[SeedDriven], currency: str) -> Table:
    """Profit of every controller on every seed; the best of a seed in bold."""
    names = [driven[0].driven.controller, *driven[0].baselines]
    table = Table(title="Profit after ads, by seed")
    table.add_column("Seed", justify="right")
    for name in names:
        table.add_column(controller_name(name), justify="right")
    table.add_column("Ad spend / budget", justify="right")
    for seed in driven:
        profits = [seed.driven.score.profit_cents, *(baseline.score.profit_cents for baseline in seed.baselines.values())]
        cells = [f"[bold]{money(p, currency)}[/]" if p == max(profits) else money(p, currency) for p in profits]
        spent = f"{money(seed.driven.score.spend_cents, currency)} / {money(seed.driven.budget_cents, currency)}"
        table.add_row(str(seed.seed), *cells, spent)
    return table
