"""The report: true to its figures, safe with foreign text, whole in one file."""

from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from autopilot.report import picture
from autopilot.report.amounts import money, written
from autopilot.report.figures import Change, DriveFigures, Total, Unit, grouped
from autopilot.report.page import descriptions, headline, page, write_page
from autopilot.report.palette import MARKS, Palette, with_css_variables
from autopilot.report.picture import LINE_SPACING, spread, ticks, titles, write_png
from autopilot.report.table import drive_table

START = datetime(2026, 3, 27, tzinfo=UTC)
VOID = {"meta", "link", "img", "br", "hr", "input"}


def _figures(days: int = 4, controllers: tuple[str, ...] = ("laws", "do_nothing", "fixed_bid")) -> DriveFigures:
    hours = days * 24 + 1
    steps = np.arange(hours, dtype=np.float64)
    at = tuple(START + timedelta(hours=int(step)) for step in steps)
    price = np.ones((2, hours))
    price[0, hours // 2 :] = 1.05
    return DriveFigures(
        store="corner",
        currency="GBP",
        timezone="Europe/London",
        seed=7,
        at=at,
        spend_cents=steps * 100.0,
        planned_spend_cents=steps * 110.0,
        budget_cents=20_000,
        skus=("MUG", "CUP"),
        price_index=price,
        band_low=0.9,
        band_high=1.1,
        profit_cents={name: steps * (300.0 - 50.0 * number) for number, name in enumerate(controllers)},
        commands=np.full(hours, 3, dtype=np.int64),
        interventions=(np.arange(hours, dtype=np.int64) % 24 == 0).astype(np.int64),
        bid_level=np.full(hours, 0.4),
        totals=(
            Total(label="Profit after ads", unit=Unit.MONEY, values=tuple(28_800.0 - 4_800.0 * n for n in range(len(controllers)))),
            Total(label="Sales per ad spend", unit=Unit.RATIO, values=(2.5,) + (float("nan"),) * (len(controllers) - 1)),
        ),
        changes=(Change(at=at[hours // 2], what="price of MUG", before=300, after=315, why="stock is short"),),
    )


@pytest.fixture(scope="module")
def html() -> str:
    """The page of the usual drive; drawing it is dear."""
    return page(_figures())


class _Reader(HTMLParser):
    """Collects what a browser would have to make sense of."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: set[str] = set()
        self.outside: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name in {"aria-labelledby", "aria-describedby"}:
                self.references += str(value).split()
            if name in {"src", "href", "xlink:href"} and not str(value).startswith("#"):
                self.outside.append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


@pytest.mark.parametrize(
    ("cents", "currency", "exact", "text"),
    [
        (295, "GBP", False, "£2.95"),
        (0, "EUR", False, "€0"),
        (300, "GBP", True, "£3.00"),
        (123_456, "USD", False, "$1,235"),
        (123_456, "USD", True, "$1,234.56"),
        (-295, "GBP", False, "−£2.95"),
        (1_500, "JPY", False, "¥1,500"),
        (1_250, "KWD", False, "KWD 1.250"),
        (float("nan"), "GBP", False, "–"),
    ],
)
def test_money_is_written_with_the_digits_of_its_currency(cents: float, currency: str, exact: bool, text: str) -> None:
    assert money(cents, currency, exact=exact) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1234.0, Unit.COUNT, "1,234"), (0.4567, Unit.SHARE, "45.7\u00a0%"), (2.5, Unit.RATIO, "2.50"), (float("nan"), Unit.RATIO, "–")],
)
def test_values_are_written_in_their_unit(value: float, unit: Unit, text: str) -> None:
    assert written(value, unit, "GBP") == text


def test_changes_of_one_setpoint_are_told_as_one() -> None:
    first = Change(at=START, what="price of MUG", before=300, after=310, why="a")
    other = Change(at=START, what="bid of CUP", before=0, after=5, why="b")
    second = Change(at=START + timedelta(hours=4), what="price of MUG", before=310, after=320, why="c")

    price, bid = grouped([first, other, second])

    assert (price.what, price.before, price.after, price.steps, price.why) == ("price of MUG", 300, 320, 2, "c")
    assert (bid.what, bid.steps) == ("bid of CUP", 1)


def test_the_headline_compares_with_the_best_alternative() -> None:
    figures = _figures()
    last = len(figures.at) - 1

    assert headline(figures) == (
        f"In 4 days the store earned {money(300 * last, 'GBP')} and spent £96 of £200 on ads: "
        f"£48 more than the best alternative, “do nothing”."
    )


def test_the_headline_admits_a_loss_against_the_alternative() -> None:
    figures = dataclasses.replace(_figures(), profit_cents={"laws": np.array([0.0, 100.0]), "fixed_bid": np.array([0.0, 300.0])})

    assert headline(figures).endswith("£2 less than “fixed bid”.")
    assert "below “fixed bid”" in descriptions(figures)["gain"]


def test_without_alternatives_nothing_is_compared() -> None:
    figures = _figures(controllers=("laws",))

    assert headline(figures).endswith("on ads.")
    assert "gain" not in titles(figures)


def test_every_drawing_is_described() -> None:
    figures = _figures()

    assert set(titles(figures)) <= set(descriptions(figures))
    assert "4 of 291" not in descriptions(figures)["interventions"]
    assert "5 of 291 wishes" in descriptions(figures)["interventions"]


def test_the_page_is_well_formed_and_needs_nothing_from_outside(html: str) -> None:
    reader = _read(html)

    assert reader.open == []
    assert reader.outside == []
    assert not {"script", "link", "img", "iframe"} & reader.tags
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.references) <= set(reader.ids)


def test_the_page_holds_figures_changes_and_reasons(html: str) -> None:
    text = " ".join(_read(html).text)

    for words in ("corner", "Profit after ads", "£288", "price of MUG", "£3.00", "£3.15", "stock is short", "seed 7", "27 Mar"):
        assert words in text


@pytest.mark.no_cover
def test_foreign_text_stays_text() -> None:
    attack = "<script>alert(1)</script>"
    figures = _figures()
    change = dataclasses.replace(figures.changes[0], what=attack, why=attack)
    poisoned = dataclasses.replace(figures, store=attack, skus=(attack, attack), changes=(change,))

    html = page(poisoned)

    assert "<script" not in html
    assert "script" not in _read(html).tags


def test_foreign_text_cannot_style_the_terminal() -> None:
    figures = _figures()
    change = dataclasses.replace(figures.changes[0], what="[bold]price[/bold] of $x$", why="[/]")
    stream = io.StringIO()

    Console(file=stream, width=160).print(drive_table(dataclasses.replace(figures, changes=(change,))))

    assert "[bold]price[/bold] of $x$" in stream.getvalue()


def test_a_sku_is_never_read_as_a_formula() -> None:
    figures = dataclasses.replace(_figures(), skus=("$\\frac{1}{", "A$B$"))

    # one panel of six, since drawing is dear
    assert "\\frac{1}{" in picture._svg("prices", figures, picture.PANELS["prices"])


@pytest.mark.no_cover
def test_the_page_is_the_same_for_the_same_figures(html: str, tmp_path: Path) -> None:
    write_page(_figures(), tmp_path / "a.html")

    assert (tmp_path / "a.html").read_text(encoding="utf-8") == html


def test_the_drawings_take_their_colours_from_the_page(html: str) -> None:
    assert "#0101" not in html
    assert html.count("<svg") == len(titles(_figures()))
    assert html.count("stroke: var(--") >= html.count("<svg")


def test_each_role_has_its_own_mark() -> None:
    marks = dataclasses.astuple(MARKS)

    assert len(set(marks)) == len(dataclasses.fields(Palette))
    assert with_css_variables(f"fill: {MARKS.other_1}") == "fill: var(--other-1)"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("days", "controllers"), [(1, ("laws",)), (4, ("laws", "do_nothing", "fixed_bid", "acos_rules", "pid", "dual", "oracle"))]
)
def test_the_picture_is_drawn_for_few_and_for_many(tmp_path: Path, days: int, controllers: tuple[str, ...]) -> None:
    write_png(_figures(days, controllers), tmp_path / "drive.png")

    assert (tmp_path / "drive.png").read_bytes().startswith(b"\x89PNG")


def test_an_idle_drive_can_be_drawn(tmp_path: Path) -> None:
    figures = _figures(1)
    nothing = np.zeros_like(figures.spend_cents)
    idle = dataclasses.replace(
        figures,
        spend_cents=nothing,
        planned_spend_cents=nothing,
        budget_cents=0,
        skus=(),
        price_index=np.zeros((0, nothing.size)),
        profit_cents={"do_nothing": nothing},
        interventions=figures.interventions * 0,
        bid_level=np.full(nothing.size, np.nan),
        totals=(),
        changes=(),
    )

    write_png(idle, tmp_path / "drive.png")
    html = page(idle)

    assert "Nothing was changed." in html
    assert "the gate never had to step in" in html


def test_labels_never_overlap_and_crowded_ones_are_centred() -> None:
    places = spread([0.1, 0.5, 0.51, 0.52, 0.9])

    assert np.diff(places).min() >= LINE_SPACING - 1e-12
    assert places[0] == pytest.approx(0.1)
    assert np.mean(places[1:4]) == pytest.approx(0.51)


def test_days_are_marked_at_the_stores_own_midnight_when_clocks_change() -> None:
    zone = _figures().timezone

    marked = ticks(START, START + timedelta(days=4), zone)

    # London's clocks went forward at 01:00 UTC on 29 March 2026: the midnights after it are 23:00 UTC
    assert {label: round(place * 24) for place, label in marked.items() if ":" not in label} == {
        "27 Mar": 0,
        "28 Mar": 24,
        "29 Mar": 48,
        "30 Mar": 71,
        "31 Mar": 95,
    }


def test_the_table_shows_totals_and_reasons() -> None:
    stream = io.StringIO()

    Console(file=stream, width=160).print(drive_table(_figures()))

    for words in ("autopilot", "do nothing", "£288", "2.50", "–", "price of MUG", "stock is short"):
        assert words in stream.getvalue()


def test_the_table_says_how_much_it_leaves_out() -> None:
    figures = _figures()
    many = tuple(dataclasses.replace(figures.changes[0], what=f"price of {number}") for number in range(15))
    stream = io.StringIO()

    Console(file=stream, width=160).print(drive_table(dataclasses.replace(figures, changes=many)))

    assert "and 3 more set-points" in stream.getvalue()
