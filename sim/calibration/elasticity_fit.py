"""Own-price elasticity per SKU from weekly order counts: least squares per SKU, then partial pooling towards what is known elsewhere.

**Which price.** Wholesale lines carry quantity breaks: who buys more pays less per unit, so units regressed on the price paid come out
far too elastic (on this project's gift shop -2.3, against -0.3 for orders). So the count is *orders*, not units, and the price is the
*list price*: the most frequent unit price of lines of usual size (at most the SKU's median quantity) from known customers, carried over
weeks without one.

**Per SKU.** log(orders + ½) and log(list price) are freed of SKU and week means (two-way fixed effects, which takes out season and
level); b_i is the least-squares slope and s_i its standard error. A SKU whose list price never moved has none.

**Market.** The b_i are pooled by random effects (DerSimonian & Laird 1986) into m ± s_m, and that updates a prior on the market's log
elasticity, N(log 1.8, 0.40²): median and spread of published fits, 80 % of which lie in 0.8-3.5, split into 0.40 between shops and 0.415
between the SKUs of a shop. (Bijmolt, van Heerde & Pieters, Journal of Marketing Research 2005, find a mean of 2.62 over 1,851 fits.)

**Posterior.** Each SKU's log elasticity has the prior N(market, market sd² + 0.415²) and the likelihood N(b_i; -elasticity, s_i² + τ²),
solved on a grid. τ² is the random effects' excess scatter: a shop's prices are no experiment, and what scatters beyond s_i is mostly
that. A slope of the wrong sign only moves mass towards small magnitudes; none is dropped, and no magnitude is negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.calibration.orders import OrderLines

PUBLISHED_MEDIAN = 1.8
STORE_LOG_SD = 0.40
BETWEEN_LOG_SD = 0.415
_FEWEST_WEEKS = 12
_FEWEST_ORDERS = 100
_LARGEST_STANDARD_ERROR = 3.0
"""Slopes less certain than this carry no information next to the prior, and their normal approximation is poor."""
_DEMEANING_ROUNDS = 50
_STILL = 1e-9
"""A list price whose squared log deviations sum to less never moved: what is left is rounding."""
_FEWEST_POOLED = 2
_GRID = np.log(np.geomspace(0.05, 20.0, 2001))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormal:
    """Belief about magnitudes: mean and standard deviation of their logs."""

    log_mean: Floats
    log_sd: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyPanel:
    """What slopes are fitted to, (S, W) each: SKUs by whole weeks of the history.

    Attributes:
        orders: Orders that contain the SKU.
        price: Its list price, major units, carried over weeks without one; NaN before the first.
        counted: (W,) weeks of which every day is counted.
    """

    orders: Ints
    price: Floats
    counted: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Slopes of log orders on log price put together by random effects: mean, its standard error, scatter beyond it, and of how many."""

    slope: float
    standard_error: float
    excess_sd: float
    skus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticityFit:
    """What the order lines say about elasticity, magnitudes positive.

    Attributes:
        slope, standard_error: (S,) per SKU, of log orders on log price (usually negative); NaN where the list price never moved enough.
        pooled_slope, pooled_standard_error: Random-effects mean of the slopes; NaN when there are none.
        excess_sd: τ, scatter of the slopes beyond their standard errors.
        informative_skus: How many slopes were pooled.
        wrong_sign_share: Share of those that are positive.
        price_log_sd: Spread of log list price within a SKU, all SKUs and weeks.
        market: (1,) posterior of the market's elasticity.
        posterior: (S,) posterior of each SKU's.
    """

    slope: Floats
    standard_error: Floats
    pooled_slope: float
    pooled_standard_error: float
    excess_sd: float
    informative_skus: int
    wrong_sign_share: float
    price_log_sd: float
    market: LogNormal
    posterior: LogNormal


