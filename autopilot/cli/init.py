"""``autopilot init``: writes a commented store config."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import available_timezones

import click

from autopilot.cli.init_platform import Ask, kind_named, real_table, secrets_words, simulated_table
from autopilot.cli.output import Output, with_output
from autopilot.config_files import display
from autopilot.platforms.kinds import Kind, Role
from autopilot.settings_platform import NO_ADS, SIMULATED
from autopilot.settings_sources import load_store
from sim.config_lookup import names

DEFAULT_FILE = Path("configs/stores/my-store.toml")


@click.command(name="init")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_FILE)
@click.option("--platform", default=SIMULATED, show_default=True, help="Kind of shop, as autopilot doctor lists them.")
@click.option("--ads", default=NO_ADS, show_default=True, help="Kind of platform that the shop advertises on.")
@click.option("--yes", is_flag=True, help="Ask nothing, take the defaults.")
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@with_output
def command(out: Output, *, file: Path, platform: str, ads: str, yes: bool, force: bool) -> None:
    """Write a commented store config to FILE [configs/stores/my-store.toml]."""
    if file.exists() and not force:
        raise click.UsageError(f"{display(file)} exists; choose another name or pass --force")
    if platform == SIMULATED and ads != NO_ADS:
        raise click.UsageError(f"--ads: expected {NO_ADS!r}: a simulated platform has ads of its own, was {ads!r}")
    answers = _answers(file, platform=platform, ads=ads, ask=_default if yes else _prompt)
    _write(file, Template(_template()).substitute(answers))
    payload = {"file": str(file), "store": answers["name"]}
    out.result(payload, human=lambda console: console.print(f"wrote {display(file)}; next: autopilot check {file}", markup=False))


def _prompt(text: str, default: Any, kind: Any) -> Any:
    return click.prompt(text, default=default, type=kind, err=True)


def _default(text: str, default: Any, kind: Any) -> Any:
    del text, kind
    return default


def _answers(file: Path, *, platform: str, ads: str, ask: Ask) -> dict[str, Any]:
    """What the template is filled with."""
    named = {"platform": (platform, Role.SHOP, SIMULATED), "ads": (ads, Role.ADS, NO_ADS)}
    kinds = {table: kind_named(name, role) for table, (name, role, plain) in named.items() if name != plain}
    answers = _asked(_about_the_store(file), ask)
    answers["platform"] = _platforms(kinds, {"platform": platform, "ads": ads}, ask)
    return answers | _asked(_about_money(advertises=platform == SIMULATED or bool(ads != NO_ADS)), ask) | {"secrets": secrets_words(kinds)}


def _platforms(kinds: dict[str, Kind], named: dict[str, str], ask: Ask) -> str:
    if not kinds:
        markets = names("markets")
        return simulated_table(ask("Simulated market", markets[0] if markets else "gift_shop", str))
    return "\n".join(real_table(table, named[table], kind, ask) for table, kind in kinds.items())


Questions = dict[str, tuple[str, Any, Any]]
"""Text, default and kind of value by key."""


def _asked(questions: Questions, ask: Ask) -> dict[str, Any]:
    return {key: ask(*question) for key, question in questions.items()}


def _about_the_store(file: Path) -> Questions:
    slug = re.sub(r"[^a-z0-9_-]+", "-", file.stem.lower()).strip("-_") or "my-store"
    return {
        "name": ("Short id of the store", slug, _matching(r"[a-z0-9][a-z0-9_-]*", "small letters, digits and dashes")),
        "currency": ("Currency (ISO 4217)", "GBP", _matching(r"[A-Z]{3}", "three capital letters, as in GBP")),
        "timezone": ("Time zone of the store (IANA)", "Europe/London", _timezone),
    }


def _about_money(*, advertises: bool) -> Questions:
    spend = 100_000 if advertises else 0
    return {
        "ad_spend_cents": ("Ads may cost at most, in pence or cents, per 14 days", spend, click.IntRange(min=0)),
        "max_loss_cents": ("A plan may lose at most, in pence or cents, per 14 days", 150_000, click.IntRange(min=0)),
    }


def _matching(pattern: str, expected: str) -> Any:
    def convert(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise click.BadParameter(f"expected {expected}, was {value!r}")
        return value

    return convert


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise click.BadParameter(f"expected an IANA time zone such as Europe/London, was {value!r}")
    return value


def _template() -> str:
    return files("autopilot.cli").joinpath("store.toml.template").read_text(encoding="utf-8")


def _write(file: Path, text: str) -> None:
    """Appears whole and valid, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.stem}.new.toml")
    draft.write_text(text, encoding="utf-8")
    try:
        load_store(str(draft), environ={})
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
