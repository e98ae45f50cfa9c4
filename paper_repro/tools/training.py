"""`separatrix train`: a small Mamba language model of a chosen sign, which `separatrix inspect` can read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

Folder = Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FOLDER")]
Variant = Literal["positive", "negative", "mixed", "mixed-matched", "unconstrained"]


def train(
    folder: Folder,
    variant: Variant = "positive",
    steps: int = 2000,
    every: int = 100,
    seed: int = 0,
    width: int = 32,
    depth: int = 2,
) -> int:
    """Train a small Mamba on the interpreter's help topics; stop it at any instant and type the same again to go on.

    Args:
        folder: Where checkpoints, the loss curve (losses.nc) and the weights (model.safetensors) are kept.
        variant: The sign that M is held to, as the paper's published code holds it.
        steps: Training steps in all.
        every: Steps between two checkpoints, which are all that a kill can cost.
        seed: Seed of weights and batches.
        width: Width of the residual stream.
        depth: Blocks.
    """
    from experiments.tokens.long_training import train_long

    console = Console()

    def watch(done: int, loss: float) -> None:
        console.print(f"step {done} of {steps}: {loss:.4f} nat per character")

    weights = train_long(folder, variant, steps, every=every, seed=seed, width=width, depth=depth, watch=watch)
    console.print(f"{weights}\nWhat theory says of its layers: separatrix inspect {weights}")
    return 0


COMMANDS = {"train": train}
