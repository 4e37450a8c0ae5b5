"""Trained policies as folders ``configs/policies/NAME`` of two files: ``weights.npz`` and ``card.json``.

Loading believes nothing: the hash of the weights, every shape, every number, the table of features and the widths must be those of the
card, and an array that would need unpickling is refused. Nothing here imports a learning package.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from autopilot.config_files import display
from autopilot.errors import ConfigError
from autopilot.policy_card import PolicyCard, features_sha256
from control.features import FEATURES, Singles
from control.policy import Trained
from control.policy_network import Network
from control.residual import ACTIONS, Stride
from control.trust import TrustRegion
from sim.config_lookup import config_roots

CARD, WEIGHTS = "card.json", "weights.npz"
_NORMALISATION = ("mean", "scale")
_TRUST = ("trust_low", "trust_high")
_SHOWN = 100
"""Characters of a value that a message shows."""


class PolicyError(ConfigError):
    """A policy cannot be used: name another one, or train or install it anew. A daemon that is running hands over to the laws."""


def save_policy(folder: Path, trained: Trained, card: PolicyCard) -> PolicyCard:
    """Write weights and card into ``folder``, which is made if need be; files of an earlier policy are replaced.

    Returns:
        The card as written, with the hash of the weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = trained.network.arrays() | {"trust_low": trained.trust.low, "trust_high": trained.trust.high}
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    _replace(folder / WEIGHTS, packed.getvalue())
    written = card.model_copy(update={"weights_sha256": hashlib.sha256(packed.getvalue()).hexdigest()})
    save_card(folder, written)
    return written


def save_card(folder: Path, card: PolicyCard) -> None:
    """Write the card alone, as after a decision about the policy."""
    _replace(folder / CARD, (card.model_dump_json(indent=2) + "\n").encode())


def install(folder: Path, to: Path, card: PolicyCard) -> None:
    """Put the weights of ``folder`` with this card into the folder ``to``, under its name; files of an earlier policy are replaced.

    Raises:
        PolicyError: The weights cannot be read.
    """
    weights = _bytes(folder / WEIGHTS)
    to.mkdir(parents=True, exist_ok=True)
    _replace(to / WEIGHTS, weights)
    save_card(to, card.model_copy(update={"name": to.name}))


def load_policy(folder: Path) -> tuple[Trained, PolicyCard]:
    """The policy of a folder.

    Raises:
        PolicyError: A file is missing or not what the card says; the message names the file, the field, what was expected and what it was.
    """
    card = load_card(folder)
    path = folder / WEIGHTS
    data = _bytes(path)
    sha256 = hashlib.sha256(data).hexdigest()
    _require(path, "sha256", expected=card.weights_sha256, was=sha256)
    _require(folder / CARD, "features", expected=tuple(feature.name for feature in FEATURES), was=card.features)
    _require(folder / CARD, "features_sha256", expected=features_sha256(), was=card.features_sha256)
    _require(folder / CARD, "actions", expected=ACTIONS, was=card.actions)
    arrays = _arrays(path, data)
    try:
        network = Network(layers=_layers(arrays), mean=arrays["mean"], scale=arrays["scale"])
        trust = TrustRegion(low=arrays["trust_low"], high=arrays["trust_high"], **card.trust.model_dump())
        trained = Trained(network=network, trust=trust, stride=Stride(**card.stride.model_dump()), sha256=sha256)
    except ValueError as error:
        raise PolicyError(f"{display(path)}: {error}") from None
    _require(path, "architecture", expected=card.architecture, was=network.architecture)
    return trained, card


def load_card(folder: Path) -> PolicyCard:
    """The card of a folder. Raises: PolicyError."""
    path = folder / CARD
    try:
        return PolicyCard.model_validate_json(_bytes(path))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "card"
        raise PolicyError(f"{display(path)}: {field}: {first['msg']}, was {_short(first['input'])}") from None


def policy_names() -> tuple[str, ...]:
    """Names of the policies in every folder of configurations, sorted."""
    return tuple(sorted({path.parent.name for root in config_roots() for path in (root / "policies").glob(f"*/{CARD}")}))


def find_policy(name_or_path: str) -> Path:
    """The folder that a user means by a name in ``configs/policies`` or by a path.

    Raises:
        PolicyError: There is no such folder; the message lists the names there are.
    """
    path = Path(name_or_path)
    if (path / CARD).is_file():
        return path
    if len(path.parts) == 1:
        for root in config_roots():
            if (root / "policies" / name_or_path / CARD).is_file():
                return root / "policies" / name_or_path
    known = ", ".join(policy_names()) or "none"
    raise PolicyError(f"{name_or_path}: expected a folder with a {CARD} or the name of a policy; there is none. Known names: {known}")


def policy_of_hash(sha256: str) -> Path | None:
    """The folder of the policy whose weights have this hash, or None; a card that cannot be read is passed over."""
    for root in config_roots():
        for path in sorted((root / "policies").glob(f"*/{CARD}")):
            try:
                card = load_card(path.parent)
            except PolicyError:
                continue
            if card.weights_sha256 == sha256:
                return path.parent
    return None


def _layers(arrays: dict[str, Singles]) -> tuple[tuple[Singles, Singles], ...]:
    """Weights and biases in order; a name that belongs nowhere is refused. Raises: ValueError."""
    count = sum(name.startswith("w") for name in arrays)
    expected = [name for place in range(count) for name in (f"w{place}", f"b{place}")]
    for name in (*expected, *_NORMALISATION, *_TRUST):
        if name not in arrays:
            message = f"{name}: expected an array, was missing"
            raise ValueError(message)
    strangers = sorted(arrays.keys() - {*expected, *_NORMALISATION, *_TRUST})
    if strangers:
        message = f"{strangers[0]}: expected no such array"
        raise ValueError(message)
    for name in _NORMALISATION:
        if arrays[name].shape != (len(FEATURES),):
            message = f"{name}: expected the shape ({len(FEATURES)},), was {arrays[name].shape}"
            raise ValueError(message)
    return tuple((arrays[f"w{place}"], arrays[f"b{place}"]) for place in range(count))


def _arrays(path: Path, data: bytes) -> dict[str, Singles]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as packed:
            return {name: packed[name] for name in packed.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise PolicyError(f"{display(path)}: expected arrays of numbers in an .npz file, without pickled objects: {error}") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{display(path)}: expected a file of the policy, cannot be read: {error.strerror}") from None


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


def _require(path: Path, field: str, *, expected: object, was: object) -> None:
    if expected != was:
        raise PolicyError(f"{display(path)}: {field}: expected {_short(expected)}, was {_short(was)}")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
