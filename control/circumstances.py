"""What the gate must know of the entities of one field, for one of them or for many, and the figures that wishes for them came from."""

from __future__ import annotations

import math

import numpy as np

from control import ledger
from control.envelope_columns import StandingColumns
from control.ledger import Ledger
from control.mode import Mode
from control.situation import Situation
from control.standing import Standing
from perception.fields import Field
from perception.observation import Signal
from perception.units import Floats, Ints

_RESTS_ON: dict[Field, tuple[Signal, ...]] = {
    Field.PRICE: (Signal.SHOP, Signal.STOCK),
    Field.BID: (Signal.ADS, Signal.SHOP),
    Field.DAILY_BUDGET: (Signal.ADS,),
}
"""Which signals a change of each field rests on; the oldest of them counts."""


class Standings:
    """The circumstances of one field's entities; the store-wide part is worked out once."""

    def __init__(self, field: Field, *, situation: Situation, book: Ledger, mode: Mode) -> None:
        """As of now: budgets admitted later are told by ``admit``."""
        self._field, self._s, self._mode = field, situation, mode
        self._track, self._pending = book.tracks[field], ledger.pending(book, field)
        self._canary_passed = field in book.canary_passed
        self._signal_age_s = max(situation.state.age_s.get(signal, math.inf) for signal in _RESTS_ON[field])
        budgets = book.tracks[Field.DAILY_BUDGET].in_force
        self._budgets, self._today = np.where(np.isnan(budgets), 0.0, budgets), situation.exposure.today.copy()
        self._window_cents, self._month_cents = float(np.sum(situation.exposure.window)), float(np.sum(situation.exposure.month))
        self._today_cents = float(np.sum(self._today))
        self.in_force = self._track.in_force

    def admit(self, index: int, value: int) -> None:
        """Count an admitted budget in the exposure that the next wish is judged by."""
        if self._field is Field.DAILY_BUDGET:
            self._budgets[index] = value
            self._today[index] = max(self._today[index], self._s.sight.reach.limits.overdelivery_day_ratio * value)

    def one(self, index: int, writes_last_hour: int) -> Standing:
        """The standing of entity ``index``, after ``writes_last_hour`` writes of the store in this hour."""
        s, field, track = self._s, self._field, self._track
        is_price, is_budget = field is Field.PRICE, field is Field.DAILY_BUDGET
        others_today = float(np.add.reduce(_all_but(self._today, index))) if is_budget else self._today_cents
        return Standing(
            mode=self._mode,
            last=_whole(track.in_force[index]),
            acknowledged=_whole(track.acknowledged[index]),
            changed_age_s=float(s.changed_age_s[field][index]),
            low_24h=_whole(s.budget_low_24h_cents[index]) if is_budget else None,
            day_anchor=_whole(s.price_anchor_24h_cents[index]) if is_price else None,
            overridden=bool(track.overridden_until_s[index] > s.state.at.timestamp()),
            unresolved=bool(self._pending[index]),
            suspect=not is_budget and bool(s.state.suspect[index]),
            signal_age_s=self._signal_age_s,
            readback_age_s=s.state.readback_age_s,
            unit_cost_cents=float(s.catalogue.cost_cents[index]) if is_price else math.nan,
            map_cents=int(s.catalogue.map_cents[index]) if is_price else 0,
            price_low_cents=int(s.sight.course.price_low_cents[0, index]) if is_price else 0,
            price_high_cents=int(s.sight.course.price_high_cents[0, index]) if is_price else 0,
            committed_cents=math.ceil(self._window_cents + others_today),
            granted_cents=s.plan.ad_budget_cents,
            store_daily_others_cents=math.ceil(float(np.add.reduce(_all_but(self._budgets, index)))) if is_budget else 0,
            month_committed_cents=math.ceil(self._month_cents + others_today),
            loss_24h_cents=math.floor(s.state.baseline_loss_24h_cents),
            loss_7d_cents=math.floor(s.state.baseline_loss_7d_cents),
            writes_last_hour=writes_last_hour,
            canary_passed=self._canary_passed,
            is_canary=not self._canary_passed,
        )

    def many(self, chosen: Ints, writes_last_hour: int) -> StandingColumns:
        """The standing of the entities ``chosen``, one or more bids or prices, the first of them after so many writes."""
        s, track, is_price = self._s, self._track, self._field is Field.PRICE
        none = np.zeros(chosen.size)
        return StandingColumns(
            common=self.one(int(chosen[0]), writes_last_hour),
            last=np.trunc(track.in_force[chosen]),
            acknowledged=np.trunc(track.acknowledged[chosen]),
            overridden=track.overridden_until_s[chosen] > s.state.at.timestamp(),
            unresolved=self._pending[chosen],
            suspect=s.state.suspect[chosen],
            changed_age_s=s.changed_age_s[self._field][chosen],
            day_anchor=np.trunc(s.price_anchor_24h_cents[chosen]) if is_price else none,
            unit_cost_cents=s.catalogue.cost_cents[chosen] if is_price else none,
            map_cents=np.trunc(s.catalogue.map_cents[chosen]) if is_price else none,
            price_low_cents=np.trunc(s.sight.course.price_low_cents[0, chosen]) if is_price else none,
            price_high_cents=np.trunc(s.sight.course.price_high_cents[0, chosen]) if is_price else none,
        )


def figures_of(field: Field, s: Situation) -> dict[str, Floats]:
    """The estimates that wishes for bids or prices came from, by name, (m,) each."""
    state = s.state
    estimates = (
        {"ctr": state.ctr, "cvr": state.cvr, "units_per_order": state.units_per_order, "value_per_click_cents": state.value_per_click_cents}
        if field is Field.BID
        else {"elasticity": state.elasticity, "organic_units_per_day": state.organic_units_per_day}
    )
    return {
        "on_hand": state.on_hand,
        "unit_margin_cents": state.unit_margin_cents,
        **{name: belief.mean for name, belief in estimates.items()},
        **{f"{name}_sd": belief.sd for name, belief in estimates.items()},
    }


def _all_but(values: Floats, index: int) -> Floats:
    """The values without one of them."""
    return np.concatenate((values[:index], values[index + 1 :]))


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)
