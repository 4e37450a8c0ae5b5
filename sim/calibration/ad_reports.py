"""Ad reports of a real store: a row per day and product (or campaign), read from CSV or parquet with the columns the user names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.calibration.orders import open_table, quoted
from sim.moment import HOURS_PER_DAY

SETTLED_DAYS = 10
"""Age from which a day's conversions are taken as final: 7 days of attribution and 3 of restatement (Amazon Ads)."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class AdFileError(ValueError):
    """The ad reports cannot be used; the message says what was expected. The reaction: name other columns, or correct the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdColumns:
    """Which column of the file holds what.

    Attributes:
        day: Local date of the clicks.
        entity: Product or campaign; rates are taken to differ between them.
        impressions, clicks: Counts.
        cost: Major units.
        conversions: Orders that followed the clicks of that day, as reported.
        value: Their revenue, major units; None when the file does not say.
        observed_at: Local time at which the row was shown so; None when there is one row per day and entity. With several, the time that
            conversions take can be fitted.
    """

    day: str = "day"
    entity: str = "sku"
    impressions: str = "impressions"
    clicks: str = "clicks"
    cost: str = "cost"
    conversions: str = "conversions"
    value: str | None = None
    observed_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdReports:
    """Rows of ad reports, by entity, day and age.

    Attributes:
        entities: Names, sorted.
        entity: (n,) index into ``entities``.
        day: (n,) date ordinals.
        impressions, clicks, conversions: (n,) counts.
        cost, value: (n,) major units; ``value`` is 0 when the file does not say.
        age_h: (n,) hours from the end of the day to the moment at which the row was shown so.
        newest: (n,) whether no later row tells of the same day and entity.
        has_snapshots: Whether some day and entity was seen more than once.
    """

    entities: tuple[str, ...]
    entity: Ints
    day: Ints
    impressions: Ints
    clicks: Ints
    conversions: Ints
    cost: Floats
    value: Floats
    age_h: Floats
    newest: Bools
    has_snapshots: bool

    @property
    def settled(self) -> Bools:
        """(n,) newest rows old enough that their conversions do not change any more."""
        return self.newest & (self.age_h >= SETTLED_DAYS * HOURS_PER_DAY)


def read_ad_reports(path: Path, columns: AdColumns) -> AdReports:
    """Read and check a file of ad reports.

    Raises:
        AdFileError: The file or a column is missing, a value is out of range, or there is no row.
    """
    named = {
        "day": columns.day,
        "entity": columns.entity,
        "impressions": columns.impressions,
        "clicks": columns.clicks,
        "cost": columns.cost,
        "conversions": columns.conversions,
        "value": columns.value,
        "observed_at": columns.observed_at,
    }
    wanted = {field: column for field, column in named.items() if column is not None}
    casts = {"day": "DATE", "observed_at": "TIMESTAMP", "cost": "DOUBLE", "value": "DOUBLE", "entity": "VARCHAR"}
    parsed = ", ".join(
        f"TRY_CAST({quoted(column)} AS {casts.get(field, 'BIGINT')}) AS {field}, CAST({quoted(column)} AS VARCHAR) AS {field}_was"
        for field, column in wanted.items()
    )
    with open_table(path, list(wanted.values()), error=AdFileError) as connection:
        rows = connection.execute(f"SELECT {parsed} FROM raw").fetchnumpy()  # noqa: S608 - quoted names found in the file's own header
    _refuse_unreadable(path, rows, wanted)
    return _as_arrays(path, rows)


def _refuse_unreadable(path: Path, rows: dict[str, np.ndarray], wanted: dict[str, str]) -> None:
    expected = {"day": "a date", "observed_at": "a time", "cost": "a number", "value": "a number", "entity": "a name"}
    if not rows["day"].size:
        raise AdFileError(f"{path}: expected at least one row, was none")
    for field, column in wanted.items():
        unreadable = np.ma.getmaskarray(np.ma.asarray(rows[field]))
        if field in {"cost", "value"}:
            unreadable = unreadable | ~np.isfinite(np.ma.filled(rows[field], 0.0))
        _refuse(path, unreadable, f"{column}: expected {expected.get(field, 'a whole number')}", rows[f"{field}_was"])
        if field not in {"day", "observed_at", "entity"}:
            _refuse(path, np.ma.filled(rows[field], 0) < 0, f"{column}: expected >= 0", rows[f"{field}_was"])
    too_many = np.asarray(rows["clicks"]) > np.asarray(rows["impressions"])
    _refuse(path, too_many, f"{wanted['clicks']}: expected at most one per impression", rows["clicks_was"])


def _refuse(path: Path, wrong: Bools, expectation: str, was: np.ndarray) -> None:
    if wrong.any():
        first = int(wrong.argmax())
        found = "nothing" if np.ma.getmaskarray(np.ma.asarray(was))[first] else repr(str(was[first]))
        raise AdFileError(f"{path}: {expectation}, was {found} in row {first + 1}")


def _as_arrays(path: Path, rows: dict[str, np.ndarray]) -> AdReports:
    names, entity = np.unique(np.asarray(rows["entity"]).astype(str), return_inverse=True)
    day = np.asarray(rows["day"]).astype("datetime64[D]").astype(np.int64) + _EPOCH_DAY
    end_h = (day - _EPOCH_DAY + 1) * HOURS_PER_DAY
    if "observed_at" in rows:
        seen_h = np.asarray(rows["observed_at"]).astype("datetime64[m]").astype(np.int64) / 60.0
    else:
        # one export: made when its last day was over
        seen_h = np.full(day.size, float(end_h.max()))
    order = np.lexsort((seen_h, day, entity))
    entity, day, age_h = entity[order], day[order], (seen_h - end_h)[order]
    same = (entity[1:] == entity[:-1]) & (day[1:] == day[:-1])
    if (same & (age_h[1:] == age_h[:-1])).any():
        first = int((same & (age_h[1:] == age_h[:-1])).argmax())
        what = f"{names[entity[first]]} on {date.fromordinal(int(day[first]))}"
        raise AdFileError(f"{path}: expected one row per day, entity and observed_at, was more for {what}")
    none = np.zeros(day.size)
    return AdReports(
        entities=tuple(str(name) for name in names),
        entity=entity.astype(np.int64),
        day=day,
        impressions=np.asarray(rows["impressions"], dtype=np.int64)[order],
        clicks=np.asarray(rows["clicks"], dtype=np.int64)[order],
        conversions=np.asarray(rows["conversions"], dtype=np.int64)[order],
        cost=np.asarray(rows["cost"], dtype=np.float64)[order],
        value=np.asarray(rows.get("value", none), dtype=np.float64)[order],
        age_h=age_h,
        newest=np.append(~same, True),
        has_snapshots=bool(same.any()),
    )
