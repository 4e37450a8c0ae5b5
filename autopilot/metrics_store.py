"""Every figure that was ever seen, restatements beside what they replaced: a DuckDB file, derived from the journal, to be rebuilt at will.

The only module that opens DuckDB files of ours. The file is opened for as long as it is used and no longer: DuckDB lets one process in at
a time, and between two ticks others want to ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perception.observation import COLUMNS, MetricRows, Signal
from perception.units import SECONDS_PER_DAY, Floats, Ints

if TYPE_CHECKING:
    import duckdb

FILE = "metrics.duckdb"
"""In the state folder."""

CHECKPOINT = "256MB"
"""Log at which it is folded into the file while it is open; closing folds it in any case, so a tick of the daemon never waits for more."""

FACT_DIMENSIONS = ("channel", "category", "device", "sku")
"""What a fact may be told by; an empty word where a platform does not tell."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class MetricsUnavailable(Exception):
    """The metrics store cannot be used now: in use, damaged, or no room left. The reaction: go on without, and try later."""


@contextmanager
def open_metrics(path: Path, *, memory_mb: int = 256, read_only: bool = False) -> Iterator[MetricsStore]:
    """Open the file, made where it is not there yet.

    Args:
        path: Of the file.
        memory_mb: Most memory to take.
        read_only: For whoever only asks; the file must be there.

    Raises:
        MetricsUnavailable: It cannot be opened, or something fails while it is open.
    """
    import duckdb

    try:
        with duckdb.connect(
            str(path), read_only=read_only, config={"memory_limit": f"{memory_mb}MB", "threads": 1, "checkpoint_threshold": CHECKPOINT}
        ) as connection:
            if not read_only:
                path.chmod(0o600)
            yield MetricsStore(connection, read_only=read_only)
    except (duckdb.Error, OSError) as error:
        raise MetricsUnavailable(f"{path}: {str(error).splitlines()[0]}") from error


