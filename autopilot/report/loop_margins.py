"""How far the feedback loops are from swinging, worked out from the laws' own gains.

Each loop is taken apart where its law reads a figure: one turn around it is the law, the market's answer in the neighbourhood of the
course, and the time until reports show it. Everything is linear and in steps of one tick, as the laws are; bounds, deadbands and the shape
of a day are left out. Margins are those of Åström & Murray, *Feedback Systems*, 2nd ed., ch. 10: how much more gain, and how much more
lag, a loop would bear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from control.efficiency import EfficiencyTuning
from control.pacing import PacingTuning
from control.scarcity import ScarcityTuning
from perception.maturity import STEP_S, MaturityCurve, reported_by_age
from perception.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, Floats

TICK_DAYS = 1.0 / 24.0
HOURS_PER_DAY = 24
LEAST_GAIN, LEAST_PHASE_DEG = 2.0, 30.0
"""Margins that count as enough: the lower ends of the customary ranges, 2–5 and 30–60° (Åström & Murray, ch. 10.3)."""

_FREQUENCIES: Floats = np.geomspace(1e-3, 0.999 * np.pi / TICK_DAYS, 4_000)
"""Radians per day, up to the last that ticks can carry."""

Response: TypeAlias = NDArray[np.complex128]
"""Of a part of a loop, at each of ``_FREQUENCIES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPlant:
    """How a market answers alpha with spend.

    Attributes:
        elasticity: Percent of spend per percent of alpha. From one store in twenty to nineteen in twenty 0.8–4 for alpha from 0.2 to 1, on
            16 training stores each of steady, thin_data, real_demand and aggressive_rivals at constant alphas of the true worth.
        lag_low_h, lag_high_h: An hour's spend is reported so many hours after its end, evenly.
        used_share: Of the daily budget on course, what the scarcity law acts on; 0 leaves it out. 1 ÷ 1.3 behind the usual fence.
        left_days: Days that are left of the window: what has gone wrong is spread over them.
    """

    elasticity: float
    lag_low_h: int
    lag_high_h: int
    used_share: float = 0.0
    left_days: float = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoasPlant:
    """How a market answers alpha with the ROAS that reports show.

    Attributes:
        elasticity: Percent of ROAS lost per percent of alpha: clicks get dearer. 0.5–2 on the same stores.
        remembered_days: Days of clicks that the reported ROAS is made of, each weighed by its maturity.
    """

    elasticity: float
    remembered_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Of one loop around one plant.

    Attributes:
        gain: How many times more gain would make it swing for good; below 1 it does so as it is.
        phase_deg: How many degrees more lag would; below 0 it does so as it is.
        crossover_per_day: Radians a day up to which the loop acts: it settles within a few times the inverse.
        delay_days: How much later reports could be.
        sensitivity: Largest factor by which the loop makes a disturbance worse at some frequency, >= 1.
    """

    gain: float
    phase_deg: float
    crossover_per_day: float
    delay_days: float
    sensitivity: float

    @property
    def enough(self) -> bool:
        """Whether both customary margins are there."""
        return self.gain > LEAST_GAIN and self.phase_deg > LEAST_PHASE_DEG


SPEND_ELASTICITIES = (0.8, 1.5, 2.5, 4.0)
REPORT_LAGS_H = ((1, 12), (6, 24), (6, 48))
"""Amazon Ads, via BidX and Openbridge; a platform of twice that; the family lagged_reporting."""
USED_SHARES = (0.0, 0.77)
ROAS_ELASTICITIES = (0.5, 1.0, 2.0)
REMEMBERED_DAYS = (3, 7, 14, 28)
"""From the first days of a store's ads to the whole memory of the estimator."""


