"""A policy's folder: what was saved comes back bit for bit, and whatever is missing, swapped or spoilt is refused by its name."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot.errors import ConfigError
from autopilot.policies import CARD, WEIGHTS, PolicyError, find_policy, load_policy, policy_names, policy_of_hash, save_policy
from autopilot.policy_card import gains_sha256
from control.features import FEATURES
from control.laws import LawsTuning
from control.policy import Trained
from control.residual import Stride
from tests.unit.autopilot.made_policies import card_of
from tests.unit.control.networks import trained_of
from tests.unit.control.sights import assert_same_bits


@pytest.fixture
def trained() -> Trained:
    return trained_of(3, 8, 4, stride=Stride(log_bid=0.3, log_price=0.02))


@pytest.fixture
def folder(tmp_path: Path, trained: Trained) -> Path:
    save_policy(tmp_path / "small", trained, card_of(trained))
    return tmp_path / "small"


def test_what_was_saved_comes_back_bit_for_bit(folder: Path, trained: Trained) -> None:
    loaded, card = load_policy(folder)

    assert_same_bits(loaded.network.arrays(), trained.network.arrays())
    assert_same_bits(loaded.trust, trained.trust)
    assert loaded.stride == trained.stride
    assert loaded.sha256 == card.weights_sha256 == hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def test_the_card_says_what_the_policy_sees_and_how_it_was_made(folder: Path, trained: Trained) -> None:
    _, card = load_policy(folder)

    assert card == card_of(trained).model_copy(update={"weights_sha256": card.weights_sha256})
    assert card.features == tuple(feature.name for feature in FEATURES)
    assert card.architecture == (len(FEATURES), 8, 4, 2)
    assert card.base.gains_sha256 == gains_sha256(LawsTuning())
    assert card.base.gains_sha256 != gains_sha256(LawsTuning(bid_deadband_ratio=0.5))


def test_the_same_policy_is_the_same_file_on_every_machine(folder: Path, tmp_path: Path, trained: Trained) -> None:
    save_policy(tmp_path / "again", trained, card_of(trained))

    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (folder / WEIGHTS).read_bytes()


def repacked(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Other weights under a card that vouches for them."""
    with np.load(folder / WEIGHTS) as packed:
        arrays = {name: packed[name] for name in packed.files}
    change(arrays)
    file = io.BytesIO()
    np.savez(file, **arrays)
    (folder / WEIGHTS).write_bytes(file.getvalue())
    amended(folder, {"weights_sha256": hashlib.sha256(file.getvalue()).hexdigest()})


def amended(folder: Path, values: dict[str, Any]) -> None:
    """Another card."""
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps(card | values), encoding="utf-8")


def _nan(arrays: dict[str, Any]) -> None:
    arrays["w0"][1, 1] = np.nan


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda f: (f / WEIGHTS).unlink(), rf"{WEIGHTS}: expected a file of the policy, cannot be read"),
    "no card": (lambda f: (f / CARD).unlink(), rf"{CARD}: expected a file of the policy, cannot be read"),
    "not json": (lambda f: (f / CARD).write_text("{"), rf"{CARD}: card: Invalid JSON"),
    "unknown key": (lambda f: amended(f, {"colour": "red"}), rf"{CARD}: colour: Extra inputs are not permitted, was red"),
    "other format": (lambda f: amended(f, {"format": 2}), rf"{CARD}: format: Input should be 1, was 2"),
    "swapped": (lambda f: (f / WEIGHTS).write_bytes(b"PK"), rf"{WEIGHTS}: sha256: expected [0-9a-f]{{64}}, was [0-9a-f]{{64}}"),
    "other features": (lambda f: amended(f, {"features": ["bid"]}), rf"{CARD}: features: expected .*, was \('bid',\)"),
    "other bounds": (lambda f: amended(f, {"features_sha256": "0" * 64}), rf"{CARD}: features_sha256: expected .*, was 0{{64}}"),
    "other actions": (lambda f: amended(f, {"actions": ["log_bid"]}), rf"{CARD}: actions: expected .*, was \('log_bid',\)"),
    "other widths": (lambda f: amended(f, {"architecture": [1, 2]}), rf"{WEIGHTS}: architecture: expected \(1, 2\), was \(\d+, 8, 4, 2\)"),
    "not finite": (lambda f: repacked(f, _nan), rf"{WEIGHTS}: w0: expected finite numbers, was not finite"),
    "layer lost": (lambda f: repacked(f, lambda a: a.pop("b1")), rf"{WEIGHTS}: b1: expected an array, was missing"),
    "array added": (lambda f: repacked(f, lambda a: a.update(extra=a["b0"])), rf"{WEIGHTS}: extra: expected no such array"),
    "layer cut": (lambda f: repacked(f, lambda a: a.update(w1=a["w1"][:5])), rf"{WEIGHTS}: w1: expected a matrix of 8 rows, was \(5, 4\)"),
    "mean cut": (lambda f: repacked(f, lambda a: a.update(mean=a["mean"][:5])), rf"{WEIGHTS}: mean: expected the shape .*, was \(5,\)"),
    "region turned": (lambda f: repacked(f, lambda a: a.update(trust_low=a["trust_high"] + 1)), rf"{WEIGHTS}: trust_low: expected at most"),
    "region cut": (lambda f: repacked(f, lambda a: a.update(trust_low=a["trust_low"][:3])), rf"{WEIGHTS}: trust_high: expected 3 finite"),
    "pickled": (
        lambda f: repacked(f, lambda a: a.update(w0=np.array([object()], dtype=object))),
        rf"{WEIGHTS}: expected arrays of numbers in an .npz file, without pickled objects",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_not_what_the_card_says_is_refused_by_its_name(folder: Path, how: str) -> None:
    spoil, said = SPOILT[how]
    spoil(folder)

    with pytest.raises(PolicyError, match=said):
        load_policy(folder)


def test_what_is_no_archive_at_all_is_refused(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"no archive")
    amended(folder, {"weights_sha256": hashlib.sha256(b"no archive").hexdigest()})

    with pytest.raises(PolicyError, match="without pickled objects"):
        load_policy(folder)


@pytest.fixture
def installed(tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy in the user's own folder of configurations."""
    folder = tmp_path / "configs" / "policies" / "mine"
    save_policy(folder, trained, card_of(trained, name="mine"))
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_policy_is_found_by_name_by_path_and_by_the_hash_of_its_weights(installed: Path) -> None:
    _, card = load_policy(installed)

    assert find_policy("mine").resolve() == find_policy(str(installed)).resolve() == installed.resolve()
    assert "mine" in policy_names()
    found = policy_of_hash(card.weights_sha256)
    assert found is not None
    assert found.resolve() == installed.resolve()
    assert policy_of_hash("1" * 64) is None


def test_a_name_that_leads_nowhere_is_answered_with_those_that_do(installed: Path) -> None:
    assert installed.is_dir()
    with pytest.raises(ConfigError, match=r"magic: expected a folder .* or the name of a policy; there is none\. Known names: .*mine"):
        find_policy("magic")


def test_a_card_that_cannot_be_read_hides_no_other_policy(installed: Path, trained: Trained) -> None:
    broken = installed.parent / "broken"
    save_policy(broken, trained, card_of(trained))
    (broken / CARD).write_text("{")

    assert policy_of_hash(load_policy(installed)[0].sha256) is not None
