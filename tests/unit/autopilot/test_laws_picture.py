"""The pictures of the laws' responses: what is read off them, and that the command draws them and gives every figure to machines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from autopilot.cli import plot
from autopilot.report import laws_steps
from autopilot.report.laws_page import write_laws_page
from autopilot.report.laws_picture import write_laws_png
from autopilot.report.laws_steps import DAYS, Line, Panel, day_means, settled_days
from autopilot.report.margin_sheets import margin_sheets
from autopilot.report.smooth_store import HOURS_PER_DAY
from control.laws import LawsTuning

HOURS = DAYS * HOURS_PER_DAY


def panel(name: str = "grant") -> Panel:
    rising = np.linspace(0.2, 1.0, HOURS)
    return Panel(
        name=name,
        law="Pacing",
        title="a grant <rises>",
        said="Look here.",
        measured_label="spend",
        measured=(Line(label="should", values=rising, colour=0, wanted=True), Line(label="is", values=0.9 * rising, colour=0)),
        set_label="alpha",
        set_lines=(Line(label="alpha", values=rising, colour=1),),
        marks=(9.0,),
        figures={"settled_days": 2.5, "never": None},
    )


def test_response_has_settled_when_it_stays_near_what_it_should_be() -> None:
    wanted, seen = np.ones(HOURS), np.ones(HOURS)
    seen[9 * 24 : 12 * 24] = 1.5

    assert settled_days(seen, wanted, after_day=9) == pytest.approx(3.0)
    assert settled_days(wanted, wanted, after_day=9) == 0.0
    assert settled_days(2.0 * wanted, wanted, after_day=9) is None


def test_mean_of_a_day_is_that_of_the_hours_there_are() -> None:
    means = day_means(np.concatenate([np.ones(24), np.full(24, 3.0)]))

    assert means[[0, 23, 35, 47]] == pytest.approx([1.0, 1.0, 2.0, 3.0])


def test_dearer_goods_raise_the_price_step_by_step() -> None:
    shown = laws_steps._cost(LawsTuning())

    assert shown.figures["price_at_the_end"] is not None
    assert shown.figures["price_before"] is not None
    assert shown.figures["price_at_the_end"] > 1.1 * shown.figures["price_before"]
    assert all(line.values.shape == (HOURS,) for line in (*shown.measured, *shown.set_lines))


def test_picture_and_page_are_written_and_the_page_needs_nothing_else(tmp_path: Path) -> None:
    panels = [panel()]

    write_laws_png(panels, tmp_path / "laws.png")
    write_laws_page(panels, margin_sheets(LawsTuning()), tmp_path / "laws.html")

    page = (tmp_path / "laws.html").read_text(encoding="utf-8")
    assert imread(tmp_path / "laws.png").shape[1] > 1000
    assert "a grant &lt;rises&gt;" in page
    assert "never never" in page
    assert "<svg" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_command_gives_its_files_its_figures_and_the_margins_as_one_object(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(laws_steps, "all_panels", lambda *_given, **_named: [panel()])

    answer = CliRunner().invoke(plot.command, ["laws", "-o", str(tmp_path / "new"), "--json"])

    found = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert Path(found["picture"]).is_file()
    assert Path(found["page"]).is_file()
    assert found["steps"] == {"grant": {"settled_days": 2.5, "never": None}}
    assert set(found["margins"]) == {"pacing", "efficiency"}
