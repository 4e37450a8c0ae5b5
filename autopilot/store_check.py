"""Can this store be driven? Validated settings are taken for granted; this looks at what they point to, and asks the platform itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from autopilot import wiring
from autopilot.config_files import display
from autopilot.doctor import state_writable
from autopilot.findings import Finding, Level, finding, some_of
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.kinds import Examinable
from autopilot.policies import find_policy, load_policy
from autopilot.policy_card import gains_sha256
from autopilot.settings import StoreSettings
from autopilot.settings_sources import Loaded
from autopilot.steering import POLICY, gains_of
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import Readback


def examine(loaded: Loaded, *, now: datetime) -> tuple[Finding, ...]:
    """Everything that can be said without writing anything anywhere; real platforms are asked as of ``now``.

    Raises:
        ConfigError: There is no such market, or the policy that the settings name cannot be used.
        MarketFileError, ScenarioFileError: The market's file cannot be used.
        PlatformError: The platform does not answer.
    """
    settings = loaded.settings
    policy = tuple(_policy(settings))
    with TemporaryDirectory() as folder, closing(wiring.live(loaded, folder=Path(folder), effects=MemoryEffects())) as live:
        now = live.opens or now
        catalogue, readback = live.platform.catalogue(), live.platform.readback(now=now)
        figures = (*_figures(live, now=now), *_examined(live, now=now)) if live.opens is None else ()
    return (
        Finding(name="config", level=Level.OK, detail=f"{display(loaded.path)} is valid"),
        *(Finding(name="config", level=Level.WARNING, detail=warning) for warning in loaded.warnings),
        Finding(name="platform", level=Level.OK, detail=f"{settings.platform.kind}, {len(catalogue.skus)} products, from {live.where}"),
        *_authority(loaded),
        *figures,
        *policy,
        _setpoints(catalogue, readback, live.platform.fields),
        *_agreement(settings, catalogue, live.timezone),
        *_products(settings, catalogue),
        state_writable(settings.store.state_dir),
    )


def _policy(settings: StoreSettings) -> Iterator[Finding]:
    """The policy that is to steer, if one is, loaded as it will be; a warning where the laws under it are not those of its training."""
    if settings.control.controller != POLICY:
        return
    _, card = load_policy(find_policy(settings.control.policy))
    yield Finding(name="policy", level=Level.OK, detail=f"{card.name} of {card.created}, weights {card.weights_sha256[:12]}")
    if card.base.gains_sha256 != gains_sha256(gains_of(settings)):
        detail = "the gains of the laws are not those it was trained around; judge it again: autopilot promote"
        yield Finding(name="policy", level=Level.WARNING, detail=detail)


def _setpoints(catalogue: Catalogue, readback: Readback, fields: Collection[Field]) -> Finding:
    """What cannot be read back is never written: the gate knows no value in force to judge a change by."""
    unread = [
        f"{field} of {entity}"
        for field in Field
        if field in fields
        for entity, value in zip(catalogue.entities(field), readback.values[field], strict=True)
        if np.isnan(value)
    ]
    count = sum(len(catalogue.entities(field)) for field in fields)
    detail = f"cannot be read and will be left alone: {some_of(unread)}" if unread else f"{count} read back"
    return finding("set-points", ok=not unread, detail=detail, otherwise=Level.WARNING)


def _authority(loaded: Loaded) -> Iterator[Finding]:
    """A store that is nothing but read cannot be armed."""
    # adapters are dear to import, and a simulated store needs none of it
    from autopilot.connection import is_only_watched

    if is_only_watched(loaded):
        detail = "nothing can be written to these platforms: use observe, shadow or advise"
        yield Finding(name="authority", level=Level.WARNING, detail=detail)


def _figures(live: wiring.Live, *, now: datetime) -> Iterator[Finding]:
    """Every source read once, as the first tick will: what it shows, or that it does not answer."""
    for source in live.sources:
        rows = source.read(since=None, now=now)
        shown = ", ".join(f"{one.sku.size} rows of {one.signal}" for one in rows)
        yield Finding(name="figures", level=Level.OK, detail=f"{source.name}: {shown}")


def _examined(live: wiring.Live, *, now: datetime) -> Iterator[Finding]:
    """What the adapters themselves have to say."""
    for source in live.sources:
        if isinstance(source, Examinable):
            yield from source.examine(now=now)


def _agreement(settings: StoreSettings, catalogue: Catalogue, timezone: str | None) -> Iterator[Finding]:
    store = settings.store
    yield finding(
        "currency",
        ok=store.currency == catalogue.currency,
        detail=f"the store's is {store.currency}, the platform's is {catalogue.currency}",
    )
    if timezone not in {None, store.timezone}:
        detail = f"the store's days are those of {store.timezone}, the market's of {timezone}"
        yield Finding(name="timezone", level=Level.WARNING, detail=detail)


def _products(settings: StoreSettings, catalogue: Catalogue) -> Iterator[Finding]:
    unknown = sorted(set(settings.products) - set(catalogue.skus))
    if unknown:
        yield finding("products", ok=False, detail=f"the platform does not sell {', '.join(unknown)}; correct or remove these sections")
