"""The tables that say on which platforms a store runs, and how to sign in there. What a kind's own options mean is the kind's affair."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, FiniteFloat, SecretStr, model_validator

from autopilot.settings_problems import FieldProblem
from autopilot.settings_types import Probability, Section

SIMULATED: Final = "simulated"
NO_ADS: Final = "none"

Kind = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", examples=[SIMULATED])]


class FaultsSection(Section):
    """How often the simulated platform misbehaves; each is a probability per call."""

    rate_429: Probability = 0.0
    """Calls refused with "too many requests"."""
    rate_5xx: Probability = 0.0
    """Calls answered with a server error."""
    timeout_before_apply: Probability = 0.0
    """Writes that time out before the platform applied anything."""
    timeout_after_apply: Probability = 0.0
    """Writes that time out although the platform applied them."""
    partial_batch: Probability = 0.0
    """Batches of which only some items are applied."""
    stale_metrics: Probability = 0.0
    """Reads that return figures already seen instead of new ones."""
    nan_metrics: Probability = 0.0
    """Reads in which a figure is not a number."""
    from_hour: Annotated[int, Field(ge=0)] = 0
    """Faults begin so many hours after the market's first day begins …"""
    until_hour: Annotated[int, Field(ge=0)] = 2**31
    """… and end after so many."""


class PlatformSection(Section):
    """The shop that the store runs on."""

    kind: Kind = SIMULATED
    """Which adapter talks to it: `simulated`, or the name of a kind of shop; `autopilot doctor` lists those that are installed."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What that kind needs to know, as its page in docs/platforms says; nothing for `simulated`."""
    market: Annotated[str | None, Field(min_length=1, examples=["gift_shop"])] = None
    """Simulated only: a scenario of `configs/scenarios` or a market of `configs/markets` by name, or the path of the TOML file of one."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """Seed of the market's chance."""
    history_days: Annotated[int, Field(ge=1, le=365)] = 27
    """Days that the simulated shop was open before the loop comes: a real one has a past too, and plans rest on it."""
    time_scale: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    """Seconds of market per second of wall clock, for `autopilot run`; `autopilot drive` never waits."""
    faults: FaultsSection = FaultsSection()
    """Faults to inject; none unless set."""

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        if self.kind == SIMULATED and self.market is None:
            raise FieldProblem("market", expected="text such as 'gift_shop': the market to simulate", was=None)
        if self.kind == SIMULATED and self.options:
            raise FieldProblem("options", expected="no options for a simulated platform", was=sorted(self.options))
        if self.kind != SIMULATED and self.market is not None:
            raise FieldProblem("market", expected=f"nothing: a shop of kind {self.kind!r} has a market of its own", was=self.market)
        return self


class AdsSection(Section):
    """The platform that the store advertises on, where that is another one than the shop."""

    kind: Kind = NO_ADS
    """Which adapter talks to it: `none`, or the name of a kind of ad platform."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What that kind needs to know, as its page in docs/platforms says."""


class SecretsSection(Section):
    """Credentials. Write them into the environment or a file of mode 600, never into the store's TOML."""

    file: Annotated[Path | None, Field(strict=False)] = None
    """A TOML file with the other keys of this section, readable by its owner only; a relative path starts at the store's file."""
    platform: dict[str, SecretStr] = Field(default_factory=dict)
    """What the shop's adapter signs in with, as in `[secrets.platform]`; the simulated platform needs nothing."""
    ads: dict[str, SecretStr] = Field(default_factory=dict)
    """What the ad platform's adapter signs in with."""
