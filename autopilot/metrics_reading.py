"""Opens the metrics of a store for questions: the file, brought up to the journal, where it is free; else a view built anew."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from autopilot.journal import SqlJournal
from autopilot.metrics_feed import feed
from autopilot.metrics_store import FILE, MetricsStore, MetricsUnavailable, open_metrics
from autopilot.settings_sources import Loaded
from autopilot.store_journal import journal_path, open_existing


@contextmanager
def metrics_of(loaded: Loaded, *, journal: Path | None = None) -> Iterator[MetricsStore]:
    """All that the store's journal has seen.

    Args:
        loaded: The store.
        journal: Another journal, such as that of a drive; its metrics are built anew.

    Raises:
        ConfigError: There is no journal. JournalUnavailable, MetricsUnavailable.
    """
    with closing(open_existing(journal or journal_path(loaded))) as records:
        path = loaded.settings.store.state_dir / FILE
        if journal is None and loaded.settings.metrics.enabled and _is_free(path):
            with _fed(path, records) as store:
                yield store
            return
        with tempfile.TemporaryDirectory(prefix="autopilot-") as folder, _fed(Path(folder) / FILE, records) as store:
            yield store


def _is_free(path: Path) -> bool:
    try:
        with open_metrics(path):
            return True
    except MetricsUnavailable:
        return False


@contextmanager
def _fed(path: Path, records: SqlJournal) -> Iterator[MetricsStore]:
    with open_metrics(path) as store:
        feed(store, records, most=sys.maxsize)
        yield store
