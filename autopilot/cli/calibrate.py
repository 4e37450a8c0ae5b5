"""``autopilot calibrate``: fits a simulated market to the order lines of a real store."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, answer_no, with_output
from sim.calibration.ad_reports import AdColumns, read_ad_reports
from sim.calibration.calibrate import calibrate
from sim.calibration.market_fit import CalibrationOptions
from sim.calibration.orders import OrderColumns, OrderLines, read_order_lines

if TYPE_CHECKING:
    from rich.console import Console

    from sim.calibration.check import Check, Distance

MAPPED = ("order", "sku", "time", "quantity", "unit_price", "customer")
MAPPED_ADS = ("day", "entity", "impressions", "clicks", "cost", "conversions", "value", "observed_at")
OPTIONAL = {"customer", "value", "observed_at"}
PATH = click.Path(path_type=Path, dir_okay=False)
DEFAULTS, COLUMNS = CalibrationOptions(), OrderColumns()


@click.command(name="calibrate")
@click.option("--orders", type=PATH, required=True, help="Order lines: CSV with a header, or parquet.")
@click.option(
    "--map", "mapped", multiple=True, metavar="FIELD=COLUMN,…", help=f"Which column holds {', '.join(MAPPED)}; 'customer=' for none."
)
@click.option("--ads", type=PATH, help="Ad reports, CSV or parquet: a row per day and product or campaign.")
@click.option("--ads-map", "ads_mapped", multiple=True, metavar="FIELD=COLUMN,…", help=f"Which column holds {', '.join(MAPPED_ADS)}.")
@click.option("--check", is_flag=True, help="Fit to every other week, simulate the rest, and compare with what happened.")
@click.option("--mechanics", is_flag=True, help="Write what was fitted of returns and launches as mechanics of the market.")
@click.option("-o", "--output", type=PATH, required=True, help="The market file to write.")
@click.option("--daily", type=PATH, help="Write the daily aggregates behind the fit as CSV, too.")
@click.option("--force", is_flag=True, help="Overwrite the files if they exist.")
@click.option("--name", help="Id of the market; the name of the file when left out.")
@click.option("--currency", default=DEFAULTS.currency, show_default=True, help="ISO 4217 code of the amounts in the file.")
@click.option("--timezone", default=DEFAULTS.timezone, show_default=True, help="IANA zone in which the file's times are.")
@click.option("--source", default=DEFAULTS.source, show_default=True, help="Where the data come from and under which licence.")
@click.option(
    "--established", type=click.IntRange(1), default=DEFAULTS.established, show_default=True, help="Products with a history to choose."
)
@click.option("--launches", type=click.IntRange(0), default=DEFAULTS.launches, show_default=True, help="New products to choose.")
@click.option("--first-day", type=click.DateTime(["%Y-%m-%d"]), help="Local date on which drives start; an ordinary Monday when left out.")
@click.option("--cancelled-prefix", default=COLUMNS.cancelled_prefix, show_default=True, help="Orders so named are cancellations.")
@click.option("--product-pattern", help="Regular expression of product codes; what does not match is left out.")
@with_output
def command(
    out: Output,
    *,
    orders: Path,
    ads: Path | None,
    check: bool,
    output: Path,
    daily: Path | None,
    force: bool,
    **said: Any,
) -> None:
    """Fit a simulated market to order lines and write it as a market file; say what could not be fitted."""
    picture = output.with_suffix(".check.png") if check else None
    for path in filter(None, (output, daily, picture)):
        if path.exists() and not force:
            raise click.UsageError(f"{path} exists; choose another name or pass --force")
    columns = _columns(said.pop("mapped"), MAPPED, "--map")
    ad_columns = AdColumns(**_columns(said.pop("ads_mapped"), MAPPED_ADS, "--ads-map"))
    rules = {name: said.pop(name) for name in ("cancelled_prefix", "product_pattern")}
    options = _options(output, said)
    lines = read_order_lines(orders, OrderColumns(**columns, **rules))
    report = calibrate(lines, options, reports=None if ads is None else read_ad_reports(ads, ad_columns))
    _write(output, report.toml)
    if daily is not None:
        _write(daily, report.daily_csv)
    payload: dict[str, Any] = {
        "market": str(output),
        "daily": None if daily is None else str(daily),
        "fitted": {name: dataclasses.asdict(figure) for name, figure in report.fitted.items()},
        "could_not_fit": report.could_not_fit,
        "dropped": report.dropped,
        "skus": report.sku_names,
    }
    checked = None if picture is None else _checked(out, lines, options, picture)
    if checked is not None:
        payload["check"] = {"distances": [_distance_json(distance) for distance in checked.distances], "picture": str(picture)}

    def human(console: Console) -> None:
        from autopilot.cli.calibrate_table import draw_check, draw_report

        draw_report(console, report)
        if checked is not None:
            draw_check(console, checked)
            console.print(f"Picture: {picture}", markup=False)
        console.print(
            f"wrote {output} with {len(report.sku_names)} products under anonymous names; use it as platform.market", markup=False
        )

    out.result(payload, human=human)
    if checked is not None and not checked.passed:
        answer_no()


def _checked(out: Output, lines: OrderLines, options: CalibrationOptions, picture: Path) -> Check:
    """The market beside the weeks it has not seen, and their picture."""
    from autopilot.report.check_picture import write_check_png
    from sim.calibration.check import check_calibration

    with out.progress("simulating the weeks held out", total=1.0) as progress:
        checked = check_calibration(lines, options, progress=progress)
    write_check_png(checked, picture, name=options.name, currency=options.currency)
    return checked


def _distance_json(distance: Distance) -> dict[str, Any]:
    simulated, observed = (values[0] if values.size == 1 else values for values in (distance.simulated, distance.observed))
    return {
        "name": distance.name,
        "simulated": simulated,
        "observed": observed,
        "relative": distance.relative,
        "low": distance.low,
        "high": distance.high,
        "within": distance.within,
        "required": distance.required,
    }


def _columns(mapped: tuple[str, ...], fields: tuple[str, ...], option: str) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for pair in (pair for text in mapped for pair in text.split(",")):
        field, sign, column = pair.strip().partition("=")
        if not sign or field not in fields or not (column or field in OPTIONAL):
            raise click.BadParameter(f"expected FIELD=COLUMN with one of {', '.join(fields)}, was {pair!r}", param_hint=option)
        columns[field] = column or None
    return columns


def _options(output: Path, said: dict[str, Any]) -> CalibrationOptions:
    first_day: datetime | None = said.pop("first_day")
    start: date | None = None if first_day is None else first_day.date()
    return CalibrationOptions(**{**said, "name": said["name"] or output.stem}, first_day=start)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
