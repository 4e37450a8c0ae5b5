"""What a training configuration says: ``configs/training/*.toml``, checked field by field."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from autopilot.config_files import display
from autopilot.errors import ConfigError
from sim.scenarios import SeedRange, families, load_scenario

Count = Annotated[int, Field(ge=1, strict=True)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Rate = Annotated[float, Field(gt=0.0, lt=1.0)]


class Part(BaseModel):
    """A table of the file. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PolicyTable(Part):
    """What is trained."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    seed: Annotated[int, Field(ge=0, strict=True)] = 1
    """Of first weights, order, detours and exploration."""


class LessonsTable(Part):
    """Stores that are driven to learn from; see ``sim.learning.lessons``."""

    families: tuple[str, ...] = ()
    """Scenarios; all that there are where none is named."""
    stores: Count = 64
    """Training stores per family and round; every round has stores of its own."""
    every_hours: Count = 6
    detours: Annotated[tuple[Annotated[float, Field(ge=0.0)], ...], Field(min_length=1)] = (0.5, 0.3, 0.3)
    """Standard deviation of the detours, one per round. The first round is driven by the laws, each further one by what was learnt."""


class FitTable(Part):
    """How a network is fitted to the lessons; see ``sim.learning.fitting``."""

    teacher: Annotated[str, Field(pattern="^(gradient|imitation)$")] = "gradient"
    hidden: Annotated[tuple[Count, ...], Field(min_length=1)] = (64, 64)
    epochs: Count = 12
    batch: Count = 4096
    learning_rate: Rate = 2e-3
    weight_decay: Annotated[float, Field(ge=0.0)] = 1e-5


class ReinforceTable(Part):
    """Reinforcement learning after the last fit; see ``sim.learning.reinforcing``."""

    method: Annotated[str, Field(pattern="^(ppo|sac)$")] = "ppo"
    stores: Count = 16
    """Stores per family that learn at once."""
    steps: Count = 336
    rollout: Count = 24
    minibatches: Count = 8
    epochs: Count = 3
    learning_rate: Rate = 1e-4
    gamma: Rate = 0.97
    gae_lambda: Share = 0.95
    clip: Rate = 0.1
    spread: Annotated[float, Field(gt=0.0)] = 0.25
    still: Share = 0.2


class HoldoutTable(Part):
    """Training stores that nothing is learnt from: they choose between what was learnt, and say how well it does."""

    stores: Count = 16


class TrainingSettings(Part):
    """A whole configuration."""

    policy: PolicyTable
    lessons: LessonsTable = LessonsTable()
    fit: FitTable = FitTable()
    reinforce: ReinforceTable | None = None
    holdout: HoldoutTable = HoldoutTable()

    @model_validator(mode="after")
    def _families_exist(self) -> TrainingSettings:
        known = families()
        for name in self.lessons.families:
            if name not in known:
                message = f"lessons.families: expected some of {', '.join(known)}, was {name!r}"
                raise ValueError(message)
        return self

    @property
    def families(self) -> tuple[str, ...]:
        """Scenarios that are trained on."""
        return self.lessons.families or families()

    def lesson_seeds(self, family: str, lesson_round: int) -> range:
        """Seeds of one round: the first of the scenario's training seeds, a stretch for every round. Raises: ConfigError."""
        count, lo = self.lessons.stores, self._train_seeds(family).lo
        return range(lo + lesson_round * count, lo + (lesson_round + 1) * count)

    def holdout_seeds(self, family: str) -> range:
        """The last of the scenario's training seeds. Raises: ConfigError."""
        hi = self._train_seeds(family).hi
        return range(hi + 1 - self.holdout.stores, hi + 1)

    def _train_seeds(self, family: str) -> SeedRange:
        seeds = load_scenario(family).train_seeds
        needed = self.lessons.stores * len(self.lessons.detours) + self.holdout.stores
        if needed > len(seeds.seeds):
            raise ConfigError(f"lessons.stores: expected at most what {len(seeds.seeds)} training seeds of {family} allow, needs {needed}")
        return seeds


def load_training(path: Path) -> tuple[TrainingSettings, str]:
    """The settings of a file and its text.

    Raises:
        ConfigError: The file is missing, not TOML, or a field is wrong; the message names each.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return TrainingSettings.model_validate(tomllib.loads(text)), text
    except OSError as error:
        raise ConfigError(f"{display(path)}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{display(path)}: is not TOML: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}, was {item['input']!r:.80}" for item in error.errors()]
        raise ConfigError("\n".join(f"{display(path)}: {line}" for line in lines)) from None
