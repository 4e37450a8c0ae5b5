"""An adapter under test: what whoever wrote it must hand to the suite."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from autopilot.platforms.kinds import Adapter
from control.command import Command
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.units import Ints


def nothing_happens(now: datetime) -> None:
    """Of platforms on which things happen by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterUnderTest:
    """One adapter, opened on a platform of the test's own: a local server, a recording, a sandbox.

    Attributes:
        platform: The adapter in a working state, with some days of figures behind it and at least two entities of every field it writes.
        out_of_reach: The same kind of adapter whose platform does not answer.
        now: The first instant to ask at, aware UTC; later ones may follow.
        until: Makes things happen on the platform up to an instant: orders come, clicks are counted, figures are restated.
    """

    platform: Adapter
    out_of_reach: Adapter
    now: datetime
    until: Callable[[datetime], None] = field(default=nothing_happens)

    @property
    def catalogue(self) -> Catalogue:
        """What it sells."""
        return self.platform.catalogue()

    def writable(self, of: Field) -> Ints:
        """Places of the entities whose set-point stands and can be written."""
        return np.flatnonzero(np.isfinite(self.platform.readback(now=self.now).values[of]))

    def command(self, of: Field, index: int, value: int, *, entity: str = "", currency: str = "", intent_id: str = "") -> Command:
        """A command for the entity at ``index`` of its field; by default a sound one."""
        return Command(
            intent_id=intent_id or f"{of}-{index}-{value}",
            entity=entity or self.catalogue.entities(of)[index],
            index=index,
            field=of,
            value=value,
            previous=0,
            currency=currency or self.catalogue.currency,
        )


Opens = Callable[[], AbstractContextManager[AdapterUnderTest]]
"""What ``--adapter=module:function`` names: freshly opened for each test, closed after it."""
