"""``autopilot replay``: decide recorded episodes again and compare. Exit code 1 when anything is different."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autopilot.cli.output import Output, answer_no, with_output

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20


@click.command(name="replay")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--accept", is_flag=True, help="Make today's decisions the reference, in the episode and in refs.lock beside it.")
@click.option("--reason", help="Why the behaviour changed; needed with --accept.")
@with_output
def command(out: Output, files: tuple[Path, ...], accept: bool, reason: str | None) -> None:
    """Decide the episodes FILES again with this code and configuration, and say exactly what would be different."""
    from autopilot import refs_lock
    from autopilot import replay as replaying

    if accept and not (reason or "").strip():
        raise click.UsageError("--accept: expected a --reason, was none: refs.lock keeps why a reference changed.")
    replayed, differences = [], []
    with out.progress("replaying", total=len(files)) as progress:
        for done, path in enumerate(files, start=1):
            if accept:
                replaying.accept(path)
            one = replaying.replay(path)
            if accept:
                refs_lock.pin(one, reason=str(reason))
            replayed.append(one)
            differences.append([*one.differences, *refs_lock.pinned_differences(one)])
            progress(done)
    total = sum(len(found) for found in differences)
    payload = {
        "episodes": len(replayed),
        "records": sum(one.records for one in replayed),
        "differences": total,
        "wall_s": round(sum(one.wall_s for one in replayed), 3),
        "episode_s": sum(one.episode_s for one in replayed),
        "files": [
            {
                "file": str(one.path),
                "records": one.records,
                "decisions": one.decisions,
                "decisions_sha256": one.decisions_sha256,
                "cut": one.cut,
                "differences": len(found),
                "first": [{"seq": d.seq, "where": d.where, "was": d.was, "now": d.now} for d in found[:SHOWN]],
            }
            for one, found in zip(replayed, differences, strict=True)
        ],
    }

    def human(console: Console) -> None:
        for one, found in zip(replayed, differences, strict=True):
            verdict = f"[red]{len(found)} differences[/]" if found else "[green]as recorded[/]"
            cut = ", [yellow]file is cut short[/]" if one.cut else ""
            console.print(f"{one.path}: {one.decisions} decisions, {verdict}{cut}")
            for difference in found[:SHOWN]:
                console.print(f"  {difference}", markup=False)
            if len(found) > SHOWN:
                console.print(f"  … and {len(found) - SHOWN} more")
        if total:
            console.print("If this change is meant: autopilot replay FILE… --accept --reason TEXT")

    out.result(payload, human=human)
    if total:
        answer_no()
