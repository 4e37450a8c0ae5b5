"""What every drawing shares: fonts, and how an SVG file becomes an element of a page."""

from __future__ import annotations

import re
from typing import Any

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "autopilot",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.parse_math": False,
}
"""For matplotlib's ``rc_context``."""


def as_inline(drawing: str, name: str) -> str:
    """An SVG file as an element without ids that could meet those of another drawing on the page; ``name`` tells them apart."""
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", drawing)
    return re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">', drawing, count=1)
