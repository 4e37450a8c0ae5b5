"""``autopilot calibrate``: fits a simulated market to the order lines of a real store."""

from __future__ import annotations

import dataclasses
import math
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, with_output
from sim.calibration import CalibrationReport, calibrate_file
from sim.market_fit import CalibrationOptions, Figure
from sim.orders import OrderColumns

if TYPE_CHECKING:
    from rich.console import Console

MAPPED = ("order", "sku", "time", "quantity", "unit_price", "customer")
COUNTS_FROM = 1000
"""Figures from here on are counts, which nobody wants to read as 2e+04."""
PATH = click.Path(path_type=Path, dir_okay=False)
DEFAULTS, COLUMNS = CalibrationOptions(), OrderColumns()


@click.command(name="calibrate")
@click.option("--orders", type=PATH, required=True, help="Order lines: CSV with a header, or parquet.")
@click.option(
    "--map", "mapped", multiple=True, metavar="FIELD=COLUMN,…", help=f"Which column holds {', '.join(MAPPED)}; 'customer=' for none."
)
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
def command(out: Output, *, orders: Path, mapped: tuple[str, ...], output: Path, daily: Path | None, force: bool, **said: Any) -> None:
    """Fit a simulated market to order lines and write it as a market file; say what could not be fitted."""
    for path in filter(None, (output, daily)):
        if path.exists() and not force:
            raise click.UsageError(f"{path} exists; choose another name or pass --force")
    columns = OrderColumns(**_columns(mapped), cancelled_prefix=said.pop("cancelled_prefix"), product_pattern=said.pop("product_pattern"))
    report = calibrate_file(orders, columns, _options(output, said))
    _write(output, report.toml)
    if daily is not None:
        _write(daily, report.daily_csv)
    payload = {
        "market": str(output),
        "daily": None if daily is None else str(daily),
        "fitted": {name: dataclasses.asdict(figure) for name, figure in report.fitted.items()},
        "could_not_fit": report.could_not_fit,
        "dropped": report.dropped,
        "skus": report.sku_names,
    }
    out.result(payload, human=lambda console: _draw(console, report, output))


def _columns(mapped: tuple[str, ...]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for pair in (pair for text in mapped for pair in text.split(",")):
        field, sign, column = pair.strip().partition("=")
        if not sign or field not in MAPPED or not (column or field == "customer"):
            raise click.BadParameter(f"expected FIELD=COLUMN with one of {', '.join(MAPPED)}, was {pair!r}", param_hint="--map")
        columns[field] = column or None
    return columns


def _options(output: Path, said: dict[str, Any]) -> CalibrationOptions:
    first_day: datetime | None = said.pop("first_day")
    start: date | None = None if first_day is None else first_day.date()
    return CalibrationOptions(**{**said, "name": said["name"] or output.stem}, first_day=start)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _draw(console: Console, report: CalibrationReport, output: Path) -> None:
    from rich.markup import escape
    from rich.table import Table

    fitted = Table(title="Fitted", title_justify="left")
    for heading in ("figure", "value", "95 % interval", "unit"):
        fitted.add_column(heading, justify="left" if heading in {"figure", "unit"} else "right")
    for name, figure in report.fitted.items():
        fitted.add_row(escape(name), _value(figure.value), _interval(figure), escape(figure.unit))
    console.print(fitted)
    assumed = Table(title="Could not be fitted", title_justify="left", show_header=False)
    for name, reason in report.could_not_fit.items():
        assumed.add_row(escape(name), escape(reason))
    console.print(assumed)
    console.print("Left out: " + (", ".join(f"{count:,} {reason}" for reason, count in report.dropped.items()) or "nothing"), markup=False)
    console.print(f"wrote {output} with {len(report.sku_names)} products under anonymous names; use it as platform.market", markup=False)


def _value(value: float) -> str:
    return f"{value:,.0f}" if value >= COUNTS_FROM else f"{value:.3g}"


def _interval(figure: Figure) -> str:
    return "" if math.isnan(figure.low) else f"{figure.low:.3g} … {figure.high:.3g}"
