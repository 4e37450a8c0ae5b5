"""``autopilot export``: a store's journal as an episode that can be shared, committed and replayed."""

from __future__ import annotations

from pathlib import Path

import click

from autopilot.cli.output import Output, with_output


@click.command(name="export")
@click.argument("store")
@click.option("-o", "--output", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.episode.jsonl.zst")
@click.option("--journal", "source", type=click.Path(path_type=Path), help="Another journal, such as that of a drive.")
@with_output
def command(out: Output, store: str, path: Path, source: Path | None) -> None:
    """Write the journal of STORE as an episode."""
    from autopilot.episode import SUFFIX, write_episode
    from autopilot.settings_sources import load_store
    from autopilot.store_journal import journal_path, open_existing

    if not path.name.endswith(SUFFIX):
        raise click.UsageError(f"-o: expected a name ending in {SUFFIX}, was {path.name}")
    loaded = load_store(store)
    journal = open_existing(source or journal_path(loaded))
    count = write_episode(path, journal.records())
    payload = {"store": loaded.settings.store.name, "episode": str(path), "records": count, "bytes": path.stat().st_size}
    out.result(payload, human=lambda console: console.print(f"{path}: {count} records, {path.stat().st_size:,} bytes"))
