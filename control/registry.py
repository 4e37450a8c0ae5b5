"""Every controller by its name: the one table that settings, evaluation and environments read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from control.baselines import AcosRules, DoNothing, FixedBid
from control.controller import Controller
from control.dual import DualDescent
from control.laws import Laws, LawsTuning
from control.margin_pricing import MarginRule
from control.online_lp import OnlineLp
from control.paced_bids import baseline_pacing
from control.pid_bid import PidBid
from control.policy import Policy, Trained
from control.residual import undamped
from control.value_bid import ValueBid


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a merchant can set of the controllers.

    Attributes:
        start_bid_cents: The bid of ``fixed_bid``, and the first one of ``acos_rules``, minor units.
        target_acos: Ad cost per attributed revenue that ``acos_rules`` aims at, (0, 1].
        laws: Every gain of ``laws``; the paced baselines take alpha's bounds, up to their own ceiling, and the age of reports from it.
        policy: The network that ``policy`` moves the laws with; no other controller needs one.
    """

    start_bid_cents: int = 30
    target_acos: float = 0.25
    laws: LawsTuning = field(default_factory=LawsTuning)
    policy: Trained | None = None


def _policy(options: Options) -> Controller:
    if options.policy is None:
        raise KeyError("policy: expected a trained network in Options.policy, was none")
    return Policy(base=undamped(options.laws), trained=options.policy)


CONTROLLERS: dict[str, Callable[[Options], Controller]] = {
    "laws": lambda options: Laws(tuning=options.laws),
    "policy": _policy,
    "do_nothing": lambda _: DoNothing(),
    "fixed_bid": lambda options: FixedBid(bid_cents=options.start_bid_cents),
    "acos_rules": lambda options: AcosRules(start_bid_cents=options.start_bid_cents, target_acos=options.target_acos),
    "value_bid": lambda options: ValueBid(alpha=options.laws.pacing.alpha_start),
    "pid": lambda options: PidBid(tuning=baseline_pacing(options.laws.pacing)),
    "dual": lambda options: DualDescent(tuning=baseline_pacing(options.laws.pacing)),
    "online_lp": lambda options: OnlineLp(tuning=baseline_pacing(options.laws.pacing)),
    "margin_rule": lambda options: MarginRule(tuning=options.laws.pricing),
}
"""How each controller is made; a name here is the controller's own ``name``."""


def controller_of(name: str, options: Options | None = None) -> Controller:
    """The controller of that name; ``pid+margin_rule`` lets the margin rule price on top of the controller before the plus.

    Raises:
        KeyError: There is no controller of that name, or it is ``policy`` and no network was given.
    """
    chosen = options or Options()
    ads, plus, prices = name.partition("+")
    if not plus:
        return CONTROLLERS[name](chosen)
    if prices != "margin_rule":
        raise KeyError(name)
    return MarginRule(ads=CONTROLLERS[ads](chosen), tuning=chosen.laws.pricing)
