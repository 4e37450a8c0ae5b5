"""The pytest plugin of the suite: which adapters to test, and one fresh one per test.

``--adapter=module:function`` (again and again for several), or the same as a list under ``adapters`` in the project's pytest settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from autopilot.conformance.adapter import AdapterUnderTest, Opens


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the setting."""
    words = "adapter to test, as module:function"
    parser.getgroup("autopilot").addoption("--adapter", action="append", default=[], metavar="MODULE:FUNCTION", help=words)
    parser.addini("adapters", f"each an {words}", type="args", default=[])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test that takes an ``adapter`` runs over every one that is named."""
    if "adapter" in metafunc.fixturenames and not _is_own(metafunc):
        named = metafunc.config.getoption("--adapter") or metafunc.config.getini("adapters")
        metafunc.parametrize("adapter", named, indirect=True, ids=[name.rpartition(":")[2] for name in named])


@pytest.fixture
def adapter(request: pytest.FixtureRequest) -> Iterator[AdapterUnderTest]:
    """One adapter, freshly opened."""
    module, colon, function = str(request.param).partition(":")
    if not (module and colon and function):
        raise pytest.UsageError(f"--adapter: expected module:function, was {request.param!r}")
    opens: Opens = getattr(import_module(module), function)
    with opens() as opened:
        yield opened


def _is_own(metafunc: pytest.Metafunc) -> bool:
    """Whether the test's own project has a fixture of that name, which then is none of ours."""
    return not metafunc.module.__name__.startswith("autopilot.conformance.")
