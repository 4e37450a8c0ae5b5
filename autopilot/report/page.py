"""Writes a drive as one HTML file that needs nothing else: styles and drawings inline, no scripts, no network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autopilot.report.amounts import controller_name, money, percent, written
from autopilot.report.figures import DriveFigures, Unit, grouped
from autopilot.report.picture import panels_svg, reference, titles


def write_page(figures: DriveFigures, path: Path) -> None:
    """Writes the page."""
    path.write_text(page(figures), encoding="utf-8")


def page(figures: DriveFigures) -> str:
    """The whole page; every text that comes from outside is escaped."""
    zone = ZoneInfo(figures.timezone)
    drawings, said = panels_svg(figures), descriptions(figures)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            figures=figures,
            controllers=[controller_name(name) for name in figures.profit_cents],
            headline=headline(figures),
            # drawn by us from numbers and escaped names: markup, not text
            panels=[(name, title, said[name], Markup(drawings[name])) for name, title in titles(figures).items()],  # noqa: S704
            groups=grouped(figures.changes),
            money=lambda cents: money(cents, figures.currency, exact=True),
            value=lambda amount, unit: written(amount, Unit(unit), figures.currency),
            when=lambda at: _when(at, zone),
        )
    )


def environment() -> Environment:
    """How every page is made: whatever comes from outside is escaped, and a name that is missing is an error."""
    return Environment(
        loader=PackageLoader("autopilot.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def headline(figures: DriveFigures) -> str:
    """The drive in one sentence."""
    (_, ours), *others = figures.profit_cents.items()
    spent = f"spent {money(figures.spend_cents[-1], figures.currency)} of {money(figures.budget_cents, figures.currency)} on ads"
    sentence = f"In {figures.days} days the store earned {money(ours[-1], figures.currency)} and {spent}"
    if not others:
        return sentence + "."
    gain, name = min((float(ours[-1] - profit[-1]), name) for name, profit in others)
    word = "more" if gain >= 0 else "less"
    best = "the best alternative, " if len(others) > 1 else ""
    return f"{sentence}: {money(abs(gain), figures.currency)} {word} than {best}“{controller_name(name)}”."


def descriptions(figures: DriveFigures) -> dict[str, str]:
    """What each drawing shows, in words, for those who cannot see it."""
    currency = figures.currency
    ends = "; ".join(f"{controller_name(name)} {money(profit[-1], currency)}" for name, profit in figures.profit_cents.items())
    last = figures.price_index[:, -1] if len(figures.skus) else np.ones(0)
    up, down = int((last > 1).sum()), int((last < 1).sum())
    level = figures.bid_level[np.isfinite(figures.bid_level)]
    bids = f"between {percent(level.min())} and {percent(level.max())}" if level.size else "not set"
    spent = f"{money(figures.spend_cents[-1], currency)} was spent, {money(figures.planned_spend_cents[-1], currency)} was planned"
    judged, limited = int(figures.commands.sum()), int(figures.interventions.sum())
    return {
        "profit": f"Profit at the end: {ends}.",
        "gain": _gain(figures),
        "spend": f"{spent}, the budget is {money(figures.budget_cents, currency)}.",
        "prices": f"At the end {up or 'no'} prices stood above and {down or 'none'} below the price set by hand; the shaded band, "
        f"{percent(figures.band_low)} to {percent(figures.band_high)}, is where they may move.",
        "interventions": f"The independent gate limited or denied {limited:,} of {judged:,} wishes.",
        "bid_level": f"The share of a click's value that was offered for it was {bids}.",
    }


def _gain(figures: DriveFigures) -> str:
    other = reference(figures)
    if other is None:
        return ""
    gain = float(next(iter(figures.profit_cents.values()))[-1] - figures.profit_cents[other][-1])
    return f"The drive ended {money(abs(gain), figures.currency)} {'above' if gain >= 0 else 'below'} “{controller_name(other)}”."


def _when(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %d %b %H:%M")
