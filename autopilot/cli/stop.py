"""``autopilot stop``: no more writes, whatever else works or does not."""

from __future__ import annotations

import click

from autopilot.cli.ordering import me
from autopilot.cli.output import Output, with_output


@click.command(name="stop")
@click.argument("store")
@click.option("--by", help="Who asks; your login name when left out.")
@click.option("--reason", default="asked for", help="Why, for the journal.")
@with_output
def command(out: Output, store: str, by: str | None, reason: str) -> None:
    """Stop all writes to STORE until a named person arms it again. Needs neither the journal nor a running daemon."""
    from autopilot.clock import SystemClock
    from autopilot.orders import ask_to_stop
    from autopilot.settings_sources import load_store

    loaded = load_store(store)
    path = ask_to_stop(loaded.settings.store.state_dir, by=by or me(), reason=reason, at=SystemClock().now())
    payload = {"store": loaded.settings.store.name, "stop_file": str(path)}
    out.result(
        payload,
        human=lambda console: console.print(f"{store}: stopped by {path}; lift it with: autopilot arm {store} --by NAME --reason TEXT"),
    )
