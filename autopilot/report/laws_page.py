"""Writes how the laws answer steps, and their loops' margins, as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from autopilot.report.laws_picture import laws_svg
from autopilot.report.laws_steps import Panel
from autopilot.report.margin_sheets import Sheet
from autopilot.report.page import environment
from autopilot.report.palette import PRINT


def write_laws_page(panels: Sequence[Panel], sheets: Sequence[Sheet], path: Path) -> None:
    """Writes the page: the picture, what can be read off it, and the margins."""
    text = (
        environment()
        .get_template("laws.html.j2")
        .render(
            panels=panels,
            sheets=sheets,
            # drawn by us from numbers and escaped names: markup, not text
            drawing=Markup(laws_svg(panels, PRINT)),  # noqa: S704
        )
    )
    path.write_text(text, encoding="utf-8")
