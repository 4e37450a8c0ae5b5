"""The pages for people: links lead somewhere, commands exist, figures are those of the files, and both languages keep step."""

from __future__ import annotations

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from autopilot.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"
READMES = (ENGLISH, CHINESE)
PAGES = (*READMES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CALL = re.compile(r"\bautopilot ([a-z][a-z-]*)")
MISSING = re.compile(r"(?:no commands|还没有) ((?:`[a-z]+`(?:, | and |、)?){2,})")
SETTING = re.compile(r"`([a-z_0-9]+) = ([0-9_.]+)`")


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
