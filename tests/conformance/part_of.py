"""Some of what an adapter can do, as an adapter of its own."""

from __future__ import annotations

from datetime import datetime

from autopilot.platforms.kinds import Adapter
from control.command import Command
from control.ports import Acknowledgement
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal


class PartOf:
    """An adapter that reads and writes no more than it says."""

    name = "part"

    def __init__(self, whole: Adapter, *, signals: frozenset[Signal], fields: frozenset[Field]) -> None:
        """These signals and fields of ``whole``."""
        self._whole, self.signals, self.fields = whole, signals, fields

    def catalogue(self) -> Catalogue:
        return self._whole.catalogue()

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        return tuple(rows for rows in self._whole.read(since=since, now=now) if rows.signal in self.signals)

    def readback(self, *, now: datetime) -> Readback:
        values = self._whole.readback(now=now).values
        return Readback(at=now, values={field: values[field] for field in self.fields})

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        assert all(command.field in self.fields for command in commands)
        return self._whole.write(commands, now=now)
