"""From a file of order lines, and one of ad reports, to the text of a market file: what ``autopilot calibrate`` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.calibration.ad_reports import AdReports
from sim.calibration.fitted_figures import Figure
from sim.calibration.market_file import anonymous_names, render, render_daily
from sim.calibration.market_fit import CalibrationOptions, fit
from sim.calibration.orders import OrderColumns, OrderLines, read_order_lines
from sim.parameters.market import parse_market


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationReport:
    """What ``autopilot calibrate`` prints and writes.

    Attributes:
        toml: The market file.
        daily_csv: Daily orders, units and mean price of the chosen SKUs under their anonymous names.
        fitted, could_not_fit, dropped: As in ``Calibration``.
        sku_names: Original code by anonymous name, for the user's eyes.
    """

    toml: str
    daily_csv: str
    fitted: dict[str, Figure]
    could_not_fit: dict[str, str]
    dropped: dict[str, int]
    sku_names: dict[str, str]


def calibrate_file(path: Path, columns: OrderColumns, options: CalibrationOptions) -> CalibrationReport:
    """Read order lines, fit them, and render the market file.

    Raises:
        OrderFileError: The file or a column is missing, or nothing usable is left.
        TooFewOrdersError: No SKU has enough history.
        MarketFileError: An option (currency, timezone) does not make a valid market.
    """
    return calibrate(read_order_lines(path, columns), options)


def calibrate(lines: OrderLines, options: CalibrationOptions, *, reports: AdReports | None = None) -> CalibrationReport:
    """Fit order lines, and ad reports where there are some, and render the market file; errors as in ``calibrate_file`` and ``fit_ads``."""
    calibration = fit(lines, options, reports=reports)
    text = render(calibration)
    parse_market(text, origin="calibrated market")
    return CalibrationReport(
        toml=text,
        daily_csv=render_daily(calibration),
        fitted=calibration.fitted,
        could_not_fit=calibration.could_not_fit,
        dropped=calibration.dropped,
        sku_names=dict(zip(anonymous_names(calibration), calibration.sku_names, strict=True)),
    )