def pacing_loop(tuning: PacingTuning, scarcity: ScarcityTuning, plant: SpendPlant) -> Response:
    """The open loop of spend, cut where reports come in: ``control.response``, ``control.pacing`` and the market.

    ``control.scarcity`` is a loop of its own within it. Log alpha u moves spend a day at once; reports show it late, D. The forecast is
    u = F·G·u + (w − F·r) ÷ η₀: faded means F of the alpha that was felt, G, and of the log r of the spend found, and the log w of the spend
    wanted, which answers what was spent too much over the days left. So u = −(F + Σ ÷ left) ÷ (η₀·(1 − F·G))·r, and 1 ÷ (1 − F·G) is what
    integrates.
    """
    reported = _delayed(plant.lag_low_h, plant.lag_high_h)
    summed = _response([TICK_DAYS], [1.0, -1.0])
    faded = _fading(scarcity.memory_days)
    slope = scarcity.droop * scarcity.sharpness * plant.used_share**scarcity.sharpness
    damped = plant.elasticity / (1.0 + plant.elasticity * slope * faded * reported)
    found = _fading(tuning.response.memory_days)
    forecast = (found + summed / plant.left_days) / (tuning.response.spend_elasticity * (1.0 - found * _felt(tuning.reporting_lag_s)))
    corrected = _pid(tuning.kp, tuning.ki_per_day, kd_days=tuning.kd_days, filter_days=tuning.filter_days) * summed
    loop: Response = (forecast + corrected) * damped * reported
    return loop


EVIDENCE = 0.5
"""Weight of measured ROAS against what is believed of clicks, at which the efficiency loop is looked at."""

CLICK_DAYS = 7
"""Days of clicks whose cost tells what is believed."""


def efficiency_loop(
    tuning: EfficiencyTuning, plant: RoasPlant, *, lag_s: float = PacingTuning().reporting_lag_s, curve: MaturityCurve | None = None
) -> Response:
    """The open loop of ROAS: ``control.efficiency`` and the market, seen through days of clicks weighed by their maturity.

    The cap is u = F·G·u + r, r being the log of ROAS seen, over all remembered days by orders and over a week by what clicks cost.
    """
    ages_s = (np.arange(plant.remembered_days * HOURS_PER_DAY) + 0.5) * SECONDS_PER_HOUR
    table = reported_by_age(curve or MaturityCurve())
    weight = np.interp(ages_s, np.arange(table.size) * STEP_S, table)
    hours = min(CLICK_DAYS, plant.remembered_days) * HOURS_PER_DAY
    by_orders, by_clicks = (_response((each / each.sum()).tolist(), [1.0]) for each in (weight, np.ones(hours)))
    seen = (EVIDENCE * by_orders + (1.0 - EVIDENCE) * by_clicks) * _delayed(0, 0)
    return plant.elasticity * seen / (1.0 - _fading(tuning.memory_days) * _felt(lag_s))


def margins(loop: Response) -> Margins:
    """The margins of an open loop whose parts are stable but for integrators; of one that swings they count below 1 and below 0."""
    stands = _stands(loop)
    turns = np.flatnonzero((loop.imag[:-1] * loop.imag[1:] < 0.0) & (loop.real[:-1] < 0.0))
    past = loop.imag[turns] / (loop.imag[turns] - loop.imag[turns + 1])
    sizes = np.abs(loop.real[turns] + past * (loop.real[turns + 1] - loop.real[turns]))
    # beyond minus one only less gain would make a loop swing that stands
    sizes = sizes[sizes < 1.0] if stands else sizes
    gain = float(1.0 / sizes.max()) if sizes.size else float("inf")
    size = np.abs(loop)
    crossed = np.flatnonzero((size[:-1] >= 1.0) != (size[1:] >= 1.0))
    if not crossed.size:
        nowhere = float("inf")
        return Margins(gain=gain, phase_deg=nowhere, crossover_per_day=0.0, delay_days=nowhere, sensitivity=_sensitivity(loop))
    past = np.log(size[crossed]) / np.log(size[crossed] / size[crossed + 1])
    apart = np.abs(np.angle(-(loop[crossed] + past * (loop[crossed + 1] - loop[crossed])))) * (1.0 if stands else -1.0)
    return Margins(
        gain=gain,
        phase_deg=float(np.degrees(apart.min())),
        crossover_per_day=float(_FREQUENCIES[crossed[-1]]),
        delay_days=float((apart / _FREQUENCIES[crossed]).min()),
        sensitivity=_sensitivity(loop),
    )


