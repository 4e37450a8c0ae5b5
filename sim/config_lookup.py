"""Where configuration files are looked up: the user's own ``configs`` first, then those that came with the installation."""

from __future__ import annotations

from pathlib import Path


class NoSuchConfigError(ValueError):
    """A name or path leads to no configuration file; the message lists the names there are. The reaction: correct the name."""


def config_roots() -> tuple[Path, ...]:
    """The folders to search, in order: ``./configs``, the one beside the packages (a checkout), the packaged one (a wheel)."""
    packages = Path(__file__).resolve().parents[1]
    # a wheel keeps them inside a package: beside the packages, "configs" would be anybody's
    candidates = (Path.cwd() / "configs", packages / "configs", packages / "autopilot" / "configs")
    return tuple(dict.fromkeys(root for root in candidates if root.is_dir()))


def shipped(relative: str) -> Path | None:
    """The first existing file of this relative path below a config root, or None."""
    return next((root / relative for root in config_roots() if (root / relative).is_file()), None)


def names(kind: str) -> tuple[str, ...]:
    """Bare names of the TOML files in the folder ``kind`` of every config root, sorted."""
    return tuple(sorted({path.stem for root in config_roots() for path in (root / kind).glob("*.toml")}))


def located(kind: str, name_or_path: str) -> Path | None:
    """The file that a user means by a path, or by a bare name in ``configs/<kind>``; None when there is no such file."""
    path = Path(name_or_path)
    if path.is_file():
        return path
    looks_like_path = path.suffix == ".toml" or len(path.parts) > 1
    return None if looks_like_path else shipped(f"{kind}/{name_or_path}.toml")


def find(kind: str, name_or_path: str, *, called: str) -> Path:
    """As ``located``, for who needs the file; ``called`` is what a message calls one of its kind.

    Raises:
        NoSuchConfigError: There is no such file.
    """
    found = located(kind, name_or_path)
    if found:
        return found
    known = ", ".join(names(kind)) or "none"
    raise NoSuchConfigError(f"{name_or_path}: expected a TOML file or the name of a {called}; there is no such file. Known names: {known}")
