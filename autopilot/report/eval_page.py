"""Writes an evaluation as one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from autopilot.report.amounts import controller_name
from autopilot.report.eval_picture import eval_svg
from autopilot.report.eval_sheets import families_of, informed_lines, ordered, paired_sheet, share_or_dash
from autopilot.report.page import environment
from autopilot.report.palette import PRINT


def write_eval_page(result: dict[str, Any], path: Path) -> None:
    """Writes the page: the picture, and every figure behind it as a table."""
    families = families_of(result)
    cells = {(row["controller"], row["family"]): row for row in result["rows"]}
    text = (
        environment()
        .get_template("eval.html.j2")
        .render(
            suite=result["suite"],
            overall=ordered(result),
            families=families,
            cells=cells,
            name=controller_name,
            weeks=share_or_dash,
            paired=paired_sheet(result),
            said=informed_lines(result),
            # drawn by us from numbers and escaped names: markup, not text
            drawing=Markup(eval_svg(result, PRINT)),  # noqa: S704
        )
    )
    path.write_text(text, encoding="utf-8")
