"""Kinds of platforms: what each needs to know, what it can do, and how it is opened.

A store's file names a kind; packages offer kinds as entry points of the group ``autopilot.platforms``, ours in our own pyproject.toml and
third parties' in theirs. How to write one: docs/platforms/writing-an-adapter.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from autopilot.findings import Finding
from autopilot.settings_types import Section
from control.ports import Actuator
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import Signal
from perception.ports import CatalogueSource, MetricsSource, SetpointSource

GROUP = "autopilot.platforms"


class Role(StrEnum):
    """What a platform is to the store."""

    SHOP = "shop"
    """It sells: products, orders, stock, prices."""
    ADS = "ads"
    """It advertises what a shop sells: clicks, spend, bids, budgets."""


class Adapter(CatalogueSource, MetricsSource, SetpointSource, Actuator, Protocol):
    """One platform behind the ports; what it does not do, it does not list."""

    @property
    def signals(self) -> frozenset[Signal]:
        """What ``read`` gives."""
        ...

    @property
    def fields(self) -> frozenset[Field]:
        """What ``readback`` gives and ``write`` takes; another field's command is rejected."""
        ...


@runtime_checkable
class Closable(Protocol):
    """An adapter that holds on to connections or files."""

    def close(self) -> None:
        """Let go of them; nothing is asked of it afterwards."""
        ...


@runtime_checkable
class Examinable(Protocol):
    """An adapter that can say more about its platform than the ports ask, for ``autopilot check``."""

    def examine(self, *, now: datetime) -> Iterable[Finding]:
        """What a merchant should know before the wheel is handed over; nothing may be written anywhere. Raises: PlatformError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an adapter is told besides its own options and secrets.

    Attributes:
        store: Name of the store, for the platform's own logs.
        currency: ISO 4217 code of the store; a platform that keeps another one is refused.
        timezone: In which the store's days begin and end.
        folder: The adapter's own folder for what it must remember; it exists, and is readable by its owner only.
        sold: What the shop sells; None for a shop, which says so itself.
    """

    store: str
    currency: str
    timezone: ZoneInfo
    folder: Path
    sold: Catalogue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of platform.

    Attributes:
        role: What it is to the store.
        options: Model of the ``options`` table.
        secrets: Model of its table in ``[secrets]``; every field a ``SecretStr``.
        open: Makes the adapter from options, secrets and surroundings, without asking the platform anything yet.
        writes: Whether anything can be written to it; a store that is nothing but read can be watched and advised, not driven.
    """

    role: Role
    options: type[Section]
    secrets: type[Section]
    open: Callable[[Any, Any, Surroundings], Adapter]
    writes: bool = True


class UnknownKind(LookupError):
    """No installed package offers this kind; the message lists those there are."""


def find_kind(name: str, role: Role) -> Kind:
    """The kind of this name. Raises: UnknownKind, also for a kind of another role."""
    for offered in entry_points(group=GROUP, name=name):
        kind: Kind = offered.load()
        if kind.role is role:
            return kind
    raise UnknownKind(f"expected one of {', '.join(repr(known) for known in kind_names(role)) or 'none'}, was {name!r}")


def kind_names(role: Role) -> tuple[str, ...]:
    """Every kind of this role that can be named."""
    return tuple(sorted(name for name, kind in kinds_offered().items() if isinstance(kind, Kind) and kind.role is role))


def kinds_offered() -> dict[str, Kind | Exception]:
    """Each name that an installed package offers, and its kind, or why it cannot be loaded: one broken package must not hide the others."""
    found: dict[str, Kind | Exception] = {}
    for offered in entry_points(group=GROUP):
        try:
            found[offered.name] = offered.load()
        except Exception as error:  # noqa: BLE001 - whatever a package of somebody else raises
            found[offered.name] = error
    return found
