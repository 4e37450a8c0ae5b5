"""An account on the local server, and the adapter opened on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autopilot.platforms.google_ads.adapter import GoogleAds
from tests.platforms.google_ads.opened import account, opened
from tests.platforms.google_ads.server import FakeGoogle


@pytest.fixture
def google() -> FakeGoogle:
    """What the server holds."""
    return account()


@pytest.fixture
def ads(google: FakeGoogle, tmp_path: Path) -> Iterator[GoogleAds]:
    """The adapter."""
    with opened(google, tmp_path) as adapter:
        yield adapter
