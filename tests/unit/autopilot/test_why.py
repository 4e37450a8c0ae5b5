"""``autopilot why``: from a file or a store's journal to ranked causes, or the plain word that nothing changed."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot.cli.shell import run
from autopilot.journal import SqlJournal, sqlite_url

SINGLES_DAY = datetime(2026, 11, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks of clicks by the hour; on the last day those of e-mail on phones are three times as many."""
    draw, path = np.random.default_rng(4), tmp_path_factory.mktemp("why") / "clicks.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time", "channel", "device", "clicks", "orders"])
        for hour in range(28 * 24):
            at = SINGLES_DAY - timedelta(days=27) + timedelta(hours=hour)
            for channel, of_channel in (("ads", 30.0), ("organic", 50.0), ("email", 20.0)):
                for device, of_device in (("mobile", 0.6), ("desktop", 0.4)):
                    moved = 3.0 if at >= SINGLES_DAY and (channel, device) == ("email", "mobile") else 1.0
                    count = int(draw.poisson(of_channel * of_device * moved))
                    rows.writerow([at.replace(tzinfo=None).isoformat(), channel, device, count, draw.binomial(count, 0.1)])
    return path


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["why", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_cause_in_a_file_is_named_with_its_share_and_the_event_of_the_day(clicks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "--facts", str(clicks), "--metric", "clicks", "--since", "2026-11-11")

    assert found["changed"]
    assert found["causes"][0]["where"] == {"channel": ["email"], "device": ["mobile"]}
    assert sum(cause["share"] for cause in found["causes"]) + found["unexplained"] == pytest.approx(1.0)
    assert [event["name"] for event in found["events"]] == ["Singles' Day"]
    # a column of numbers is a figure, not a dimension
    assert found["dimensions"] == ["channel", "device", "hour"]


def test_a_rate_that_stayed_is_said_to_have_stayed(clicks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "--facts", str(clicks), "--metric", "orders", "--per", "clicks", "--since", "1d")

    assert not found["changed"]
    assert found["causes"] == []
    assert found["base"] > 0


def test_people_read_a_table_or_one_sentence(clicks: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "why.png"
    assert run(["why", "--facts", str(clicks), "--metric", "clicks", "--since", "1d", "--plot", str(picture)]) == 0
    table = capsys.readouterr().out
    assert run(["why", "--facts", str(clicks), "--metric", "clicks", "--since", "2026-11-05", "--until", "2026-11-06"]) == 0
    quiet = capsys.readouterr().out

    assert "channel = email and device = mobile" in table
    assert "unexplained" in table
    assert "Nothing changed beyond what is usual." in quiet
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--metric", "clicks", "--since", "yesterday"], "--since: expected a date or time"),
        (["--metric", "visitors", "--since", "1d"], "expected a column 'visitors' of numbers"),
        (["--metric", "clicks", "--since", "2026-12-24"], "--since: expected a time before the newest figures"),
        (["--metric", "clicks", "--since", "2026-10-15"], "--since: expected at least"),
        (["--metric", "clicks", "--since", "1d", "--time", "when"], "expected a time column"),
        (["--metric", "clicks", "--since", "1d", "--dimensions", "size"], "--dimensions: expected some of"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_words(
    arguments: list[str], words: str, clicks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["why", "--facts", str(clicks), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_store_s_journal_answers_and_says_what_it_does_not_know(
    harness: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "journal.sqlite"
    store = harness(None, journal=lambda clock: SqlJournal(sqlite_url(journal), clock=clock, durable=False))
    store.ticks(30)

    found = answered(capsys, "gift-shop", "--metric", "revenue", "--since", "1d", "--journal", str(journal))

    assert found["actual"] > 0
    assert "sku" in found["dimensions"]
    assert any("channel" in note for note in found["notes"])


def test_every_version_of_every_figure_goes_into_a_parquet_file(
    harness: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal, target = tmp_path / "journal.sqlite", tmp_path / "metrics.parquet"
    store = harness(None, journal=lambda clock: SqlJournal(sqlite_url(journal), clock=clock, durable=False))
    store.ticks(3)

    assert run(["metrics", "export", "gift-shop", "--journal", str(journal), "-o", str(target), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["rows"] > 0
    assert target.read_bytes()[:4] == b"PAR1"
