"""The pages for people: links lead somewhere, commands exist, figures are those of the files, and both languages keep step."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import fields, is_dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from autopilot.cli.commands import COMMANDS
from sim.parameters.market import MarketParameters, load_market
from sim.scenarios import families

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"
READMES = (ENGLISH, CHINESE)
MARKET = ROOT / "docs/market.md"
PAGES = (*READMES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "configs").rglob("*.md")))

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CALL = re.compile(r"\bautopilot ([a-z][a-z-]*)")
MISSING = re.compile(r"(?:no commands|还没有) ((?:`[a-z]+`(?:, | and |、)?){2,})")
SETTING = re.compile(r"`([a-z_0-9]+) = ([0-9_.]+)`")
ENVIRONMENT = re.compile(r"autopilot/[A-Z]\w*-v\d")
NAMED = re.compile(r"`([a-z_0-9]+)`")
VALUE = re.compile(r"`([a-z_0-9]+)`\s+=\s+([0-9]+(?:\.[0-9]+)?)")
ROW = re.compile(r"^\| ((?:`[a-z_0-9]+`(?:, )?)+) \| ([0-9. /]+) \|", flags=re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """The page without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCED.sub("", text_of(page)))


def blocks_of(page: Path) -> list[str]:
    return [language + "\n" + code for language, code in FENCED.findall(text_of(page))]


def headings_of(page: Path) -> list[str]:
    return re.findall(r"^## (.+)$", FENCED.sub("", text_of(page)), flags=re.MULTILINE)


def anchors_of(page: Path) -> set[str]:
    """What a heading is called in a link to it: small letters, no punctuation, dashes for spaces."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings_of(page)}


def market_chapters() -> dict[str, str]:
    """What docs/market.md says of each section of a market file, from the heading that names it to the next one."""
    parts = re.split(r"^##+ ", text_of(MARKET), flags=re.MULTILINE)
    return {section: part for part in parts for section in re.findall(r"`\[([a-z_]+)\]`", part.partition("\n")[0])}


def market_sections() -> dict[str, Any]:
    """The dataclass of each section of a market file; a section that may be absent counts without its None."""
    hints = get_type_hints(MarketParameters)
    return {name: next(each for each in (*get_args(hint), hint) if is_dataclass(each)) for name, hint in hints.items() if name[0] != "_"}


def told_values(chapter: str) -> dict[str, tuple[float, ...]]:
    """The figures that a chapter of docs/market.md gives, in prose ("`theta` = 0.2") and in tables (a value for each name of the row)."""
    told: dict[str, tuple[float, ...]] = {name: (float(value),) for name, value in VALUE.findall(chapter)}
    for names, values in ROW.findall(chapter):
        named, figures = NAMED.findall(names), tuple(float(value) for value in values.split("/"))
        told |= {named[0]: figures} if len(named) == 1 else dict(zip(named, ((figure,) for figure in figures), strict=True))
    return told


def is_command(name: str) -> bool:
    return name in COMMANDS and find_spec(COMMANDS[name].target.partition(":")[0]) is not None


def relative_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=relative_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(prose_of(page)) if "://" not in link]

    lost = [link for link in links if not (page.parent / link.partition("#")[0]).exists()]
    unanchored = [link for link in links if link.startswith("#") and link[1:] not in anchors_of(page)]

    assert lost == []
    assert unanchored == []


@pytest.mark.parametrize("page", READMES, ids=relative_name)
def test_every_command_in_a_code_block_exists(page: Path) -> None:
    named = {name for block in blocks_of(page) for name in CALL.findall(block)}

    assert {name for name in named if not is_command(name)} == set()
    assert {"drive", "run", "arm", "stop", "explain", "replay"} <= named


@pytest.mark.parametrize("page", READMES, ids=relative_name)
def test_commands_said_to_be_missing_are_missing(page: Path) -> None:
    (told,) = MISSING.findall(text_of(page))

    assert [name for name in re.findall(r"[a-z]+", told) if name != "and" and is_command(name)] == []


@pytest.mark.parametrize("page", READMES, ids=relative_name)
def test_limits_are_those_of_the_envelope(page: Path) -> None:
    envelope = tomllib.loads(text_of(ROOT / "configs/envelope.toml"))["envelope"]

    told = {key: float(value.replace("_", "")) for key, value in SETTING.findall(text_of(page))}

    assert {key: told.get(key) for key in envelope} == {key: float(value) for key, value in envelope.items()}


def test_both_languages_have_the_same_sections() -> None:
    assert len(headings_of(ENGLISH)) == len(headings_of(CHINESE))


def test_both_languages_show_the_same_code() -> None:
    assert blocks_of(ENGLISH) == blocks_of(CHINESE)


def test_picture_is_small_enough_to_be_looked_at() -> None:
    assert (ROOT / "docs/drive.png").stat().st_size < 250_000


def test_architecture_quotes_the_tick_as_it_is() -> None:
    (quoted,) = (code for language, code in FENCED.findall(text_of(ROOT / "docs/architecture.md")) if language == "python")

    assert quoted in text_of(ROOT / "autopilot/loop.py")


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(page.name.partition("-")[0]) for page in (ROOT / "docs/decisions").glob("*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_market_page_has_a_chapter_for_every_section_of_a_market_file() -> None:
    assert set(market_chapters()) == {field.name for field in fields(MarketParameters)}


@pytest.mark.parametrize("section", sorted(market_sections()))
def test_market_page_names_every_parameter_where_its_section_is(section: str) -> None:
    named = set(NAMED.findall(market_chapters()[section]))

    assert {field.name for field in fields(market_sections()[section])} - named == set()


@pytest.mark.parametrize("section", sorted(set(market_sections()) - {"daily_demand"}))
def test_market_page_gives_the_figures_of_the_generic_market(section: str) -> None:
    figures = getattr(load_market(ROOT / "configs/markets/marketplace.toml"), section)

    plain = {field.name for field in fields(figures) if type(getattr(figures, field.name)) in {int, float}}

    told = told_values(market_chapters()[section])
    known = {name: getattr(figures, name) for name in told}

    assert plain - told.keys() == set()
    assert told == {name: value if isinstance(value, tuple) else (float(value),) for name, value in known.items()}


@pytest.mark.parametrize("page", [MARKET, ROOT / "configs/scenarios/README.md"], ids=relative_name)
def test_every_scenario_that_is_shipped_is_named(page: Path) -> None:
    shipped = {path.stem for path in (ROOT / "configs/scenarios").glob("*.toml")}

    assert shipped <= set(families())
    assert shipped - set(NAMED.findall(text_of(page))) == set()


def test_every_environment_that_is_named_can_be_made() -> None:
    named = {name for page in PAGES for name in ENVIRONMENT.findall(text_of(page))}

    import_module("sim.env")  # registers them

    assert named
    assert named - import_module("gymnasium").registry.keys() == set()


@pytest.mark.parametrize("page", [*READMES, MARKET], ids=relative_name)
def test_python_on_a_page_can_be_parsed(page: Path) -> None:
    for language, code in FENCED.findall(text_of(page)):
        if language == "python":
            ast.parse(code)
