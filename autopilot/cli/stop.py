"""``autopilot stop``: no more writes, whatever else works or does not."""

from __future__ import annotations

from pathlib import Path

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
    from autopilot.config_files import find_store
    from autopilot.errors import ConfigError
    from autopilot.orders import ask_to_stop
    from autopilot.settings_sources import load_store

    # a name that is mistyped must be refused: it would leave the store that was meant running
    file = find_store(store)
    try:
        state_dir = load_store(store).settings.store.state_dir
    except ConfigError as error:
        # a broken file must not stand in the way of a stop: the folder it has unless the file says otherwise
        state_dir = Path("state") / file.stem
        out.note(f"warning: {error}; stopping {state_dir}, the folder of {file.stem} unless its file names another")
    path = ask_to_stop(state_dir, by=by or me(), reason=reason, at=SystemClock().now())
    payload = {"store": store, "stop_file": str(path)}
    out.result(
        payload,
        human=lambda console: console.print(f"{store}: stopped by {path}; lift it with: autopilot arm {store} --by NAME --reason TEXT"),
    )