class MetricsStore:
    """An open store. Days are dates of the store, instants UTC."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool = False) -> None:
        """Around an open connection; makes the tables unless only to be read."""
        self._connection = connection
        self._place_of: dict[str, int] = {}
        self._known: tuple[str, ...] = ()
        self._table = np.full(1, -1)
        if not read_only:
            _make_tables(connection)

    def fed_until(self) -> int:
        """Journal record up to which figures are in, 0 for none."""
        found = self._connection.execute("select max(seq) from fed").fetchone()
        return 0 if found is None or found[0] is None else int(found[0])

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is added within is there durably afterwards, or nothing of it."""
        self._connection.execute("begin")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            self._connection.execute("rollback")
            self._place_of, self._known = {}, ()
            raise

    def add(
        self, batch: Sequence[MetricRows], *, skus: Sequence[str], seen_at: datetime, seq: int, doubted: Mapping[Signal, Floats]
    ) -> None:
        """Take in what one tick saw, within ``at_once``. What is there is never changed.

        Args:
            batch: Rows as they came.
            skus: Ids behind their SKU indices.
            seen_at: Of the tick: from then on it was known.
            seq: Of the journal record that holds them.
            doubted: {signal: (n,) 1.0 where a row was not believed} for the signals of which any were.
        """
        self._name(skus)
        for rows in batch:
            columns: dict[str, Any] = {
                "sku": self._places(rows.sku),
                "day": rows.day - _EPOCH_DAY,
                "observed_at": np.nan_to_num(rows.observed_at_s),
                "seen_at": np.full(rows.sku.size, seen_at.timestamp()),
                "version": rows.version,
                "believed": doubted[rows.signal] == 0.0 if rows.signal in doubted else np.ones(rows.sku.size, dtype=np.bool_),
            }
            columns |= {name: np.ascontiguousarray(rows.values[:, at]) for at, name in enumerate(COLUMNS[rows.signal])}
            self._insert(rows.signal.value, columns)
        self._connection.execute("insert into fed values (?, ?)", [seq, seen_at.timestamp()])

    def add_facts(
        self,
        metric: str,
        hour: Sequence[datetime],
        value: Floats,
        dimensions: Mapping[str, Sequence[str]],
        *,
        observed_at: datetime,
        version: int,
    ) -> None:
        """Take in facts by the hour and by dimensions, for questions that a day and a SKU do not answer; restatements as newer versions."""
        told = {name: np.array(dimensions.get(name, [""] * len(hour)), dtype=object) for name in FACT_DIMENSIONS}
        self._insert(
            "facts",
            {
                "metric": np.array([metric] * len(hour), dtype=object),
                "hour": np.array([at.timestamp() for at in hour]),
                **told,
                "value": value,
                "observed_at": np.full(len(hour), observed_at.timestamp()),
                "version": np.full(len(hour), version),
            },
        )

    def known(
        self, signal: Signal, *, as_of: datetime | None = None, first: date | None = None, last: date | None = None
    ) -> dict[str, Any]:
        """The newest believed version of every (SKU, day) that was known at an instant: columns ``sku`` (ids), ``day``, and the figures.

        Args:
            signal: Whose figures.
            as_of: What was known then; None for all that is known.
            first, last: Days, both included; None without bound.
        """
        names, (newest, values) = ", ".join(COLUMNS[signal]), _newest(signal, as_of, first, last)
        query = f"select ids.id as sku, day, {names} from ({newest}) join skus ids on ids.place = sku order by day, sku"  # noqa: S608 - names are ours
        return self._connection.execute(query, values).fetchnumpy()

    def by_day(
        self, signal: Signal, *, as_of: datetime | None = None, first: date | None = None, last: date | None = None
    ) -> dict[str, Any]:
        """Sums over the SKUs by day of what ``known`` gives."""
        newest, values = _newest(signal, as_of, first, last)
        sums = ", ".join(f"sum({name}) as {name}" for name in COLUMNS[signal])
        query = f"select day, {sums} from ({newest}) group by day order by day"  # noqa: S608 - names are ours
        return self._connection.execute(query, values).fetchnumpy()

    def facts(self, metric: str) -> dict[str, Any]:
        """The newest version of every fact of a metric: columns ``hour`` (epoch seconds), the dimensions, ``value``."""
        names = ", ".join(("hour", *FACT_DIMENSIONS))
        query = f"select {names}, arg_max(value, version) as value from facts where metric = ? group by all order by hour"  # noqa: S608 - names are ours
        return self._connection.execute(query, [metric]).fetchnumpy()

    def compact(self, *, today: date, full_days: int, retention_days: int) -> int:
        """Drop what is older than ``retention_days``, and of days older than ``full_days`` all but the last version of each day of seeing.

        Returns:
            Rows dropped.
        """
        dropped = 0
        for signal in Signal:
            table = signal.value
            oldest, full = (today.toordinal() - _EPOCH_DAY - days for days in (retention_days, full_days))
            before = self._count(table)
            self._connection.execute(f"delete from {table} where day < ?", [oldest])  # noqa: S608 - names are ours
            self._connection.execute(
                f"delete from {table} where day < ? and rowid not in (select arg_max(rowid, version) from {table} "  # noqa: S608 - names are ours
                f"where day < ? group by sku, day, floor(seen_at / {SECONDS_PER_DAY}))",
                [full, full],
            )
            dropped += before - self._count(table)
        self._connection.execute("checkpoint")
        return dropped

    def export(self, path: Path) -> int:
        """Write every version of every figure as one Parquet file. Returns its rows."""
        parts = [
            f"select '{signal.value}' as signal, ids.id as sku, date '1970-01-01' + day as event_date, "  # noqa: S608 - names are ours
            f"to_timestamp(observed_at) as observed_at, to_timestamp(seen_at) as seen_at, "
            f"version, believed, '{name}' as metric, {name} as value "
            f"from {signal.value} join skus ids on ids.place = sku"
            for signal in Signal
            for name in COLUMNS[signal]
        ]
        target = str(path).replace("'", "''")
        self._connection.execute(f"copy ({' union all '.join(parts)}) to '{target}' (format parquet, compression zstd)")
        found = self._connection.execute(f"select count(*) from read_parquet('{target}')").fetchone()  # noqa: S608 - a path of the user's own
        return 0 if found is None else int(found[0])

    def _count(self, table: str) -> int:
        found = self._connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - names are ours
        return 0 if found is None else int(found[0])

    def _name(self, skus: Sequence[str]) -> None:
        """Give every SKU a place of its own, for good: an index into a catalogue may mean another tomorrow."""
        if self._known == tuple(skus):
            return
        if not self._place_of:
            self._place_of = dict(self._connection.execute("select id, place from skus").fetchall())
        strangers = [sku for sku in skus if sku not in self._place_of]
        if strangers:
            first = len(self._place_of)
            self._insert("skus", {"place": np.arange(first, first + len(strangers)), "id": np.array(strangers, dtype=object)})
            self._place_of |= {sku: first + at for at, sku in enumerate(strangers)}
        self._known, self._table = tuple(skus), np.array([*(self._place_of[sku] for sku in skus), -1])

    def _places(self, sku: Ints) -> Ints:
        """Place of each row's SKU; -1 for one that the catalogue does not have."""
        last = self._table.size - 1
        places: Ints = self._table[np.where((sku >= 0) & (sku < last), sku, last)]
        return places

    def _insert(self, table: str, columns: dict[str, Any]) -> None:
        self._connection.register("coming", columns)
        self._connection.execute(f"insert into {table} by name select * from coming")  # noqa: S608 - names are ours
        self._connection.unregister("coming")


