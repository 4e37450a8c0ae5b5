"""A store's past through dlt: all of it, once, under our names, and readable again by whoever reads tables. Skipped without dlt."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from autopilot.cli.shell import run
from autopilot.settings_sources import Loaded, load_store
from sim.calibration.orders import OrderColumns, read_order_lines
from tests.platforms.tables.exports import NOW, shop_of_files, touched
from tests.platforms.whole.tea_house import tea_house
from tests.platforms.whole.test_watched_store import ADS, exported

OURS = {"order": "order", "sku": "sku", "time": "time", "quantity": "quantity", "amount": "amount"}


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    path = tea_house(tmp_path, ads=ADS)
    exported(tmp_path / "exports")
    return load_store(str(path), environ={})


@pytest.fixture
def _dlt() -> None:
    pytest.importorskip("dlt", reason="dlt is not installed: pip install 'store-autopilot[dlt]'")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'store-autopilot[dlt]'")


@pytest.mark.usefixtures("_dlt")
@pytest.mark.filterwarnings("default")
def test_the_past_is_kept_whole_once_however_often_it_is_imported(
    loaded: Loaded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [run(["import-history", str(loaded.path), "--to", str(tmp_path / "past"), "--json"]) for _ in range(2)]
    said = [json.loads(line) for line in capsys.readouterr().out.strip().splitlines()]

    assert codes == [0, 0]
    written = len((tmp_path / "exports/orders.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert said[1]["rows"] == {"orders": written, "products": 3, "stock": 3, "ad_report": 42}
    (orders,) = (tmp_path / "past/history/orders").glob("*.parquet")
    assert {path.suffix for path in (tmp_path / "past/history/orders").iterdir()} == {".parquet"}

    lines = read_order_lines(
        orders, OrderColumns(**{k: v for k, v in OURS.items() if k != "amount"}, unit_price="amount", customer=None, product_pattern=".*")
    )
    assert int(lines.units.sum()) == written


@pytest.mark.usefixtures("_dlt")
@pytest.mark.filterwarnings("default")
def test_a_store_can_be_read_from_what_dlt_wrote(loaded: Loaded, tmp_path: Path) -> None:
    run(["import-history", str(loaded.path), "--to", str(tmp_path / "past")])
    past = tmp_path / "past/history"
    for path in past.rglob("*.parquet"):
        touched(path, NOW)

    def sales(shop: object) -> list[list[float]]:
        rows = shop.read(since=None, now=NOW)[0]  # type: ignore[attr-defined]
        return [[*key, *values] for key, values in zip(zip(rows.sku, rows.day, strict=True), rows.values, strict=True)]

    before = shop_of_files(
        tmp_path / "exports",
        tmp_path / "one",
        orders={
            "path": "orders.csv",
            "columns": {"order": "order_id", "sku": "sku", "time": "paid_at", "quantity": "qty", "amount": "total"},
        },
    )
    after = shop_of_files(
        past,
        tmp_path / "other",
        orders={"path": "orders/*.parquet", "columns": OURS},
        products={"path": "products/*.parquet", "columns": {"sku": "sku", "price": "price", "cost": "cost", "stock": "stock"}},
    )
    assert sorted(sales(after)) == sorted(sales(before))


@pytest.mark.usefixtures("_dlt")
@pytest.mark.filterwarnings("default")
def test_a_folder_that_cannot_be_written_is_said(loaded: Loaded, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    code = run(["import-history", str(loaded.path), "--to", str(tmp_path / "file/past")])

    assert code == 2
    assert "expected to write orders to" in capsys.readouterr().err


def test_without_dlt_it_is_said_what_to_install(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "dlt", None)

    code = run(["import-history", str(loaded.path), "--to", str(tmp_path / "past")])

    assert code == 2
    assert "pip install 'store-autopilot[dlt]'" in capsys.readouterr().err


def test_a_store_without_tables_has_no_past_to_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["import-history", "gift-shop", "--to", str(tmp_path / "past")])

    assert code == 2
    assert "expected files or sql" in capsys.readouterr().err
