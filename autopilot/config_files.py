"""Where configuration files are looked up: the merchant's own ``configs`` first, then those that came with the installation."""

from __future__ import annotations

from pathlib import Path

from autopilot.errors import ConfigError

KINDS = {"stores": "store", "markets": "market"}
"""Folders of ``configs`` whose files can be called by their bare name, and what a message calls one of them."""


def config_roots() -> tuple[Path, ...]:
    """The folders to search, in order: ``./configs``, the one beside the packages (a checkout), the packaged one (a wheel)."""
    here = Path(__file__).resolve().parent
    candidates = (Path.cwd() / "configs", here.parent / "configs", here / "configs")
    return tuple(dict.fromkeys(root for root in candidates if root.is_dir()))


def shipped(relative: str) -> Path | None:
    """The first existing file of this relative path below a config root, or None."""
    return next((root / relative for root in config_roots() if (root / relative).is_file()), None)


def names(kind: str) -> tuple[str, ...]:
    """Bare names available in a folder of ``KINDS``, sorted."""
    return tuple(sorted({path.stem for root in config_roots() for path in (root / kind).glob("*.toml")}))


def find(kind: str, name_or_path: str) -> Path:
    """The file that a user means by a name in ``configs/<kind>`` or by a path.

    Raises:
        ConfigError: There is no such file; the message lists the names there are.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    looks_like_path = path.suffix == ".toml" or len(path.parts) > 1
    found = None if looks_like_path else shipped(f"{kind}/{name_or_path}.toml")
    if found:
        return found
    known = ", ".join(names(kind)) or "none"
    raise ConfigError(f"{name_or_path}: expected a TOML file or the name of a {KINDS[kind]}; there is no such file. Known names: {known}")


def display(path: Path) -> str:
    """A path as messages show it: relative to the working directory where that is shorter to read."""
    absolute = path.resolve()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)