def fit_elasticity(lines: OrderLines) -> ElasticityFit:
    """Fit all SKUs of a file together; SKUs with fewer than 100 orders or 12 weeks keep the market's figure."""
    panel = weekly_panel(lines)
    price, orders, valid = _demeaned_logs(panel)
    slope, error = _slopes(price, orders, valid)
    pooled = _pooled(slope, error)
    market = _posterior(np.array([pooled.slope]), np.array([pooled.standard_error]), log_mean=np.log(PUBLISHED_MEDIAN), log_sd=STORE_LOG_SD)
    between = float(np.hypot(market.log_sd[0], BETWEEN_LOG_SD))
    known = np.isfinite(slope)
    return ElasticityFit(
        slope=slope,
        standard_error=error,
        pooled_slope=pooled.slope,
        pooled_standard_error=pooled.standard_error,
        excess_sd=pooled.excess_sd,
        informative_skus=pooled.skus,
        wrong_sign_share=float((slope[known] > 0.0).mean()) if known.any() else float("nan"),
        price_log_sd=float(np.sqrt((price**2).sum() / max(valid.sum(), 1))),
        market=market,
        posterior=_posterior(slope, np.hypot(error, pooled.excess_sd), log_mean=float(market.log_mean[0]), log_sd=between),
    )


def pooled_response(panel: WeeklyPanel) -> Pooled:
    """The price response of a whole panel; NaN when fewer than two SKUs tell one."""
    price, orders, valid = _demeaned_logs(panel)
    return _pooled(*_slopes(price, orders, valid))


def list_price_lines(lines: OrderLines) -> Bools:
    """Lines that show the list price: of usual size for their SKU, from known customers where any are known."""
    order = np.lexsort((lines.units, lines.sku))
    counts = np.bincount(lines.sku, minlength=len(lines.sku_names))
    middle = np.cumsum(counts) - counts + (np.maximum(counts, 1) - 1) // 2
    median = lines.units[order][np.minimum(middle, lines.sku.size - 1)]
    known = lines.known_customer if lines.known_customer.any() else np.ones_like(lines.known_customer)
    shows: Bools = known & (lines.units <= median[lines.sku])
    return shows


def most_frequent(group: Ints, value: Floats, groups: int) -> Floats:
    """The most frequent value in each group, the lower of equals; NaN for empty groups."""
    pairs, counts = np.unique(np.stack([group.astype(np.float64), value]), axis=1, return_counts=True)
    best = np.lexsort((-pairs[1], counts))
    result = np.full(groups, np.nan)
    # later assignments win: the order ends with the highest count, and among equals the lowest value
    result[pairs[0][best].astype(np.int64)] = pairs[1][best]
    return result


def weekly_panel(lines: OrderLines) -> WeeklyPanel:
    """Orders and list prices of whole weeks, counted from the first day of the history."""
    week, skus, weeks = (lines.day - lines.first_day) // 7, len(lines.sku_names), lines.counted.size // 7
    cell = lines.sku * (weeks + 1) + np.minimum(week, weeks)
    pairs = np.unique(np.stack([cell, lines.order]), axis=1)[0]
    orders = np.bincount(pairs, minlength=skus * (weeks + 1)).reshape(skus, weeks + 1)[:, :weeks]
    shows = list_price_lines(lines)
    price = most_frequent(cell[shows], lines.price[shows], skus * (weeks + 1)).reshape(skus, weeks + 1)[:, :weeks]
    whole: Bools = np.all(lines.counted[: weeks * 7].reshape(weeks, 7), axis=1)
    return WeeklyPanel(orders=orders, price=_carried_forward(price), counted=whole)


