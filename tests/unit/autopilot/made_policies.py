"""Policies on disk for tests: small random weights with a card."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from autopilot.policies import save_policy
from autopilot.policy_card import PolicyCard, ScoreRow, TrainingPart, describe, text_sha256
from control.laws import LawsTuning
from control.policy import Trained

CONFIG = "seed = 7\n"


def card_of(trained: Trained, *, name: str = "small") -> PolicyCard:
    """A card that any network may have."""
    training = TrainingPart(
        config=CONFIG,
        config_sha256=text_sha256(CONFIG),
        seeds=(7,),
        market_seeds=(0, 99),
        code_version="0.1.0",
        cpu_s=1.5,
    )
    score = ScoreRow(
        suite="quick", family="steady", n=12, share_iqm=0.9, ci_low=0.8, ci_high=0.95, laws_share_iqm=0.85, laws_ci_low=0.8,
        laws_ci_high=0.9, difference=0.05, difference_low=0.01, difference_high=0.09,
    )  # fmt: skip
    return describe(trained, name=name, created=date(2026, 1, 2), training=training, gains=LawsTuning(), scores=(score,))


def installed(root: Path, trained: Trained, *, name: str = "residual") -> Path:
    """The policy in ``configs/policies`` below ``root``; its folder."""
    folder = root / "configs" / "policies" / name
    save_policy(folder, trained, card_of(trained, name=name))
    return folder
