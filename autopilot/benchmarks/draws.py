"""What a step's random draws cost: the calls of one step are noted, made again alone, and made by numpy's sequential generator instead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from sim import randomness, samplers

COUNTS = ("poisson", "binomial")
"""Samplers that numpy's generator has too: it draws the count at once, without a uniform of ours."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function of ``sim.randomness`` or ``sim.samplers`` from outside them.

    Attributes:
        function: As it stands there.
        arguments, named: What it was given.
        feeds_count: Its result was handed to one of ``COUNTS``: numpy's generator would not have drawn it.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    feeds_count: bool

    def again(self) -> None:
        """Make the same draw."""
        self.function(*self.arguments, **self.named)


@dataclass(slots=True)
class _Tape:
    """Calls as they happen. ``results`` keeps arrays alive, so that no two share an id."""

    calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    depth: int = 0

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any, **named: Any) -> Any:
            self.depth += 1
            try:
                result = function(*arguments, **named)
            finally:
                self.depth -= 1
            if self.depth == 0:
                self.calls.append((function, arguments, named))
                self.results.append(result)
            return result

        return noting


def noted(step: Callable[[], object]) -> list[Call]:
    """The draws that ``step`` makes."""
    tape = _Tape()
    with _listening(tape):
        step()
    fed = {
        id(base)
        for function, arguments, named in tape.calls
        if function.__name__ in COUNTS
        for given in (*arguments, *named.values())
        if isinstance(given, np.ndarray)
        for base in (given, given.base)
        if base is not None
    }
    return [
        Call(function, arguments, named, id(result) in fed or id(getattr(result, "base", None)) in fed)
        for (function, arguments, named), result in zip(tape.calls, tape.results, strict=True)
    ]


def sequential(calls: list[Call], rng: np.random.Generator) -> Callable[[], None]:
    """The same draws, as many and of the same distributions, from numpy's generator; keys cost it nothing.

    What numpy has no generator for is sampled as we do, from its uniforms.
    """
    work = [made for call in calls if (made := _equivalent(call, rng)) is not None]

    def run() -> None:
        for one in work:
            one()

    return run


def _equivalent(call: Call, rng: np.random.Generator) -> Callable[[], object] | None:
    name = call.function.__name__
    result = call.function(*call.arguments, **call.named)
    if name == "poisson":
        rate = np.asarray(call.arguments[0])
        return lambda: rng.poisson(rate)
    if name == "binomial":
        trials, chance = (np.asarray(given) for given in call.arguments[:2])
        return lambda: rng.binomial(trials, chance)
    if call.feeds_count or result.dtype == np.uint64:
        return None
    if call.function.__module__ == samplers.__name__:
        return call.again
    shape, dtype = result.shape, result.dtype
    if "normals" in name:
        return lambda: rng.standard_normal(shape, dtype=dtype)
    return lambda: rng.random(shape, dtype=dtype)


@contextmanager
def _listening(tape: _Tape) -> Iterator[None]:
    """Have every module of the simulator call the noting functions instead."""
    public = {
        name: function
        for source in (randomness, samplers)
        for name, function in vars(source).items()
        if isinstance(function, FunctionType) and function.__module__ == source.__name__ and not name.startswith("_")
    }
    modules = [module for name, module in sys.modules.items() if name == "sim" or name.startswith("sim.")]
    places = [(module, name, function) for module in modules for name, function in public.items() if vars(module).get(name) is function]
    try:
        for module, name, function in places:
            setattr(module, name, tape.wrapped(function))
        yield
    finally:
        for module, name, function in places:
            setattr(module, name, function)
