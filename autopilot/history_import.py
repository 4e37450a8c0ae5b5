"""A store's history, once and whole, from the tables that it is read from into a folder of parquet files. The only module that loads dlt.

dlt is made for this and not for ticks: it takes half a second per load, and half a minute's worth of rows costs no more. It is fed Arrow,
all of it text: what a value means is said by the store's file, here as there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopilot.errors import ConfigError
from autopilot.platforms.tables.source import Row, Told
from autopilot.platforms.tables.values import text

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 50_000

DATASET = "history"
"""Folder of the dataset, below the one that is named; each of its tables is a folder of parquet files."""

NO_TELEMETRY = "RUNTIME__DLTHUB_TELEMETRY"


def import_history(tables: Mapping[str, Told], *, folder: Path, now: datetime) -> dict[str, int]:
    """Write every row of these tables, under our names for the columns, in place of what an earlier import wrote.

    Args:
        tables: By the name that each is to have.
        folder: Made when needed.
        now: The instant of the reading.

    Returns:
        How many rows each table has.

    Raises:
        ConfigError: dlt is not installed, or cannot write there.
        PlatformError: A table cannot be read; what was imported of it before stands.
    """
    os.environ.setdefault(NO_TELEMETRY, "false")
    try:
        import dlt
        import pyarrow as pa
        from dlt.pipeline.exceptions import PipelineStepFailed
    except ModuleNotFoundError as error:
        wanted = "dlt and pyarrow, as in: pip install 'store-autopilot[dlt]'"
        raise ConfigError(f"import-history: expected {wanted}, was no module {error.name!r}") from None
    counts: dict[str, int] = {}
    for name, told in tables.items():
        # read before anything is replaced: a source that fails costs nothing
        rows = [row for batch in told.table.all(now=now) for row in batch.rows]
        schema = pa.schema([(ours, pa.string()) for ours in told.columns])
        resource = dlt.resource(_arrow(rows, told.columns, schema), name=name, write_disposition="replace")
        try:
            pipeline = dlt.pipeline(
                f"{DATASET}_{name}",
                destination=dlt.destinations.filesystem(bucket_url=folder.resolve().as_uri()),
                dataset_name=DATASET,
                pipelines_dir=str(folder.resolve() / ".dlt"),
            )
            pipeline.run(resource, loader_file_format="parquet")
        except (OSError, PipelineStepFailed) as error:
            raise ConfigError(
                f"import-history: expected to write {name} to {folder}, was {type(error).__name__}: {_first_line(error)}"
            ) from None
        counts[name] = len(rows)
    return counts


def _arrow(rows: list[Row], columns: Mapping[str, str], schema: pa.Schema) -> Iterator[Any]:
    import pyarrow as pa

    for part in _parts(rows):
        yield pa.Table.from_pylist([{ours: text(row.get(theirs)) for ours, theirs in columns.items()} for row in part], schema=schema)


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    for start in range(0, max(len(rows), 1), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
