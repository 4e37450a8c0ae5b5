"""``autopilot run``: the daemon."""

from __future__ import annotations

import click

from autopilot.cli.output import Output, with_output


@click.command(name="run")
@click.argument("store")
@click.option("--ticks", type=click.IntRange(1), help="End after so many ticks instead of running on.")
@with_output
def command(out: Output, store: str, ticks: int | None) -> None:
    """Drive STORE until told to end: SIGTERM ends cleanly, SIGHUP reloads the configuration.

    The daemon starts in OBSERVE and writes nothing before a person arms it: autopilot arm STORE --by NAME --reason TEXT.
    """
    from autopilot.service import opened, wake_every_s
    from autopilot.settings_sources import load_store
    from autopilot.undisturbed import keep_for_good

    loaded = load_store(store)
    for warning in loaded.warnings:
        out.note(f"warning: {warning}")
    with opened(loaded, ticks=ticks) as daemon:
        state = daemon.loop.folded.state
        out.note(f"{loaded.settings.store.name}: mode {state.engagement.mode}, epoch {state.epoch}, last tick {state.tick}")
        keep_for_good()
        daemon.run(wake_every_s=wake_every_s(loaded))
        state = daemon.loop.folded.state
        payload = {
            "store": loaded.settings.store.name,
            "tick": state.tick,
            "epoch": state.epoch,
            "mode": state.engagement.mode.value,
            "missed_ticks": daemon.missed,
        }
    out.result(payload, human=lambda console: console.print(f"ended at tick {payload['tick']} in mode {payload['mode']}"))
