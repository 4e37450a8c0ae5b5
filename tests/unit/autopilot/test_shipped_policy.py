"""The policy that is shipped can be used as it lies there, and belongs to the laws and the configuration of today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from autopilot.policies import find_policy, load_policy
from autopilot.policy_card import features_sha256, gains_sha256, text_sha256
from control.laws import LawsTuning
from control.policy import Policy
from control.residual import undamped
from sim.fleet.fleet import fleet_terms, open_fleet
from sim.judging.contenders import Blind
from sim.judging.evaluation import trial
from sim.scenarios import load_scenario

REPOSITORY = Path(__file__).parents[3]
TRAINED, CARD = load_policy(find_policy("residual"))


def test_it_was_trained_with_the_committed_configuration_around_todays_laws() -> None:
    config = (REPOSITORY / "configs" / "training" / "residual.toml").read_text(encoding="utf-8")

    assert CARD.training.config == config
    assert CARD.training.config_sha256 == text_sha256(config)
    assert CARD.features_sha256 == features_sha256()
    # train anew when the gains of the laws change: what it learnt is how to move these
    assert CARD.base.gains_sha256 == gains_sha256(LawsTuning())
    assert CARD.training.cpu_s <= 30 * 60


def test_a_decision_about_it_is_on_its_card() -> None:
    assert CARD.promotions
    assert CARD.promotions[-1].promoted or CARD.promotions[-1].reasons


def test_it_steers_stores_it_never_met_within_every_limit() -> None:
    terms = fleet_terms(replace(load_scenario("steady"), history_days=14, days=3))
    opened = open_fleet(terms, seeds=np.arange(210_000, 210_004))

    driven = trial(terms, opened, Blind(controller=Policy(base=undamped(LawsTuning()), trained=TRAINED)), progress=lambda _: None)

    assert not driven.broken.any()
    assert (driven.writes > 0).all()
    assert driven.interventions.sum() <= 0.005 * driven.wishes.sum()
