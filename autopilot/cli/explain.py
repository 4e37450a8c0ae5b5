"""``autopilot explain``: any write traced from metric to acknowledgement."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autopilot.cli.output import Output, with_output

if TYPE_CHECKING:
    from rich.console import Console


@click.command(name="explain")
@click.argument("store")
@click.argument("write_id", required=False)
@click.option("--journal", "path", type=click.Path(path_type=Path), help="Another journal, such as that of a drive.")
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="How many writes to list.")
@with_output
def command(out: Output, store: str, write_id: str | None, path: Path | None, most: int) -> None:
    """List the latest writes of STORE, or explain one: metric, estimate, plan, controller terms, gate, acknowledgement."""
    from autopilot.cli import explain_text
    from autopilot.explain import explain, writes
    from autopilot.settings_sources import load_store
    from autopilot.store_journal import journal_path, open_existing

    loaded = load_store(store)
    journal = open_existing(path or journal_path(loaded))
    if write_id is None:
        listed = writes(journal, most=most)
        out.result(
            {"store": loaded.settings.store.name, "writes": [asdict(write) for write in listed]},
            human=lambda console: console.print(explain_text.writes_table(listed, loaded.settings.store.currency)),
        )
        return
    explanation = explain(journal, write_id)

    def human(console: Console) -> None:
        console.print(explain_text.chain(explanation, loaded.settings.store.currency))

    out.result({"store": loaded.settings.store.name, **asdict(explanation)}, human=human)
