"""``autopilot arm``: a named person hands over the wheel."""

from __future__ import annotations

import click

from autopilot.cli.ordering import leave_order
from autopilot.cli.output import Output, with_output


@click.command(name="arm")
@click.argument("store")
@click.option("--by", required=True, help="Your name: raising authority takes a person.")
@click.option("--reason", required=True, help="Why, for the journal.")
@with_output
def command(out: Output, store: str, by: str, reason: str) -> None:
    """Let STORE be driven: TRANSITION at a quarter of every limit, AUTO after clean ticks. Also lifts a stop."""
    for option, said in (("--by", by), ("--reason", reason)):
        if not said.strip():
            raise click.UsageError(f"{option}: expected a few words, was blank: raising authority takes a named person with a reason.")
    leave_order(out, store, "arm", by=by, reason=reason, lift_stop=True)