def _stands(loop: Response) -> bool:
    """Whether the closed loop is stable, by Nyquist's criterion: one plus the loop never goes around nothing."""
    turned = np.unwrap(np.angle(1.0 + loop))
    # integrators begin a quarter of a turn behind each; half a turn may be read as half a turn ahead
    return abs(float(turned[-1] - 2.0 * np.pi * (turned[0] > 0.5 * np.pi))) < np.pi


def spend_margins(tuning: PacingTuning, scarcity: ScarcityTuning, *, lag_h: tuple[int, int]) -> dict[SpendPlant, Margins]:
    """The pacing loop around every plant of that lag."""
    plants = [
        SpendPlant(elasticity=elasticity, lag_low_h=lag_h[0], lag_high_h=lag_h[1], used_share=used)
        for used in USED_SHARES
        for elasticity in SPEND_ELASTICITIES
    ]
    return {plant: margins(pacing_loop(tuning, scarcity, plant)) for plant in plants}


def roas_margins(tuning: EfficiencyTuning, *, remembered_days: int) -> dict[RoasPlant, Margins]:
    """The efficiency loop around every plant of that memory."""
    plants = [RoasPlant(elasticity=elasticity, remembered_days=remembered_days) for elasticity in ROAS_ELASTICITIES]
    return {plant: margins(efficiency_loop(tuning, plant)) for plant in plants}


def worst(of: dict[SpendPlant, Margins] | dict[RoasPlant, Margins]) -> Margins:
    """The least gain and phase margin of several plants, each with what goes with it; the two may be of different plants."""
    found = list(of.values())
    least = min(found, key=lambda one: one.phase_deg)
    return Margins(
        gain=min(one.gain for one in found),
        phase_deg=least.phase_deg,
        crossover_per_day=least.crossover_per_day,
        delay_days=min(one.delay_days for one in found),
        sensitivity=max(one.sensitivity for one in found),
    )


def _sensitivity(loop: Response) -> float:
    return float((1.0 / np.abs(1.0 + loop)).max())


def _pid(kp: float, ki_per_day: float, *, kd_days: float = 0.0, filter_days: float = 1.0) -> Response:
    """``control.pid.step`` as it is computed: the integral counts the newest error, the slope is filtered."""
    blend = TICK_DAYS / (filter_days + TICK_DAYS)
    integral = _response([ki_per_day * TICK_DAYS], [1.0, -1.0])
    slope = _response([kd_days * blend / TICK_DAYS, -kd_days * blend / TICK_DAYS], [1.0, blend - 1.0])
    return kp + integral + slope


def _fading(memory_days: float) -> Response:
    """A mean that forgets with a time constant, as ``control.response`` and ``control.scarcity`` keep it."""
    step = TICK_DAYS / memory_days
    return _response([step], [1.0, step - 1.0])


def _felt(lag_s: float) -> Response:
    """``control.response.felt``: alpha as it comes to be seen, from the tick after on."""
    blend = TICK_DAYS / (lag_s / SECONDS_PER_DAY + TICK_DAYS)
    return _response([0.0, blend], [1.0, blend - 1.0])


def _delayed(low_h: int, high_h: int) -> Response:
    """What an hour did is seen by the tick after it at the earliest, and so many hours later, evenly."""
    shares = np.zeros(high_h + 2)
    shares[low_h + 1 :] = 1.0 / (high_h + 1 - low_h)
    return _response(shares.tolist(), [1.0])


def _response(numerator: list[float], denominator: list[float]) -> Response:
    """Of a filter in powers of one tick's delay."""
    _, found = signal.freqz(numerator, denominator, worN=_FREQUENCIES * TICK_DAYS)
    response: Response = np.asarray(found, dtype=np.complex128)
    return response
