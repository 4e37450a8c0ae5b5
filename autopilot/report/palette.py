"""The colours of a drive: one palette for print, and one of marks that the page replaces by its own, light or dark."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours by role, as #rrggbb. The hues are those of Okabe & Ito (2008), told apart by colour-blind readers too."""

    ink: str
    muted: str
    grid: str
    paper: str
    ours: str
    other_1: str
    other_2: str
    other_3: str
    other_4: str
    alarm: str

    def others(self) -> tuple[str, ...]:
        """For the controllers that ours is compared with."""
        return (self.other_1, self.other_2, self.other_3, self.other_4)


PRINT = Palette(
    ink="#1c2430",
    muted="#667085",
    grid="#e4e7ec",
    paper="#ffffff",
    ours="#0067a5",
    other_1="#8a94a6",
    other_2="#d98200",
    other_3="#00885f",
    other_4="#b5558f",
    alarm="#c8442b",
)

MARKS = Palette(**{item.name: f"#0101{number:02x}" for number, item in enumerate(fields(Palette), start=1)})
"""No colour to be seen by anybody: stands for a role until ``with_css_variables`` names it."""


def with_css_variables(svg: str) -> str:
    """The drawing with every mark replaced by the page's variable of that role, as in ``var(--ours)``."""
    for item in fields(Palette):
        svg = svg.replace(getattr(MARKS, item.name), f"var(--{item.name.replace('_', '-')})")
    return svg
