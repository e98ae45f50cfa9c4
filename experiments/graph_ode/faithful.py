"""What the record of the released code costs, told before anybody starts it.

Operations are those that XLA counts in one lowered step, times the steps; nothing is compiled for it. Memory is what
the backward pass of the diffusion model keeps, with its weights, their gradients, Adam's two moments and their average,
beside the training frames: more than a compiler needs that computes again what is cheap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx

from dynamics.graph_ode import denoiser_training, unet
from experiments.graph_ode.protocol import PROTOCOLS, Protocol
from experiments.graph_ode.sizes import UNPUBLISHED
from experiments.space import Space

THROUGHPUT = 1.4e14
"""Operations a second of the training step on an H100, products in TF32: 0.127 s and 33 GiB at the peak, measured by
benchmarks/graph_ode/test_faithful.py's steps."""
COPIES = 5
"""Of the weights: themselves, gradients, two moments, average."""
SAMPLER_STEPS = 50


def denoising_step(protocol: Protocol) -> tuple[Callable, Mapping]:
    """The loss of the protocol's diffusion model as a function of its weights, and the shapes of these."""
    shape, schedule = protocol.sizes.network, protocol.sizes.denoiser
    structure, weights = nnx.split(nnx.eval_shape(lambda: unet.UNet(shape, jr.key(0))))
    loss = denoiser_training.drawn_loss(schedule)

    def lost(weights, frames, key):
        return loss(nnx.merge(structure, weights), key, frames)

    return lost, weights


def operations(function: Callable, *shapes) -> float:
    """Floating-point operations of one call, as lowered."""
    # Only the CPU's compiler counts them, whatever the machine.
    with jax.default_device(jax.local_devices(backend="cpu")[0]):
        return float(jax.jit(function).lower(*shapes).cost_analysis()["flops"])


def size_in_bytes(tree) -> int:
    """Bytes of all arrays, or of what has their shapes."""
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree) if hasattr(leaf, "shape"))


def estimate(protocol: Protocol, fields: int) -> dict[str, float]:
    """Cost of the diffusion model's training and of decoding so many fields with it.

    training, decoding: operations.  weights: how many.  steps: of training.  memory: bytes.
    """
    lost, weights = denoising_step(protocol)
    schedule, side = protocol.sizes.denoiser, protocol.points
    frames = jax.ShapeDtypeStruct((schedule.batch, 1, side, side), jnp.float32)
    key = jax.eval_shape(lambda: jr.key(0))
    kept = jax.eval_shape(lambda w, f, k: jax.vjp(partial(lost, frames=f, key=k), w)[1], weights, frames, key)
    forward = operations(lost, weights, frames, key) / schedule.batch
    stored = protocol.train * protocol.frames * side**2 * 4
    return {
        "training": operations(jax.grad(lost), weights, frames, key) * schedule.steps,
        "decoding": forward * SAMPLER_STEPS * fields,
        "weights": sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(weights)),
        "steps": schedule.steps,
        "memory": COPIES * size_in_bytes(weights) + size_in_bytes(kept) + stored,
    }


def told(cost: dict[str, float], seeds: int = 1) -> str:
    """An estimate in a sentence."""
    total = seeds * (cost["training"] + cost["decoding"])
    return (
        f"this is the record of the released code, some {total:.1e} operations: {cost['steps']:,} steps of a diffusion "
        f"model of {cost['weights'] / 1e6:.1f} million weights ({cost['training']:.1e}) and its forecasts "
        f"({cost['decoding']:.1e}), all else below a hundredth; about {total / THROUGHPUT / 3600:.0f} hours of an "
        f"accelerator that sustains {THROUGHPUT / 1e12:.0f} TFLOP/s, as an H100 did, and at most "
        f"{cost['memory'] / 2**30:.0f} GiB of memory. Interrupted, it goes on from its last checkpoint. "
        f"Not published to us, and so ours: {UNPUBLISHED}"
    )


def priced(fields: Callable[[Protocol], int]) -> Callable[[Space], str]:
    """The price of an experiment that decodes so many fields by diffusion for each seed; "" but for `faithful`."""

    def price(space: Space) -> str:
        columns = space.columns()
        if "faithful" not in columns["protocol"]:
            return ""
        seeds = len(set(columns["seed"].tolist()))
        return told(estimate(PROTOCOLS["faithful"], fields(PROTOCOLS["faithful"])), seeds)

    return price
