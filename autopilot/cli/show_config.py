"""``autopilot show-config``: the resolved settings, each with its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, with_output
from autopilot.config_files import display
from autopilot.settings_sources import Loaded, leaves, load_store

if TYPE_CHECKING:
    from rich.table import Table


@click.command(name="show-config")
@click.argument("store")
@with_output
def command(out: Output, store: str) -> None:
    """Show every setting of STORE and where it came from; secrets are masked."""
    loaded = load_store(store)
    values = {key: {"value": value, "origin": loaded.provenance[key]} for key, value in leaves(loaded.settings.model_dump(mode="json"))}
    for warning in loaded.warnings:
        out.note(f"warning: {warning}")
    payload = {"store": loaded.settings.store.name, "file": display(loaded.path), "values": values, "warnings": list(loaded.warnings)}
    out.result(payload, human=lambda console: console.print(_table(loaded, values)))


def _table(loaded: Loaded, values: dict[str, dict[str, Any]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{loaded.settings.store.name} ({display(loaded.path)})", title_justify="left")
    for heading in ("setting", "value", "from"):
        table.add_column(heading, overflow="fold")
    for key, entry in values.items():
        shown = "" if entry["value"] is None else str(entry["value"])
        table.add_row(escape(key), escape(shown), escape(entry["origin"]), style="dim" if entry["origin"] == "default" else None)
    return table
