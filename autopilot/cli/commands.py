"""The table of commands. To add one, write its module and one line here; a line whose module does not exist yet is not listed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, as ``module:attribute``, and its line in ``autopilot --help``."""

    target: str
    summary: str


COMMANDS: dict[str, Entry] = {
    "init": Entry("autopilot.cli.init:command", "Write a commented store config."),
    "check": Entry("autopilot.cli.check:command", "Validate a store's config and reach its platform."),
    "show-config": Entry("autopilot.cli.show_config:command", "Show every setting and where it came from."),
    "plan": Entry("autopilot.cli.plan:command", "Print the plan that would be followed, before anybody signs it."),
    "drive": Entry("autopilot.cli.drive:command", "Drive a store on the simulated platform."),
    "run": Entry("autopilot.cli.run:command", "Run the daemon."),
    "status": Entry("autopilot.cli.status:command", "Show what the daemon is doing."),
    "explain": Entry("autopilot.cli.explain:command", "Trace a write from metric to acknowledgement."),
    "mode": Entry("autopilot.cli.mode:command", "Change the mode of engagement."),
    "stop": Entry("autopilot.cli.stop:command", "Stop all writes, now, until a person arms the store again."),
    "arm": Entry("autopilot.cli.arm:command", "Let a stopped store be engaged again."),
    "why": Entry("autopilot.cli.why:command", "Say why a figure moved, or that nothing changed."),
    "metrics": Entry("autopilot.cli.metrics:command", "Export or rebuild every figure that was ever seen."),
    "export": Entry("autopilot.cli.export:command", "Write a stretch of the journal as an episode."),
    "replay": Entry("autopilot.cli.replay:command", "Decide recorded episodes again and compare."),
    "eval": Entry("autopilot.cli.eval:command", "Judge controllers on scenario families."),
    "train": Entry("autopilot.cli.train:command", "Train a policy on simulated stores."),
    "promote": Entry("autopilot.cli.promote:command", "Judge a trained policy; install it or say why not."),
    "tune": Entry("autopilot.cli.tune:command", "Search the gains of the laws."),
    "plot": Entry("autopilot.cli.plot:command", "Draw a saved evaluation."),
    "bench": Entry("autopilot.cli.bench:command", "Measure speed, each figure beside its baseline."),
    "calibrate": Entry("autopilot.cli.calibrate:command", "Fit a simulated market to order lines."),
    "import-history": Entry("autopilot.cli.import_history:command", "Keep a store's past, read from its tables, as parquet."),
    "doctor": Entry("autopilot.cli.doctor:command", "Examine the installation and the machine."),
}
