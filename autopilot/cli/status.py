"""``autopilot status``: what the daemon of a store is doing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from autopilot.cli.output import Output, with_output

if TYPE_CHECKING:
    from rich.console import Console


@click.command(name="status")
@click.argument("store")
@with_output
def command(out: Output, store: str) -> None:
    """Show mode, last tick, plan and open questions of STORE's daemon."""
    from autopilot.settings_sources import load_store
    from autopilot.status import status_of
    from autopilot.store_journal import journal_path, open_existing

    loaded = load_store(store)
    found = status_of(open_existing(journal_path(loaded)), loaded.settings.store.state_dir)

    def human(console: Console) -> None:
        from rich.table import Table

        table = Table(title=loaded.settings.store.name, show_header=False)
        for name, value in asdict(found).items():
            table.add_row(name.replace("_", " "), _said(value))
        console.print(table)

    out.result({"store": loaded.settings.store.name, **asdict(found)}, human=human)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {count}" for name, count in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)
