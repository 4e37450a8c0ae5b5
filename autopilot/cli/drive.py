"""``autopilot drive``: the daemon's own loop on the simulated platform, at a clock that does not wait."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autopilot.cli.output import Output, with_output

if TYPE_CHECKING:
    from rich.console import Console

RUNS = Path("runs")


@click.command(name="drive")
@click.argument("store")
@click.option("--days", type=click.IntRange(1, 3650), default=14, show_default=True, help="Days to drive.")
@click.option("--seed", type=click.IntRange(0), help="The market's chance; the store's own seed when left out.")
@click.option("--seeds", type=click.IntRange(1, 10_000), help="Drive seeds 1 to N instead of one.")
@click.option("--controller", metavar="NAME", help="Who drives, as in the settings' control.controller; the store's own when left out.")
@click.option("--out", "folder", type=click.Path(path_type=Path), default=RUNS, show_default=True, help="Folder for journals and reports.")
@with_output
def command(out: Output, store: str, days: int, seed: int | None, seeds: int | None, controller: str | None, folder: Path) -> None:
    """Drive STORE or a scenario on the simulated platform, beside doing nothing, a fixed bid and the ACOS rule book on the same luck."""
    if seed is not None and seeds is not None:
        raise click.UsageError("--seed and --seeds: expected one of them, was both")
    from autopilot.cli.seeds_table import seeds_table
    from autopilot.clock import SystemClock
    from autopilot.drive import settings_for
    from autopilot.drive_many import drive_seeds
    from autopilot.drive_report import drive_json, figures
    from autopilot.report.page import write_page
    from autopilot.report.picture import write_png
    from autopilot.report.table import drive_table
    from autopilot.wiring import market_of
    from sim.market import catalogue

    clock = SystemClock()
    began_s = clock.monotonic_s()
    loaded = settings_for(store, days=days, controller=controller)
    settings = loaded.settings
    chosen = range(1, seeds + 1) if seeds is not None else [settings.platform.seed if seed is None else seed]
    folder = folder / settings.store.name
    with out.progress(f"driving {settings.store.name} for {days} days", total=1.0) as progress:
        driven = drive_seeds(loaded, list(chosen), days=days, runs=folder, progress=progress)
    drawn = figures(settings, catalogue(market_of(loaded), seed=driven[0].seed), driven[0])
    page, picture = folder / "report.html", folder / "report.png"
    write_png(drawn, picture)
    write_page(drawn, page)
    payload = drive_json(settings, driven, days=days, report=page, wall_s=clock.monotonic_s() - began_s)

    def human(console: Console) -> None:
        console.print(drive_table(drawn))
        if len(driven) > 1:
            console.print(seeds_table(driven, settings.store.currency))
        console.print(f"Report: {page} and {picture}")
        console.print(f"Why any of it: autopilot explain {store} --journal {driven[0].journal}")

    out.result(payload, human=human)
