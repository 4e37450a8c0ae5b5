"""What perception asks of a platform, and how a platform says that it cannot answer.

PlatformError
├── SourceUnavailable   hold the last command; retry next tick
│   └── RateLimited     as above, not before ``retry_after_s``
├── NeedsReauthorisation  stop asking until a person renews the credentials
└── BadAnswer           the platform answered something unreadable; treat as unavailable and count it
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from perception.catalogue import Catalogue
from perception.observation import MetricRows, Readback


class PlatformError(Exception):
    """A platform did not do what it was asked; the subclass names the reaction."""


class SourceUnavailable(PlatformError):
    """5xx, refused, or timed out: hold the last command and retry next tick."""


class RateLimited(SourceUnavailable):
    """429: ask again after ``retry_after_s`` seconds, not before."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NeedsReauthorisation(PlatformError):
    """401 or 403: a person must renew the credentials; do not loop."""


class BadAnswer(PlatformError):
    """The answer could not be understood; the observation is rejected, never guessed."""


class CatalogueSource(Protocol):
    """Knows what the store sells."""

    def catalogue(self) -> Catalogue:
        """The products and campaigns, read once at start. Raises: PlatformError."""
        ...


class MetricsSource(Protocol):
    """Knows some of the store's figures."""

    @property
    def name(self) -> str:
        """Short id for journal and logs."""
        ...

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Rows refreshed after ``since`` (all that are kept when None), as known at ``now``; may repeat rows. Raises: PlatformError."""
        ...


class SetpointSource(Protocol):
    """Can read back what is set on the platform."""

    def readback(self, *, now: datetime) -> Readback:
        """The set-points in force. Raises: PlatformError."""
        ...
