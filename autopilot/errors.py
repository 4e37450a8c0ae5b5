"""Errors of the user's edges; kept apart from pydantic so that the command line can name them without importing it.

Which exit code each leads to is said in one place: ``autopilot.cli.exit_codes``.
"""

from __future__ import annotations


class ConfigError(Exception):
    """A configuration cannot be used: a person must edit a file or an environment variable.

    Attributes:
        problems: Every problem found, one sentence each: where, which field, what was expected, what it was. The message of the
            exception is the first of them.
    """

    def __init__(self, *problems: str) -> None:
        """Takes at least one problem; the first is the one worth fixing first."""
        first, *others = problems
        super().__init__(first + (f" (and {len(others)} more)" if others else ""))
        self.problems = problems
