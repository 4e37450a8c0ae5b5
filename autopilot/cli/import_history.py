"""``autopilot import-history``: a store's past, once and whole, as parquet."""

from __future__ import annotations

from pathlib import Path

import click

from autopilot.cli.output import Output, with_output


@click.command(name="import-history")
@click.argument("store")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the parquet files.")
@with_output
def command(out: Output, store: str, folder: Path) -> None:
    """Read every order, product and ad figure that the tables of STORE hold, and keep them as parquet; needs the extra 'dlt'.

    The store must be read from files or a database. What an earlier import wrote is replaced.
    """
    from tempfile import TemporaryDirectory

    from autopilot import wiring
    from autopilot.clock import SystemClock
    from autopilot.config_files import display
    from autopilot.errors import ConfigError
    from autopilot.history_import import DATASET, import_history
    from autopilot.platforms.effects import MemoryEffects
    from autopilot.platforms.tables.source import Historical
    from autopilot.settings_platform import SIMULATED
    from autopilot.settings_sources import load_store

    loaded = load_store(store)
    kinds = f"{loaded.settings.platform.kind!r} and {loaded.settings.ads.kind!r}"
    with TemporaryDirectory() as state:
        sources = (
            () if loaded.settings.platform.kind == SIMULATED else wiring.live(loaded, folder=Path(state), effects=MemoryEffects()).sources
        )
        tables = {name: told for source in sources if isinstance(source, Historical) for name, told in source.history.items()}
        if not tables:
            raise ConfigError(f"{display(loaded.path)}: platform.kind, ads.kind: expected files or sql, which have tables, was {kinds}")
        counts = import_history(tables, folder=folder, now=SystemClock().now())
    payload = {"store": loaded.settings.store.name, "folder": str(folder / DATASET), "rows": counts}
    shown = ", ".join(f"{count} rows of {name}" for name, count in counts.items())
    out.result(payload, human=lambda console: console.print(f"{shown} in {folder / DATASET}"))
