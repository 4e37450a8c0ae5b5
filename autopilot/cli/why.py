"""``autopilot why``: ranked causes of a change, or that nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from autopilot.cli.output import Output, with_output

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from autopilot.why import Answer
    from autopilot.why_facts import Metric
    from perception.attribution.facts import Facts


@click.command(name="why")
@click.argument("store", required=False)
@click.option(
    "--metric", required=True, metavar="NAME", help="visits, orders, revenue, cvr, roas, …; with --facts, the column of the figure."
)
@click.option("--since", required=True, metavar="WHEN", help="2026-11-11, 2026-11-11T08:00, or 12h, 3d, 2w before the newest figures.")
@click.option("--until", metavar="WHEN", help="End of the window, not included; the newest figures when left out.")
@click.option("--facts", type=click.Path(path_type=Path, dir_okay=False), help="A CSV or Parquet file of time, dimensions and figures.")
@click.option("--per", metavar="COLUMN", help="With --facts: what the figure is counted per, for a rate.")
@click.option("--time", metavar="COLUMN", help="With --facts: the column of the store-local time.")
@click.option("--dimensions", metavar="A,B", help="With --facts: where to seek causes; every column of words when left out.")
@click.option("--calendar", default="shopping", show_default=True, help="Events to name, of configs/calendars.")
@click.option("--journal", type=click.Path(path_type=Path), help="Another journal, such as that of a drive.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw it as PNG, too.")
@with_output
def command(  # noqa: PLR0913, PLR0917 - one per option
    out: Output,
    store: str | None,
    metric: str,
    since: str,
    until: str | None,
    facts: Path | None,
    per: str | None,
    time: str | None,
    dimensions: str | None,
    calendar: str,
    journal: Path | None,
    plot: Path | None,
) -> None:
    """Say why a figure of STORE, or of a file, moved: causes with their shares, or that nothing changed."""
    from autopilot.errors import ConfigError
    from autopilot.why import answer, newest_of, payload, when
    from autopilot.why_facts import facts_of_file, known_metric

    if (store is None) == (facts is None):
        raise ConfigError("expected either STORE or --facts FILE")
    notes: tuple[str, ...] = ()
    if facts is not None:
        chosen = [name.strip() for name in (dimensions or "").split(",") if name.strip()]
        told = facts_of_file(facts, value=metric, per=per, time=time, dimensions=chosen)
        newest = newest_of(told)
        begins = when(since, newest=newest)
    else:
        told, notes, begins, newest = _of_store(str(store), known_metric(metric), since, until, journal)
    ends = None if until is None else when(until, newest=newest)
    found = answer(told, metric, since=begins, until=ends, calendar=calendar, notes=notes)
    result = payload(found) | {"store": store, "dimensions": told.dimensions}
    if plot is not None:
        from autopilot.report.why_picture import write_why_png

        write_why_png(told, found, plot)
        result |= {"picture": str(plot)}
    out.result(result, human=lambda console: _draw(console, found))


def _of_store(
    name: str, metric: Metric, since: str, until: str | None, journal: Path | None
) -> tuple[Facts, tuple[str, ...], datetime, datetime]:
    """Facts of the store's journal, what they do not tell, the start of the window, and the end of the newest whole day."""
    from contextlib import closing
    from datetime import date, datetime, time, timedelta

    from autopilot import codec
    from autopilot.errors import ConfigError
    from autopilot.journal import Topic
    from autopilot.metrics_reading import metrics_of
    from autopilot.settings_sources import load_store
    from autopilot.store_journal import journal_path, open_existing
    from autopilot.why import when
    from autopilot.why_facts import facts_of_store
    from perception.catalogue import Catalogue

    loaded = load_store(name)
    with closing(open_existing(journal or journal_path(loaded))) as records:
        catalogue, seen = records.last(Topic.CATALOGUE), records.last(Topic.OBSERVATION)
    if catalogue is None or seen is None:
        raise ConfigError(f"{name}: expected a journal with at least one tick; start the daemon first (autopilot run)")
    zone = ZoneInfo(loaded.settings.store.timezone)
    # today's figures are not all in yet
    newest = datetime.combine(datetime.fromisoformat(seen.val["at"]).astimezone(zone).date(), time())
    begins = when(since, newest=newest)
    last = date.fromordinal((newest if until is None else min(when(until, newest=newest), newest)).toordinal()) - timedelta(days=1)
    with metrics_of(loaded, journal=journal) as store:
        facts = facts_of_store(store, metric, codec.from_jsonable(catalogue.val, Catalogue), since=begins.date(), until=last)
    missing = [name for name in ("channel", "category", "device", "hour") if name not in facts.dimensions]
    notes = (metric.note, f"Not reported by this store's platforms, so no cause is sought there: {', '.join(missing)}.")
    return facts, tuple(note for note in notes if note), begins, newest


def _draw(console: Console, found: Answer) -> None:
    from rich.table import Table

    told = found.explanation
    moved = f"{told.actual / told.expected - 1.0:+.0%}" if told.expected > 0.0 else "from nothing"
    now, usual = (f"{told.actual:,.0f}", f"{told.expected:,.0f}") if told.base is None else _rates(told.actual, told.expected, told.base)
    console.print(f"{found.metric}, {found.since} to {found.until}: {now}, expected {usual} ({moved})")
    for note in found.notes:
        console.print(note, markup=False)
    if not told.changed:
        console.print("Nothing changed beyond what is usual.")
    else:
        table = Table(show_edge=False, pad_edge=False)
        for title, side in (
            ("", "right"),
            ("cause", "left"),
            ("actual", "right"),
            ("expected", "right"),
            ("×", "right"),
            ("share", "right"),
        ):
            table.add_column(title, justify="right" if side == "right" else "left")
        for rank, cause in enumerate(told.causes, start=1):
            row = (
                str(rank),
                _where(cause.kind, cause.where),
                f"{cause.actual:,.0f}",
                f"{cause.expected:,.0f}",
                f"{cause.ratio:.2f}",
                f"{cause.share:.0%}",
            )
            table.add_row(*row)
        table.add_row("", "unexplained", "", "", "", f"{told.unexplained:.0%}")
        console.print(table)
    for event in found.events:
        console.print(f"In the window: {event.name}, {event.first} to {event.last}", markup=False)


def _rates(actual: float, expected: float, base: float) -> tuple[str, str]:
    return (f"{actual / base:.4g}", f"{expected / base:.4g}") if base > 0.0 else ("nothing to count per", "nothing")


def _where(kind: str, where: dict[str, tuple[str, ...]]) -> str:
    if kind == "mix":
        return "another mix of what it is counted per"
    if not where:
        return "everywhere alike"
    return " and ".join(f"{name} = {', '.join(elements[:6])}{' …' if len(elements) > 6 else ''}" for name, elements in where.items())  # noqa: PLR2004 - a line's worth
