"""Ad reports: any file whose columns the user names; what cannot be is refused with the field, what was expected and what was there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from sim.calibration.ad_reports import AdColumns, AdFileError, read_ad_reports

HEAD = "Day,Ad,Shown,Clicked,Spent,Sold,Earned,Seen"
ROWS = """\
2024-03-01,b,100,5,2.50,0,0.00,2024-03-03 00:00:00
2024-03-01,b,100,5,2.50,1,9.50,2024-03-14 00:00:00
2024-03-01,a,40,0,0,0,0,2024-03-14 00:00:00
2024-03-12,a,80,8,4.00,1,20.00,2024-03-14 12:00:00"""
COLUMNS = AdColumns(
    day="Day", entity="Ad", impressions="Shown", clicks="Clicked", cost="Spent", conversions="Sold", value="Earned", observed_at="Seen"
)


def _file(folder: Path, rows: str = ROWS) -> Path:
    path = folder / "ads.csv"
    path.write_text(f"{HEAD}\n{rows}\n", encoding="utf-8")
    return path


def test_rows_are_put_in_order_of_entity_day_and_age(tmp_path: Path) -> None:
    reports = read_ad_reports(_file(tmp_path), COLUMNS)

    assert reports.entities == ("a", "b")
    assert reports.entity.tolist() == [0, 0, 1, 1]
    assert reports.age_h.tolist() == [12 * 24.0, 36.0, 24.0, 12 * 24.0]
    assert reports.newest.tolist() == [True, True, False, True]
    assert reports.settled.tolist() == [True, False, False, True]
    assert reports.conversions.tolist() == [0, 1, 0, 1]
    assert reports.value.tolist() == [0.0, 20.0, 0.0, 9.5]
    assert date.fromordinal(int(reports.day[0])) == date(2024, 3, 1)
    assert reports.has_snapshots


def test_one_export_is_as_old_as_its_last_day(tmp_path: Path) -> None:
    rows = "2024-03-01,a,9,1,1,0,0,\n2024-03-11,a,9,1,1,0,0,\n2024-03-12,a,9,1,1,0,0,"
    plain = AdColumns(day="Day", entity="Ad", impressions="Shown", clicks="Clicked", cost="Spent", conversions="Sold")

    reports = read_ad_reports(_file(tmp_path, rows), plain)

    assert reports.age_h.tolist() == [264.0, 24.0, 0.0]
    assert not reports.has_snapshots
    assert reports.value.tolist() == [0.0, 0.0, 0.0]


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    parquet = tmp_path / "ads.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{_file(tmp_path)}')) TO '{parquet}' (FORMAT parquet)")  # noqa: S608 - a test's own file

    one, other = (read_ad_reports(path, COLUMNS) for path in (parquet, tmp_path / "ads.csv"))

    assert one.clicks.tolist() == other.clicks.tolist()
    assert one.age_h.tolist() == other.age_h.tolist()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("100,5,2.50,0", "100,many,2.50,0", r"Clicked: expected a whole number, was 'many' in row 1"),
        ("100,5,2.50,0", "-100,5,2.50,0", r"Shown: expected >= 0, was '-100' in row 1"),
        ("40,0,0,0,0", "40,41,0,0,0", r"Clicked: expected at most one per impression, was '41' in row 3"),
        ("4.00,1", "nan,1", r"Spent: expected a number, was 'nan' in row 4"),
        ("2024-03-12,a", "12.3.24,a", r"Day: expected a date, was '12\.3\.24' in row 4"),
        ("2024-03-12,a", "2024-03-12,", r"Ad: expected a name, was nothing in row 4"),
        ("2024-03-14 12:00:00", "noon", r"Seen: expected a time, was 'noon' in row 4"),
        ("2024-03-03 00:00:00", "2024-03-14 00:00:00", r"expected one row per day, entity and observed_at, was more for b on 2024-03-01"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(AdFileError, match=message) as refused:
        read_ad_reports(_file(tmp_path, ROWS.replace(old, new, 1)), COLUMNS)

    assert str(refused.value).count("\n") == 0


def test_missing_files_columns_and_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AdFileError, match=r"expected a CSV or parquet file, was none"):
        read_ad_reports(tmp_path / "none.csv", COLUMNS)
    with pytest.raises(AdFileError, match=r"expected columns day, sku, impressions, clicks, cost, conversions, was not among those found"):
        read_ad_reports(_file(tmp_path), AdColumns())
    with pytest.raises(AdFileError, match=r"expected at least one row, was none"):
        read_ad_reports(_file(tmp_path, ""), COLUMNS)