def read_table(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of a CSV or Parquet file, dates as words. Raises: MetricsUnavailable when it cannot be read."""
    import duckdb

    reader = "read_parquet" if path.suffix.lower() in {".parquet", ".pq"} else "read_csv"
    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            relation = connection.execute(f"select * from {reader}(?)", [str(path)])  # noqa: S608 - one of two names
            return {
                name: np.ma.filled(column, np.nan) if column.dtype.kind == "f" else np.asarray(column)
                for name, column in relation.fetchnumpy().items()
            }
    except (duckdb.Error, OSError) as error:
        raise MetricsUnavailable(f"{path}: {str(error).splitlines()[0]}") from error


def date_of(day: int) -> date:
    """The date of a stored day."""
    return date.fromordinal(int(day) + _EPOCH_DAY)


def _newest(signal: Signal, as_of: datetime | None, first: date | None, last: date | None) -> tuple[str, list[Any]]:
    """A query for the newest believed row of every (SKU, day). Rows that come out of order are not believed, so the newest came last."""
    parts: list[tuple[str, Any]] = [("believed = ?", True)]
    if as_of is not None:
        parts.append(("seen_at <= ?", as_of.astimezone(UTC).timestamp()))
    if first is not None:
        parts.append(("day >= ?", first.toordinal() - _EPOCH_DAY))
    if last is not None:
        parts.append(("day <= ?", last.toordinal() - _EPOCH_DAY))
    where = " and ".join(part for part, _ in parts)
    # one whole number as the key: half the time of two
    latest = f"select max(rowid) from {signal.value} where {where} group by cast(day as bigint) * 4294967296 + sku"  # noqa: S608 - names are ours
    return f"select * from {signal.value} where rowid in ({latest})", [value for _, value in parts]  # noqa: S608 - names are ours


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table if not exists fed (seq bigint, seen_at double)")
    connection.execute("create table if not exists skus (place integer, id varchar)")
    for signal in Signal:
        figures = ", ".join(f"{name} double" for name in COLUMNS[signal])
        connection.execute(
            f"create table if not exists {signal.value} "
            f"(sku integer, day integer, observed_at double, seen_at double, version bigint, believed boolean, {figures})"
        )
    dimensions = ", ".join(f"{name} varchar" for name in FACT_DIMENSIONS)
    connection.execute(
        f"create table if not exists facts (metric varchar, hour double, {dimensions}, value double, observed_at double, version bigint)"
    )
