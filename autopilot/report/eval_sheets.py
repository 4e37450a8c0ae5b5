"""What an evaluation's tables say, as text in rows: the same for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autopilot.report.amounts import MINUS, NOTHING, controller_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table of text; the first column is words, the others are figures."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def ordered(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The overall rows, the best first."""
    return sorted(result["overall"], key=lambda row: -row["share_iqm"])


def families_of(result: Mapping[str, Any]) -> list[str]:
    """Families in the order they were judged."""
    return list(dict.fromkeys(row["family"] for row in result["rows"]))


def shares_sheet(result: Mapping[str, Any]) -> Sheet:
    """Shares of the clairvoyant bound in percent, overall with the 95 % interval."""
    families = families_of(result)
    cells = {(row["controller"], row["family"]): row for row in result["rows"]}
    return Sheet(
        title=f"Share of the clairvoyant profit, %, inter-quartile mean, {result['overall'][0]['n']} stores, suite {result['suite']}",
        headings=("controller", "overall", *(family.replace("_", " ") for family in families)),
        rows=tuple(
            (
                controller_name(row["controller"]),
                _with_interval(row["share_iqm"], row),
                *(_points(cells[row["controller"], family]["share_iqm"]) for family in families),
            )
            for row in ordered(result)
        ),
    )


def conduct_sheet(result: Mapping[str, Any]) -> Sheet:
    """How each controller behaved: limits broken, what the gate had to do, and how much it wrote."""
    headings = (
        "controller",
        "won of what there was to win, %",
        "hard limits broken",
        "stores below ROAS target",
        "store-weeks below it, %",
        "gate, per 1,000 wishes",
        "writes per store",
    )
    return Sheet(
        title="Conduct",
        headings=headings,
        rows=tuple(
            (
                controller_name(row["controller"]),
                _points(row["lift"]["value"]),
                str(row["violations"]),
                str(row["roas_missed"]),
                share_or_dash(row["roas_missed_weeks_share"]),
                f"{row['interventions_per_1000']:.1f}",
                f"{row['writes']:.0f}",
            )
            for row in ordered(result)
        ),
    )


def paired_sheet(result: Mapping[str, Any]) -> Sheet:
    """Differences on the same stores in points of percent: overall, and in the family in which the controller does worst."""
    rows = []
    for pair in (pair for pair in result["paired"] if pair["family"] is None):
        same = [one for one in result["paired"] if (one["controller"], one["against"]) == (pair["controller"], pair["against"])]
        worst = min((one for one in same if one["family"] is not None), key=lambda one: float(one["difference"]))
        rows.append(
            (
                f"{controller_name(pair['controller'])} less {controller_name(pair['against'])}",
                _with_interval(pair["difference"], pair, signed=True),
                _points(pair["better_share"]),
                f"{_with_interval(worst['difference'], worst, signed=True)} {worst['family'].replace('_', ' ')}",
            )
        )
    headings = ("pair", "difference, points", "better in, % of stores", "least in")
    return Sheet(title="On the same stores", headings=headings, rows=tuple(rows))


def informed_lines(result: Mapping[str, Any]) -> list[str]:
    """How far ours are from the informed reference, a sentence each."""
    said = []
    for one in result["to_informed"]:
        ratio, closed = one["ratio"], one["gap_closed"]
        text = f"{controller_name(one['controller'])} earns {_with_interval(ratio['value'], ratio)} % of what the informed reference earns"
        if closed is not None:
            text += f", and closes {_with_interval(closed['value'], closed)} % of the distance to it"
        said.append(text + ".")
    return said


def share_or_dash(share: float | None) -> str:
    """In percent; a dash where there is nothing to share."""
    return NOTHING if share is None else _points(share)


def _with_interval(value: float, interval: Mapping[str, Any], *, signed: bool = False) -> str:
    """As in "79.9 [79.1, 80.7]", percent; ``interval`` has its ends as ``ci_low`` and ``ci_high``, or ``low`` and ``high``."""
    low, high = (interval.get(f"ci_{end}", interval.get(end)) for end in ("low", "high"))
    return f"{_points(value, signed=signed)} [{_points(low, signed=signed)}, {_points(high, signed=signed)}]"


def _points(share: float | Any, *, signed: bool = False) -> str:
    text = f"{100 * share:{'+' if signed else ''}.1f}"
    return text.replace("-", MINUS)
