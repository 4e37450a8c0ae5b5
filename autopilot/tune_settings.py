"""What a search of gains is told: ``configs/training/laws.toml``, checked field by field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from autopilot.errors import ConfigError
from control.laws import LawsTuning
from perception.units import Floats
from sim.scenarios import families, load_scenario

Count = Annotated[int, Field(ge=1, strict=True)]
DIGITS = 3
"""Significant digits of a gain that is tried: what is found can be written into the code as it is."""


class Part(BaseModel):
    """A table of the file. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Search(Part):
    """How gains are searched. Each round, each halving and the proof have stores of their own, so that luck is not chosen for twice."""

    method: Literal["cma_es", "one_at_a_time"] = "cma_es"
    """CMA-ES (Hansen & Ostermeier 2001), or each gain a step down and a step up from its default, to see what it matters."""
    families: tuple[str, ...] = ()
    """Scenarios, by name or file; all that there are where none is named."""
    rounds: Count = 16
    """Generations of CMA-ES; one is enough for `one_at_a_time`."""
    candidates: Annotated[int, Field(ge=4, strict=True)] = 12
    """Per generation."""
    spread: Annotated[float, Field(gt=0.0, le=0.5)] = 0.2
    """First standard deviation of CMA-ES, and the step of `one_at_a_time`, as a share of each gain's range."""
    stores: Count = 48
    """Training stores per family and round."""
    finalists: Count = 8
    """Candidates that go on after the last round: half of them, on twice the stores, until one is left."""
    proof_stores: Count = 200
    """Training stores per family on which the winner is compared with the defaults in the end."""
    first_store: Annotated[int, Field(ge=0, strict=True)] = 110_000
    """Seed of the first store; the others follow."""
    seed: Annotated[int, Field(ge=0, strict=True)] = 1
    """Of the search."""


class Gain(Part):
    """The range of one gain."""

    low: FiniteFloat
    high: FiniteFloat
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            message = f"low: expected below high ({self.high}), was {self.low}"
            raise ValueError(message)
        if self.scale == "log" and self.low <= 0.0:
            message = f"low: expected > 0 on a log scale, was {self.low}"
            raise ValueError(message)
        return self

    def at(self, share: float) -> float:
        """The gain at a share [0, 1] of its range, to ``DIGITS`` digits."""
        if self.scale == "log":
            exact = math.exp(math.log(self.low) + share * math.log(self.high / self.low))
        else:
            exact = self.low + share * (self.high - self.low)
        return min(max(float(f"{exact:.{DIGITS}g}"), self.low), self.high)

    def share_of(self, value: float) -> float:
        """Where in its range a gain is; the nearer end for one beyond it."""
        inside = min(max(value, self.low), self.high)
        if self.scale == "log":
            return math.log(inside / self.low) / math.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


class TuneSettings(Part):
    """A whole configuration."""

    search: Search = Search()
    gains: Annotated[dict[str, Gain], Field(min_length=1)]
    """By dotted path in `LawsTuning`."""

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        known = gains_of(LawsTuning())
        for name in self.gains:
            if name not in known:
                message = f"gains: expected some of {', '.join(known)}, was {name!r}"
                raise ValueError(message)
        for name in self.search.families:
            if name not in families() and not Path(name).is_file():
                message = f"search.families: expected some of {', '.join(families())}, was {name!r}"
                raise ValueError(message)
        return self

    @property
    def families(self) -> tuple[str, ...]:
        """Scenarios that are searched on."""
        return self.search.families or families()

    def start(self) -> Floats:
        """(d,) the defaults as shares of their ranges."""
        defaults = gains_of(LawsTuning())
        return np.array([gain.share_of(defaults[name]) for name, gain in self.gains.items()])

    def gains_at(self, shares: Floats) -> dict[str, float]:
        """The gains at (d,) shares of their ranges."""
        return {name: gain.at(float(share)) for (name, gain), share in zip(self.gains.items(), shares, strict=True)}

    def check_stores(self, last: int) -> None:
        """Whether seeds up to ``last`` are training seeds of every family. Raises: ConfigError."""
        for family in self.families:
            seeds = load_scenario(family).train_seeds
            if self.search.first_store < seeds.lo or last > seeds.hi:
                was = f"{self.search.first_store} to {last}"
                raise ConfigError(
                    f"search.first_store: expected training seeds of {family}, {seeds.lo} to {seeds.hi}; the search needs {was}"
                )


def gains_of(tuning: Any, *, under: str = "") -> dict[str, float]:
    """Every number of a tuning by its dotted path; what is no number is left out."""
    found: dict[str, float] = {}
    for each in fields(tuning):
        value = getattr(tuning, each.name)
        if is_dataclass(value):
            found |= gains_of(value, under=f"{under}{each.name}.")
        elif isinstance(value, float):
            found[under + each.name] = value
    return found


def with_gains(tuning: Any, gains: Mapping[str, float]) -> Any:
    """A tuning with some gains replaced, by their dotted paths. Raises: TypeError for a path that leads nowhere."""
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, float]] = {}
    for path, value in gains.items():
        head, dot, rest = path.partition(".")
        if dot:
            parts.setdefault(head, {})[rest] = value
        else:
            own[head] = value
    own |= {head: with_gains(getattr(tuning, head), rest) for head, rest in parts.items()}
    return replace(tuning, **own)
