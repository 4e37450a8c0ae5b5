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
    _refuse_if_only_watched(store)
    leave_order(out, store, "arm", by=by, reason=reason, lift_stop=True)


def _refuse_if_only_watched(store: str) -> None:
    """A loop that is armed and can write nothing would look as if it drove."""
    from autopilot.config_files import display
    from autopilot.connection import is_only_watched
    from autopilot.errors import ConfigError
    from autopilot.settings_sources import load_store

    loaded = load_store(store)
    if is_only_watched(loaded):
        kinds = f"{loaded.settings.platform.kind!r} and {loaded.settings.ads.kind!r}"
        wanted = "a platform that can be written to"
        hint = f"to see what would be done, use: autopilot mode {store} shadow (or advise)"
        raise ConfigError(f"{display(loaded.path)}: platform.kind, ads.kind: expected {wanted}, was {kinds}; {hint}")
