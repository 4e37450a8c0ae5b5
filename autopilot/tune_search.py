"""Where a search looks next: points in the unit cube of the gains' ranges, asked for and told about round by round.

Every searcher is deterministic: asked and told the same again, it stands where it stood. That is how an interrupted search goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from autopilot.errors import ConfigError
from autopilot.tune_settings import Search
from perception.units import Floats


class Searcher(Protocol):
    """Asked for the points of a round, told how good they were, and so on."""

    def ask(self) -> list[Floats]:
        """(d,) points of the next round, each within the unit cube; none when there is nothing left to try."""
        ...

    def tell(self, points: Sequence[Floats], losses: Sequence[float]) -> None:
        """How bad each point was; infinity for one that is rejected."""
        ...

    def centre(self) -> Floats | None:
        """(d,) where the search has come to, if that is another point than those it asked about."""
        ...


class CmaEs:
    """CMA-ES (Hansen & Ostermeier, Evolutionary Computation 9(2), 2001). It learns from ranks alone, whatever the scale."""

    def __init__(self, start: Floats, search: Search) -> None:
        """Begin around ``start``, (d,).

        Raises:
            ConfigError: The library is not installed.
        """
        try:
            from cmaes import CMA  # type: ignore[import-untyped]
        except ModuleNotFoundError as error:
            raise ConfigError("cmaes is not installed: searching gains needs the train extra; try: make setup-train") from error
        cube = np.tile([0.0, 1.0], (start.size, 1))
        self._cma: Any = CMA(mean=start, sigma=search.spread, bounds=cube, seed=search.seed, population_size=search.candidates)

    def ask(self) -> list[Floats]:
        """A generation."""
        return [self._cma.ask() for _ in range(self._cma.population_size)]

    def tell(self, points: Sequence[Floats], losses: Sequence[float]) -> None:
        """Move and reshape the distribution."""
        self._cma.tell(list(zip(points, losses, strict=True)))

    def centre(self) -> Floats | None:
        """The mean of the distribution: under noise a better guess than the luckiest point. It may lie a little outside the cube."""
        mean: Floats = np.clip(self._cma.mean, 0.0, 1.0)
        return mean


class OneAtATime:
    """Each gain a step down and a step up from its default, all others at theirs: what does it matter?"""

    def __init__(self, start: Floats, search: Search) -> None:
        """Steps of the search's spread around ``start``, (d,); at an end of the range the step goes as far as it can."""
        self._left = [
            point
            for place in range(start.size)
            for step in (-search.spread, search.spread)
            if (point := _moved(start, place, step))[place] != start[place]
        ]

    def ask(self) -> list[Floats]:
        """All of them, once."""
        points, self._left = self._left, []
        return points

    def tell(self, points: Sequence[Floats], losses: Sequence[float]) -> None:
        """Nothing is learnt from it."""

    def centre(self) -> Floats | None:
        """It has come to nowhere."""
        return None


def searcher_of(search: Search, start: Floats) -> Searcher:
    """The searcher of a configuration. Raises: ConfigError, its library is not installed."""
    return CmaEs(start, search) if search.method == "cma_es" else OneAtATime(start, search)


def _moved(start: Floats, place: int, step: float) -> Floats:
    point = start.copy()
    point[place] = min(max(start[place] + step, 0.0), 1.0)
    return point
