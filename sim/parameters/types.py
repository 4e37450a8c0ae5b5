"""Ranges that the figures of a market file must lie in, shared by all its sections."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field

Positive: TypeAlias = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NonNegative: TypeAlias = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Share: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
OpenShare: TypeAlias = Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)]
BelowOne: TypeAlias = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)]
AtLeastOne: TypeAlias = Annotated[float, Field(ge=1.0, allow_inf_nan=False)]
Cents: TypeAlias = Annotated[int, Field(gt=0)]
Count: TypeAlias = Annotated[int, Field(ge=1)]

STRICT = ConfigDict(extra="forbid")
"""A section with an unknown key is refused: a misspelt figure must not fall back to nothing."""
