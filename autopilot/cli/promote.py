"""``autopilot promote``: may a trained policy take the wheel? Exit code 1 with the reasons when it may not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, answer_no, with_output
from autopilot.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

POLICIES = Path("configs") / "policies"
EPISODES = Path("tests") / "episodes"
PIECES = Path("runs") / "eval" / "pieces"
"""Where ``autopilot eval`` keeps what it has worked out, so that neither works it out twice."""


@click.command(name="promote")
@click.argument("policy")
@click.option("--to", metavar="NAME", help="Install it in configs/policies under this name; its own when left out.")
@click.option("--seeds", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Test seeds of every scenario family.")
@click.option("--episodes", type=click.Path(path_type=Path), default=EPISODES, show_default=True, help="Folder of recorded episodes.")
@click.option("--store", default="gift-shop", show_default=True, help="Whose simulated drive under the laws it shadows.")
@click.option("--days", type=click.IntRange(1, 92), default=14, show_default=True, help="Length of that drive.")
@click.option("--journal", metavar="STORE", help="Shadow the journal of this store besides.")
@with_output
def command(out: Output, policy: str, to: str | None, seeds: int, episodes: Path, store: str, days: int, journal: str | None) -> None:
    """Judge POLICY, a name in configs/policies or a folder: test seeds of all families, recorded episodes, shadow of the laws.

    It may take the wheel when it is not worse than the laws in any family, better over all, breaks no limit and keeps the gate no busier.
    The decision and its figures go into the policy's card.
    """
    from autopilot.clock import SystemClock
    from autopilot.drive import settings_for
    from autopilot.policies import find_policy, load_card
    from autopilot.promote import Plan, episodes_in, figures_of, promote
    from autopilot.settings_sources import load_store
    from autopilot.store_journal import journal_path
    from sim.scenarios import families

    clock = SystemClock()
    began_s = clock.monotonic_s()
    folder = find_policy(policy)
    name = _name(to) if to is not None else load_card(folder).name
    plan = Plan(
        families=families(),
        seeds=seeds,
        episodes=episodes_in(episodes),
        store=settings_for(store, days=days, controller="laws"),
        days=days,
        journals=() if journal is None else ((journal, _existing(journal_path(load_store(journal)))),),
        kept=PIECES,
    )
    with out.progress(f"judging {name} on {len(plan.families)} families", total=1.0) as progress:
        done = promote(folder, to=POLICIES / name, plan=plan, at=clock.now(), progress=progress)
    payload = {
        "policy": str(folder),
        "weights_sha256": done.card.weights_sha256,
        "promoted": done.decision.promoted,
        "to": name,
        "installed": None if done.installed is None else str(done.installed),
        "reasons": list(done.decision.reasons),
        **figures_of(done.evidence),
        "wall_s": clock.monotonic_s() - began_s,
    }
    out.result(payload, human=lambda console: _draw(console, payload))
    if not done.decision.promoted:
        answer_no()


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text):
        raise ConfigError(f"--to: expected a name of small letters, digits, - and _, was {text!r}")
    return text


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(f"--journal: expected a store that was driven; {path} does not exist")
    return path


def _draw(console: Console, payload: dict[str, Any]) -> None:
    from autopilot.cli.promotion_tables import shadow_table, sim_table

    console.print(sim_table(payload["sim"]))
    console.print(shadow_table([*payload["episodes"], *payload["shadow"]]))
    if payload["promoted"]:
        console.print(f"Promoted: {payload['installed']} ({payload['wall_s']:.0f} s)", markup=False)
        return
    console.print(f"Refused ({payload['wall_s']:.0f} s):", markup=False)
    for reason in payload["reasons"]:
        console.print(f"  {reason}", markup=False)