def _demeaned_logs(panel: WeeklyPanel) -> tuple[Floats, Floats, Bools]:
    """Log list price and log(orders + ½), freed of SKU and week means, (S, W), and where both are defined.

    Counted weeks from each SKU's first to its last order; SKUs with fewer than 100 orders or 12 weeks have none.
    """
    orders, price = panel.orders, panel.price
    sold = orders > 0
    alive = (np.cumsum(sold, axis=1) > 0) & (np.cumsum(sold[:, ::-1], axis=1)[:, ::-1] > 0)
    valid = alive & np.isfinite(price) & panel.counted
    usable = (orders.sum(axis=1) >= _FEWEST_ORDERS) & (valid.sum(axis=1) >= _FEWEST_WEEKS)
    valid &= usable[:, None]
    log_price = np.log(np.where(valid, price, 1.0))
    return _two_way_demeaned(log_price, valid), _two_way_demeaned(np.log(orders + 0.5), valid), valid


def _carried_forward(values: Floats) -> Floats:
    """Each NaN of a row replaced by the last number before it."""
    last = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.shape[1]), 0), axis=1)
    carried: Floats = np.take_along_axis(values, last, axis=1)
    return carried


def _two_way_demeaned(values: Floats, valid: Bools) -> Floats:
    """Values less row and column means over the valid cells (alternating projections); 0 elsewhere."""
    left = np.where(valid, values, 0.0)
    by_row, by_column = np.maximum(valid.sum(axis=1), 1), np.maximum(valid.sum(axis=0), 1)
    for _ in range(_DEMEANING_ROUNDS):
        left = np.where(valid, left - (left.sum(axis=1) / by_row)[:, None], 0.0)
        left = np.where(valid, left - (left.sum(axis=0) / by_column)[None, :], 0.0)
    return left


def _slopes(price: Floats, orders: Floats, valid: Bools) -> tuple[Floats, Floats]:
    squares = (price**2).sum(axis=1)
    moved = squares > _STILL
    slope = np.where(moved, (price * orders).sum(axis=1) / np.where(moved, squares, 1.0), np.nan)
    residual = np.where(valid, orders - np.nan_to_num(slope)[:, None] * price, 0.0)
    variance = (residual**2).sum(axis=1) / np.maximum(valid.sum(axis=1) - 2, 1)
    error = np.sqrt(variance / np.where(moved, squares, 1.0))
    useful = moved & (error > 0.0) & (error <= _LARGEST_STANDARD_ERROR)
    return np.where(useful, slope, np.nan), np.where(useful, error, np.nan)


def _pooled(slope: Floats, error: Floats) -> Pooled:
    """Random-effects mean, its standard error, and the scatter between effects (DerSimonian & Laird, Controlled Clinical Trials 1986)."""
    known = np.isfinite(slope)
    if known.sum() < _FEWEST_POOLED:
        return Pooled(slope=float("nan"), standard_error=float("nan"), excess_sd=0.0, skus=int(known.sum()))
    effects, weights = slope[known], 1.0 / error[known] ** 2
    mean = (weights * effects).sum() / weights.sum()
    excess = (weights * (effects - mean) ** 2).sum() - (known.sum() - 1)
    between = max(excess / (weights.sum() - (weights**2).sum() / weights.sum()), 0.0)
    weights = 1.0 / (error[known] ** 2 + between)
    return Pooled(
        slope=float((weights * effects).sum() / weights.sum()),
        standard_error=float(1.0 / np.sqrt(weights.sum())),
        excess_sd=float(np.sqrt(between)),
        skus=int(known.sum()),
    )


def _posterior(slope: Floats, error: Floats, *, log_mean: float, log_sd: float) -> LogNormal:
    """Posterior of log elasticity under a normal prior and N(slope; −elasticity, error²), by quadrature; NaN slopes leave the prior."""
    log_density = -0.5 * ((_GRID - log_mean) / log_sd) ** 2
    misfit = np.where(np.isfinite(slope)[:, None], (slope[:, None] + np.exp(_GRID)) / error[:, None], 0.0)
    log_weight = log_density - 0.5 * misfit**2
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ _GRID
    return LogNormal(log_mean=mean, log_sd=np.sqrt(weight @ _GRID**2 - mean**2))
