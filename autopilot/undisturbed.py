"""Python's search for cycles of garbage, kept out of the ticks: what one leaves behind is found when it is over.

A search through everything that a store of ten thousand products holds takes twice as long as its whole tick, and comes when it likes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """No search within; afterwards as it was before."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def keep_for_good() -> None:
    """Everything there is now stays until the process ends, and need not be searched again: call it once all is set up."""
    gc.freeze()
