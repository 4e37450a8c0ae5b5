"""Writes an evaluation's tables as Markdown, to be put into a README as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autopilot.report.eval_sheets import Sheet, conduct_sheet, informed_lines, paired_sheet, shares_sheet


def write_eval_markdown(result: Mapping[str, Any], path: Path) -> None:
    """Writes the tables, and how they were made."""
    made = result["made"]
    sheets = (shares_sheet(result), conduct_sheet(result), paired_sheet(result))
    origin = f"Made by `{made['command']}` at {made['made_at']}, version {made['version']}, code {made['code_sha256'][:12]}."
    paragraphs = [*(markdown(sheet) for sheet in sheets if sheet.rows), *informed_lines(result), origin]
    path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")


def markdown(sheet: Sheet) -> str:
    """A title and a table."""
    align = ["---", *["---:"] * (len(sheet.headings) - 1)]
    lines = [" | ".join(cells) for cells in (sheet.headings, align, *sheet.rows)]
    return f"{sheet.title}\n\n" + "\n".join(f"| {line} |" for line in lines)
