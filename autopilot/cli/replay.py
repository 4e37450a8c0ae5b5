"""``autopilot replay``: decide recorded episodes again and compare. Exit code 1 when anything is different."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, answer_no, with_output

if TYPE_CHECKING:
    from rich.console import Console

    from autopilot.refs_lock import Checked

SHOWN = 20


@click.command(name="replay")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--accept", is_flag=True, help="Make today's decisions the reference, in the episode and in refs.lock beside it.")
@click.option("--reason", default="", help="Why the behaviour changed; needed with --accept.")
@with_output
def command(out: Output, files: tuple[Path, ...], *, accept: bool, reason: str) -> None:
    """Decide the episodes FILES again with this code and configuration, and say exactly what would be different."""
    from autopilot.refs_lock import checked

    if accept and not reason.strip():
        raise click.UsageError("--accept: expected a --reason, was none: refs.lock keeps why a reference changed.")
    done: list[Checked] = []
    with out.progress("replaying", total=len(files)) as progress:
        for path in files:
            done.append(checked(path, accept_because=reason if accept else None))
            progress(len(done))
    out.result(_payload(done), human=lambda console: _draw(console, done))
    if any(one.differences for one in done):
        answer_no()


def _payload(done: Sequence[Checked]) -> dict[str, Any]:
    return {
        "episodes": len(done),
        "records": sum(one.replayed.records for one in done),
        "differences": sum(len(one.differences) for one in done),
        "wall_s": round(sum(one.replayed.wall_s for one in done), 3),
        "episode_s": sum(one.replayed.episode_s for one in done),
        "files": [
            {
                "file": str(one.replayed.path),
                "records": one.replayed.records,
                "decisions": one.replayed.decisions,
                "decisions_sha256": one.replayed.decisions_sha256,
                "cut": one.replayed.cut,
                "differences": len(one.differences),
                "first": [{"seq": d.seq, "where": d.where, "was": d.was, "now": d.now} for d in one.differences[:SHOWN]],
            }
            for one in done
        ],
    }


def _draw(console: Console, done: Sequence[Checked]) -> None:
    for one in done:
        verdict = f"[red]{len(one.differences)} differences[/]" if one.differences else "[green]as recorded[/]"
        cut = ", [yellow]file is cut short[/]" if one.replayed.cut else ""
        console.print(f"{one.replayed.path}: {one.replayed.decisions} decisions, {verdict}{cut}")
        for difference in one.differences[:SHOWN]:
            console.print(f"  {difference}", markup=False)
        if len(one.differences) > SHOWN:
            console.print(f"  … and {len(one.differences) - SHOWN} more")
    if any(one.differences for one in done):
        console.print("If this change is meant: autopilot replay FILE… --accept --reason TEXT")
