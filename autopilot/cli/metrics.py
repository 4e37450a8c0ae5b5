"""``autopilot metrics``: the store of every figure that was ever seen."""

from __future__ import annotations

from pathlib import Path

import click

from autopilot.cli.output import Output, with_output


@click.group(name="metrics")
def command() -> None:
    """Export or rebuild every figure that a store's platforms ever reported."""


@command.command(name="export")
@click.argument("store")
@click.option("-o", "--out", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The Parquet file to write.")
@click.option("--journal", type=click.Path(path_type=Path), help="Another journal, such as that of a drive.")
@with_output
def export(out: Output, store: str, target: Path, journal: Path | None) -> None:
    """Write every version of every figure of STORE: signal, SKU, event date, observed at, seen at, version, believed, metric, value."""
    from autopilot.metrics_reading import metrics_of
    from autopilot.settings_sources import load_store

    loaded = load_store(store)
    with metrics_of(loaded, journal=journal) as metrics:
        rows = metrics.export(target)
    name = loaded.settings.store.name
    out.result(
        {"store": name, "file": str(target), "rows": rows}, human=lambda console: console.print(f"{rows:,} rows in {target}", markup=False)
    )


@command.command(name="rebuild")
@click.argument("store")
@with_output
def rebuild(out: Output, store: str) -> None:
    """Build the metrics of STORE anew from its journal."""
    import sys
    from contextlib import closing

    from autopilot.metrics_feed import feed
    from autopilot.metrics_store import FILE, open_metrics
    from autopilot.settings_sources import load_store
    from autopilot.store_journal import journal_path, open_existing

    loaded = load_store(store)
    path = loaded.settings.store.state_dir / FILE
    with closing(open_existing(journal_path(loaded))) as journal:
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open_metrics(fresh) as metrics:
            ticks = feed(metrics, journal, most=sys.maxsize)
        fresh.replace(path)
    name = loaded.settings.store.name
    out.result(
        {"store": name, "file": str(path), "ticks": ticks}, human=lambda console: console.print(f"{ticks:,} ticks in {path}", markup=False)
    )
