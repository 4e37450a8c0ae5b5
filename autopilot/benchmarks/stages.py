"""Where the time of a piece of work goes: named functions are timed while it runs, and put back afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from autopilot.clock import cpu_s, wall_s


@dataclass(slots=True)
class Spent:
    """Seconds on the wall clock, and of this process's CPU."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, wall_s: float, cpu_s: float) -> None:
        """Count these, too."""
        self.wall_s += wall_s
        self.cpu_s += cpu_s


@dataclass(slots=True)
class Stages:
    """What each stage has taken since ``begin``.

    Attributes:
        spent: By the name of the stage; a stage within another counts in both.
    """

    spent: dict[str, Spent] = field(default_factory=dict)

    def begin(self) -> None:
        """Count from nothing."""
        self.spent = {}

    def of(self, name: str) -> Spent:
        """What a stage has taken; nothing where it did not run."""
        return self.spent.get(name, Spent())

    def take_off(self, name: str, others: Iterable[str]) -> None:
        """Do not count others in a stage that they lie within."""
        for other in others:
            self.spent[name].add(-self.of(other).wall_s, -self.of(other).cpu_s)

    def around(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed as part of a stage."""

        @wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            wall, cpu = wall_s(), cpu_s()
            try:
                return work(*arguments, **named)
            finally:
                self.spent.setdefault(name, Spent()).add(wall_s() - wall, cpu_s() - cpu)

        return timed

    @contextmanager
    def watching(self, places: Mapping[str, tuple[tuple[Any, str], ...]]) -> Iterator[None]:
        """Time functions where they are looked up: {stage: (module or class, name of the function) …}."""
        before = [(owner, name, getattr(owner, name)) for pairs in places.values() for owner, name in pairs]
        try:
            for stage, pairs in places.items():
                for owner, name in pairs:
                    setattr(owner, name, self.around(stage, getattr(owner, name)))
            yield
        finally:
            for owner, name, work in before:
                setattr(owner, name, work)
