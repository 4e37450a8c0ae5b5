"""The card of a trained policy: what it sees, how it was made, how well it did, and what was decided about it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat

from autopilot import codec
from control.features import FEATURES
from control.laws import LawsTuning
from control.policy import Trained
from control.residual import ACTIONS

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[FiniteFloat, Field(ge=0)]


class CardPart(BaseModel):
    """A table of the card. Unknown keys are errors: a card that is misread says nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class StridePart(CardPart):
    """How far an action of 1 goes, log ratios; as ``control.residual.Stride``."""

    log_bid: Positive
    log_price: Positive
    bid_deadband_ratio: Positive
    price_deadband_ratio: Positive


class TrustPart(CardPart):
    """How much may lie outside what training met; as ``control.trust.TrustRegion``."""

    most_features: Count
    most_share: Annotated[FiniteFloat, Field(ge=0, le=1)]


class TrainingPart(CardPart):
    """How the weights were made."""

    config: str
    """Text of the training configuration."""
    config_sha256: Sha256
    """Of that text, UTF-8."""
    seeds: tuple[int, ...]
    """Of the learner's own chance, in the order they were used."""
    market_seeds: tuple[int, int]
    """First and last seed of the stores that were trained on."""
    code_version: str
    """Version of the code that trained, as the package or the version control calls it."""
    cpu_s: Positive
    """CPU seconds of the whole training."""


class BasePart(CardPart):
    """The controller whose proposals the actions move."""

    controller: str
    gains_sha256: Sha256
    """Of its gains as they were in training; see ``gains_sha256``."""


class ScoreRow(CardPart):
    """Charged shares of the clairvoyant bound on test seeds, each an inter-quartile mean with its interval."""

    suite: str
    family: str | None = None
    """None for all of them together."""
    n: Annotated[int, Field(ge=1)]
    share_iqm: FiniteFloat
    ci_low: FiniteFloat
    ci_high: FiniteFloat
    laws_share_iqm: FiniteFloat
    laws_ci_low: FiniteFloat
    laws_ci_high: FiniteFloat
    difference: FiniteFloat
    """Of policy less laws, store by store on the same luck."""
    difference_low: FiniteFloat
    difference_high: FiniteFloat


class PromotionEntry(CardPart):
    """One decision about the policy."""

    at: AwareDatetime
    promoted: bool
    to: str
    """Name it was, or would have been, installed under."""
    reasons: tuple[str, ...]
    """Why not; empty for a promotion."""
    figures: dict[str, Any]
    """What the decision rests on, by stage."""


class PolicyCard(CardPart):
    """Everything about one trained policy but its weights."""

    format: Literal[1] = 1
    """Version of the folder's layout: `weights.npz` and `card.json`."""
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    created: date
    """Day on which the training ended."""
    features: tuple[str, ...]
    """Columns of the observation, in order."""
    features_sha256: Sha256
    """Of their table; see ``features_sha256``."""
    actions: tuple[str, ...]
    stride: StridePart
    trust: TrustPart
    architecture: tuple[int, ...]
    """Widths from the features to the action."""
    base: BasePart
    training: TrainingPart
    scores: tuple[ScoreRow, ...] = ()
    weights_sha256: Sha256
    """Of the file ``weights.npz``."""
    promotions: tuple[PromotionEntry, ...] = ()
    """Every decision, oldest first."""


def features_sha256() -> str:
    """Hash of the table of features as it is now: names, units, bounds and what stands for the unknown, in order."""
    table = [[feature.name, feature.unit, feature.low, feature.high, feature.unknown] for feature in FEATURES]
    return hashlib.sha256(codec.to_bytes(table)).hexdigest()


def gains_sha256(gains: LawsTuning) -> str:
    """Hash of the gains of the laws: a policy was trained around these."""
    return hashlib.sha256(codec.to_bytes(gains)).hexdigest()


def text_sha256(text: str) -> str:
    """Hash of a text, UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def describe(
    trained: Trained,
    *,
    name: str,
    created: date,
    training: TrainingPart,
    gains: LawsTuning,
    scores: tuple[ScoreRow, ...] = (),
) -> PolicyCard:
    """The card of freshly trained weights; ``weights_sha256`` is that of a file that ``policies.save_policy`` has yet to write.

    Args:
        trained: What training gave.
        name: Of the policy, and of its folder.
        created: Day on which the training ended.
        training: How it was made.
        gains: Of the laws that it was trained around.
        scores: On test seeds, if they are known already.
    """
    return PolicyCard(
        name=name,
        created=created,
        features=tuple(feature.name for feature in FEATURES),
        features_sha256=features_sha256(),
        actions=ACTIONS,
        stride=StridePart(**asdict(trained.stride)),
        trust=TrustPart(most_features=trained.trust.most_features, most_share=trained.trust.most_share),
        architecture=trained.network.architecture,
        base=BasePart(controller="laws", gains_sha256=gains_sha256(gains)),
        training=training,
        scores=scores,
        weights_sha256="0" * 64,
    )
