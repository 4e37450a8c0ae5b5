"""What the tables of a settings file have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

Cents = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Probability = Annotated[FiniteFloat, Field(ge=0, le=1)]
Ratio = Annotated[FiniteFloat, Field(ge=0, le=1)]
OpenRatio = Annotated[FiniteFloat, Field(ge=0, lt=1)]
Duration = Annotated[FiniteFloat, Field(ge=0)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["GBP"])]
Timezone = Annotated[str, Field(examples=["Europe/London"])]


class Section(BaseModel):
    """A table of the file. Unknown keys are errors, and so are values of another type: a limit that is misread is no limit."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)
