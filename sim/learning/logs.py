"""Figures of a training where TensorBoard finds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter


def log_epochs(folder: Path, epochs: Sequence[dict[str, float]]) -> None:
    """Write the figures of every epoch of a fit, the first one as step 1."""
    writer = SummaryWriter(str(folder))
    for epoch, figures in enumerate(epochs, start=1):
        for name, figure in figures.items():
            writer.add_scalar(f"fit/{name}", figure, epoch)
    writer.close()
