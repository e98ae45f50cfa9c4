"""One Mamba language model of a chosen sign, trained for as long as wanted, kept as a checkpoint that others can read.

What a sweep trains is gone when its numbers are stored. This leaves `model.safetensors` in the naming of Hugging Face's
`MambaForCausalLM`, `losses.nc`, and Orbax checkpoints from which a stopped training goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jax.random as jr
import numpy as np
import safetensors.numpy
import xarray as xr

from dynamics.tokens import networks
from experiments import store
from experiments.errors import UserError
from experiments.keys import root_key

STATES, RATE = 4, 5e-3


def checkpoint_arrays(model: networks.LanguageModel) -> dict[str, np.ndarray]:
    """A "mamba" model's weights under the names and in the layouts of `MambaForCausalLM`, B and C as their sign makes
    them."""
    named = {"backbone.embeddings.weight": model.table, "backbone.norm_f.weight": model.norm.gain}
    for i, block in enumerate(model.blocks):
        select, at = block.selection, f"backbone.layers.{i}."
        mixer = {
            "in_proj.weight": block.enter,
            "conv1d.weight": block.taps[...].T[:, None],
            "conv1d.bias": block.tap_bias,
            "x_proj.weight": np.concatenate([select.project[: select.rank], *select.maps()]),
            "dt_proj.weight": select.step,
            "dt_proj.bias": select.bias,
            "A_log": block.log_decay,
            "D": block.skip,
            "out_proj.weight": block.leave,
        }
        named |= {f"{at}norm.weight": block.norm.gain} | {f"{at}mixer.{name}": part for name, part in mixer.items()}
    return {name: np.ascontiguousarray(np.asarray(part[...])) for name, part in named.items()}


def train_long(
    folder: Path,
    variant: str,
    steps: int,
    *,
    every: int = 100,
    seed: int = 0,
    width: int = 32,
    depth: int = 2,
    watch: Callable[[int, float], None] = lambda done, loss: None,
) -> Path:
    """Train, or go on training, in `folder`; the path of the weights. Called again it adds nothing to a finished run.

    Raises UserError, naming what differs, if the folder holds another training.
    """
    settings = {"variant": variant, "steps": steps, "seed": seed, "width": width, "depth": depth}
    weight_key, batch_key = jr.split(root_key(seed))
    try:
        sign = networks.sign_variant(variant, STATES)
        model = networks.LanguageModel("mamba", sign, weight_key, states=STATES, width=width, depth=depth)
        training, course = networks.start(model, networks.text_loss(), networks.adam(steps, RATE), batch_key, steps)
        course = networks.train_with_checkpoints(
            training, course, folder / "checkpoints", every=every, settings=settings, watch=watch
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    arrays = checkpoint_arrays(training.model(course))
    losses = xr.Dataset({"loss": ("step", np.asarray(course.losses), {"units": "nat"})}, attrs=settings)
    store.write_whole(folder / "losses.nc", store.netcdf_bytes(losses))
    store.write_whole(folder / "model.safetensors", safetensors.numpy.save(arrays))
    return folder / "model.safetensors"
