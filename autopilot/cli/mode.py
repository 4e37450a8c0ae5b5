"""``autopilot mode``: lower the authority of the loop, or let it watch."""

from __future__ import annotations

import click

from autopilot.cli.ordering import leave_order, me
from autopilot.cli.output import Output, with_output


@click.command(name="mode")
@click.argument("store")
@click.argument("mode", type=click.Choice(["off", "observe", "shadow", "advise"]))
@click.option("--by", help="Who asks; your login name when left out.")
@click.option("--reason", default="asked for", help="Why, for the journal.")
@with_output
def command(out: Output, store: str, mode: str, by: str | None, reason: str) -> None:
    """Put STORE into MODE: off, observe, shadow or advise. To let it write, use: autopilot arm STORE."""
    leave_order(out, store, mode, by=by or me(), reason=reason)
