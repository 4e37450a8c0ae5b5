"""How spend has answered alpha so far, and the alpha at which a day will then cost what the plan says: feedforward beside the pacing loop.

A loop that only sums up errors takes days to find an alpha that a few hours of reports already tell: if a planned day has cost S at alpha
a, and spend answers alpha with an elasticity η, then a day of B takes ln alpha = ln a + ln(B ÷ S) ÷ η. That η is only believed does little
harm: what was learnt moves along with alpha, so that every step leaves a share |1 − η_true ÷ η| of the error (a chord method).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from perception.units import AS_SETTINGS, SECONDS_PER_DAY, Floats

_PAID, _DAYS, _ALPHA = "response_paid_cents", "response_days", "response_log_alpha_days"
_SEEN_CENTS, _SEEN_DAYS = "response_seen_cents", "response_seen_days"
_FELT, _START = "response_felt", "response_start"
LEAST_LEFT_DAYS, MOST_RATIO = 0.25, 2.0
"""What is left of a grant is spread over this many days at least, and a day asks for this multiple of an average one at most."""
_LEAST_CENTS, _LEAST_DAYS = 1.0, 1e-6
_FARTHEST_UP, _FARTHEST_DOWN = 1.0, -4.0
"""Log alphas beyond are not taken from a forecast: nobody has been there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTuning:
    """What is believed of a market's answer before it is seen, and how long it is remembered.

    Attributes:
        spend_elasticity: Percent of spend per percent of alpha, > 0. 0.8-4 from one training store in twenty to nineteen in twenty
            (``autopilot.report.loop_margins.SpendPlant``); a belief above the truth only makes steps smaller.
        memory_days: Time constant in days of planned spend, > 0.
        prior_days: Planned days that the alpha that stood at the take-over weighs against what was seen since, > 0.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    spend_elasticity: float = 1.6
    memory_days: float = 3.0
    prior_days: float = 0.03


def began(*, log_alpha: Floats, spent_cents: Floats, planned_days: Floats) -> dict[str, Floats]:
    """What to keep of n stores that are taken over at ``log_alpha``, having spent so much by so many planned days, (n,) each."""
    nothing = np.zeros_like(log_alpha)
    return {
        _PAID: nothing,
        _DAYS: nothing,
        _ALPHA: nothing,
        _SEEN_CENTS: np.nan_to_num(spent_cents),
        _SEEN_DAYS: planned_days,
        _FELT: log_alpha,
        _START: log_alpha,
    }


def has_begun(kept: dict[str, Floats]) -> bool:
    """Whether anything is kept."""
    return _START in kept


def learnt(kept: dict[str, Floats], *, spent_cents: Floats, planned_days: Floats, tuning: ResponseTuning) -> dict[str, Floats]:
    """What to keep after a tick's reports, (n,) each.

    Args:
        kept: From ``began`` or the tick before.
        spent_cents: Reported since the window began; what is not finite is left out.
        planned_days: Average days of planned spend that had passed by the time which these reports describe.
        tuning: How it fades.
    """
    spent = np.where(np.isfinite(spent_cents), spent_cents, kept[_SEEN_CENTS])
    paid, days = np.maximum(spent - kept[_SEEN_CENTS], 0.0), np.maximum(planned_days - kept[_SEEN_DAYS], 0.0)
    stays = tuning.memory_days / (tuning.memory_days + days)
    return kept | {
        _PAID: kept[_PAID] * stays + paid,
        _DAYS: kept[_DAYS] * stays + days,
        _ALPHA: kept[_ALPHA] * stays + days * kept[_FELT],
        _SEEN_CENTS: spent,
        _SEEN_DAYS: planned_days,
    }


def forecast(kept: dict[str, Floats], *, day_cents: Floats, tuning: ResponseTuning) -> Floats:
    """(n,) log alpha at which an average day is expected to cost ``day_cents``; the one that stood while nothing was seen."""
    days = np.maximum(kept[_DAYS], _LEAST_DAYS)
    paid = np.maximum(kept[_PAID], _LEAST_CENTS) / days
    found = kept[_ALPHA] / days + np.log(np.maximum(day_cents, _LEAST_CENTS) / paid) / tuning.spend_elasticity
    weight = kept[_DAYS] / (kept[_DAYS] + tuning.prior_days)
    log_alpha: Floats = weight * np.minimum(np.maximum(found, _FARTHEST_DOWN), _FARTHEST_UP) + (1.0 - weight) * kept[_START]
    return log_alpha


def felt(kept: dict[str, Floats], log_alpha: Floats, *, dt_days: float, lag_s: float) -> dict[str, Floats]:
    """What to keep of the alpha that is bid at: reports show it late, by ``lag_s`` on average, so it fades in over as long."""
    blend = dt_days / (lag_s / SECONDS_PER_DAY + dt_days)
    return kept | {_FELT: kept[_FELT] + blend * (log_alpha - kept[_FELT])}


def reported_log_alpha(kept: dict[str, Floats]) -> Floats:
    """(n,) log alpha whose spend the newest reports show."""
    return kept[_FELT]
