"""``autopilot init``: writes a commented store config."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import available_timezones

import click

from autopilot.cli.output import Output, with_output
from autopilot.config_files import display
from autopilot.settings_sources import load_store
from sim.config_lookup import names

DEFAULT_FILE = Path("configs/stores/my-store.toml")


@click.command(name="init")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_FILE)
@click.option("--yes", is_flag=True, help="Ask nothing, take the defaults.")
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@with_output
def command(out: Output, *, file: Path, yes: bool, force: bool) -> None:
    """Write a commented store config to FILE [configs/stores/my-store.toml]."""
    if file.exists() and not force:
        raise click.UsageError(f"{display(file)} exists; choose another name or pass --force")
    answers = _answers(file, ask=not yes)
    _write(file, Template(_template()).substitute(answers))
    payload = {"file": str(file), "store": answers["name"]}
    out.result(payload, human=lambda console: console.print(f"wrote {display(file)}; next: autopilot check {file}", markup=False))


def _answers(file: Path, *, ask: bool) -> dict[str, Any]:
    slug = re.sub(r"[^a-z0-9_-]+", "-", file.stem.lower()).strip("-_") or "my-store"
    markets = names("markets")
    defaults: dict[str, tuple[str, Any, Any]] = {
        "name": ("Short id of the store", slug, _matching(r"[a-z0-9][a-z0-9_-]*", "small letters, digits and dashes")),
        "currency": ("Currency (ISO 4217)", "GBP", _matching(r"[A-Z]{3}", "three capital letters, as in GBP")),
        "timezone": ("Time zone of the store (IANA)", "Europe/London", _timezone),
        "market": ("Simulated market", markets[0] if markets else "gift_shop", str),
        "ad_spend_cents": ("Ads may cost at most, in pence or cents, per 14 days", 100_000, click.IntRange(min=0)),
        "max_loss_cents": ("A plan may lose at most, in pence or cents, per 14 days", 150_000, click.IntRange(min=0)),
    }
    return {key: click.prompt(text, default=value, type=kind, err=True) if ask else value for key, (text, value, kind) in defaults.items()}


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
