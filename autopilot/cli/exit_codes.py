"""Exit codes, and which exception leads to which: the one place where that is said."""

from __future__ import annotations

import sys
from enum import IntEnum

import click

from autopilot.errors import ConfigError


class ExitCode(IntEnum):
    """What the shell is told.

    The first four are the contract of every command. ``CRASHED`` (BSD's EX_SOFTWARE) keeps a bug of ours apart from the answer "no", and
    ``INTERRUPTED`` is the shells' own 128 + SIGINT.
    """

    DONE = 0
    NO = 1
    USAGE = 2
    UNREACHABLE = 3
    CRASHED = 70
    INTERRUPTED = 130


LAZY_ERRORS = (
    ("perception.ports", "PlatformError", ExitCode.UNREACHABLE),
    ("autopilot.journal", "JournalUnavailable", ExitCode.UNREACHABLE),
    ("autopilot.metrics_store", "MetricsUnavailable", ExitCode.UNREACHABLE),
    ("autopilot.episode", "EpisodeDamaged", ExitCode.USAGE),
    ("autopilot.explain", "NoSuchWrite", ExitCode.USAGE),
    ("autopilot.replay", "NotReplayable", ExitCode.USAGE),
    ("sim.config_lookup", "NoSuchConfigError", ExitCode.USAGE),
    ("sim.calibration.ad_fit", "TooFewClicksError", ExitCode.USAGE),
    ("sim.calibration.ad_reports", "AdFileError", ExitCode.USAGE),
    ("sim.calibration.market_fit", "TooFewOrdersError", ExitCode.USAGE),
    ("sim.calibration.orders", "OrderFileError", ExitCode.USAGE),
    ("sim.parameters.market", "MarketFileError", ExitCode.USAGE),
    ("sim.scenarios", "ScenarioFileError", ExitCode.USAGE),
)
"""Errors whose modules are dear to import; one that was never imported cannot have raised."""


def exit_code_of(error: BaseException) -> ExitCode:
    """The code for an exception that reached the top."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return ExitCode.INTERRUPTED
    if isinstance(error, click.ClickException | ConfigError | OSError):
        # a file or folder named by the user or the settings cannot be used; the message says which
        return ExitCode.USAGE
    for module, name, code in LAZY_ERRORS:
        if module in sys.modules and isinstance(error, getattr(sys.modules[module], name)):
            return code
    return ExitCode.CRASHED
