"""The ``[metrics]`` table: the store of every figure that was ever seen, for questions that the loop does not ask."""

from __future__ import annotations

from autopilot.settings_types import Count, Section


class MetricsSection(Section):
    """A derived view of the journal, in a file of its own; losing it loses nothing, and no decision waits for it."""

    enabled: bool = True
    """Whether the daemon keeps it."""
    full_days: Count = 35
    """Days for which every restatement of a figure is kept; of older days the last of each day of observation."""
    retention_days: Count = 730
    """Days after which figures are dropped."""
    memory_mb: Count = 64
    """Most memory that a tick's insert may take."""
