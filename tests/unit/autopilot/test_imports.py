"""What the daemon does not load: learning and language-model packages, and those for reports. And whose the five packages are."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

import autopilot
from autopilot.versions import DISTRIBUTION

LEARNING = {"torch", "stable_baselines3", "litellm", "gymnasium", "onnxruntime", "transformers"}
REPORTS = {"matplotlib", "duckdb", "jinja2"}


def loaded_by(*modules: str) -> set[str]:
    """Top-level packages in ``sys.modules`` of a fresh process after importing these."""
    code = f"import {', '.join(modules)}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_daemon_loads_neither_learning_nor_report_packages() -> None:
    loaded = loaded_by("autopilot.daemon", "autopilot.service", "autopilot.cli.run")

    assert loaded & (LEARNING | REPORTS) == set()
    assert {"autopilot", "control", "planning", "perception", "sqlalchemy"} <= loaded


def test_kinds_of_platforms_are_cheap_to_list() -> None:
    loaded = loaded_by(
        "autopilot.platforms.google_ads.kind", "autopilot.platforms.files.kind", "autopilot.platforms.sql.kind", "autopilot.connection"
    )

    assert loaded & {"google", "grpc", "duckdb"} == set()


def test_the_gate_loads_nothing_but_the_standard_library_and_what_it_judges() -> None:
    loaded = loaded_by("control.envelope")

    assert loaded - set(sys.stdlib_module_names) - loaded_by("sys") <= {"control", "perception"}


@pytest.mark.parametrize("floor", ["autopilot", "sim", "control", "planning", "perception"])
def test_every_floor_belongs_to_us_alone(floor: str) -> None:
    spec = find_spec(floor)

    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(Path(autopilot.__file__).parents[1])
    # an editable installation lists no files of ours; a foreign package of this name would be listed all the same
    assert set(packages_distributions().get(floor, [])) <= {DISTRIBUTION}
    assert distribution(DISTRIBUTION).name == DISTRIBUTION
