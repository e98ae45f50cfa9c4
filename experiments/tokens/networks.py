"""Trainings on the interpreter's help topics: does the sign of M matter, in either block, beyond the draw of W_out?

One cell trains all variants from the same draws (weights, batches), one after another in one compiled loop, so that
their differences are paired and a mirrored pair is equal to the bit.
"""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.tokens import networks
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing, replicates

STATES, STAGES = 4, 20
RATE = 5e-3
MAMBA_VARIANTS = ("positive", "negative", "mixed", "mixed-matched", "unconstrained", "positive-redrawn")
SELECTIVE_VARIANTS = ("positive", "negative", "mixed-matched", "unconstrained")
MIRROR_VARIANTS = ("positive", "mirror", "negative")
PACKAGES = ("flax", "optax", "python")


def _stages(losses):
    """Mean training loss of each twentieth of a training."""
    edges = np.linspace(0, losses.shape[0], STAGES + 1).astype(int)
    return jnp.stack([jnp.mean(losses[a:b]) for a, b in pairwise(edges)])


def _train(key, kind, sign, steps, dtype=jnp.float32):
    weight_key, batch_key = jr.split(key)
    model = networks.LanguageModel(kind, sign, weight_key, states=STATES, dtype=dtype)
    return networks.trained(model, networks.text_loss(), networks.adam(steps, RATE), batch_key, steps)


def mamba_language(key, *, steps, windows):
    """Validation loss and training curve of every variant of the official-like block."""
    texts = networks.validation_texts(windows)

    def one(sign):
        model, losses = _train(key, "mamba", sign, steps)
        return {"surprise": networks.mean_surprise(model, texts), "curve": _stages(losses)}

    return jax.lax.map(one, networks.sign_variants(MAMBA_VARIANTS, STATES))


def selective_language(key, *, kind, steps, windows):
    """Validation loss and training curve of every variant of the identifiable block, and what its layers do."""
    texts = networks.validation_texts(windows)

    def one(sign):
        model, losses = _train(key, kind, sign, steps)
        found, share = networks.layer_by_layer(model, texts[:-1])
        return {
            "surprise": networks.mean_surprise(model, texts),
            "curve": _stages(losses),
            "leading": found.leading,
            "ratio": found.ratio,
            "share": share,
        }

    return jax.lax.map(one, networks.sign_variants(SELECTIVE_VARIANTS, STATES))


def mirrored_training(key, *, bits, steps):
    """Every step's training loss of the positive block, of its mirror image, and of the negative block."""
    dtype = {32: jnp.float32, 64: jnp.float64}[bits]

    def one(sign):
        return _train(key, "mamba", sign, steps, dtype)[1].astype(float)

    return {"losses": jax.lax.map(one, networks.sign_variants(MIRROR_VARIANTS, STATES))}


_SURPRISE = Quantity("\\ell", "mean surprise on the validation text", "nat", ("variant",))
_CURVE = Quantity("\\ell_t", "training loss over a stage", "nat", ("variant", "stage"))
_STEPS = Quantity("t", "training steps")
_WINDOWS = Quantity("w", "validation windows of 64 characters")
_SEED = Quantity("i", "seed, of weights and batches")
_STAGE = tuple(float(stage) for stage in (np.arange(STAGES) + 0.5) / STAGES)


def _layered(symbol: str, meaning: str) -> Quantity:
    return Quantity(symbol, meaning, dims=("variant", "layer"))


MAMBA_LANGUAGE = Experiment(
    name="tokens/mamba-language",
    title="Official-like Mamba blocks of every sign, trained on text",
    cell=mamba_language,
    parameters={"steps": _STEPS, "windows": _WINDOWS, "replicate": _SEED},
    outputs={"surprise": _SURPRISE, "curve": _CURVE},
    scales={
        "smoke": Space((replicates(2),), {"steps": 20, "windows": 4}),
        "quick": Space((replicates(12),), {"steps": 160, "windows": 128}),
        "paper": Space((replicates(24),), {"steps": 400, "windows": 256}),
    },
    static=("steps", "windows"),
    shard_cells=4,
    precision="float32",
    packages=PACKAGES,
    side_by_side=False,
    coordinates={"variant": MAMBA_VARIANTS, "stage": _STAGE},
)

SELECTIVE_LANGUAGE = Experiment(
    name="tokens/selective-language",
    title="Blocks whose sign is identifiable, trained on text",
    cell=selective_language,
    parameters={
        "kind": Quantity("k", "block: with the norm before S6 (selective) or without (selective-raw)"),
        "steps": _STEPS,
        "windows": _WINDOWS,
        "replicate": _SEED,
    },
    outputs={
        "surprise": _SURPRISE,
        "curve": _CURVE,
        "leading": _layered("\\lambda_1", "leading Gram share of the tokens after a layer"),
        "ratio": _layered("r", "participation ratio of the tokens after a layer"),
        "share": _layered("p_+", "share of tokens with x^T M x > 0"),
    },
    scales={
        "smoke": Space((listing("kind", ("selective",)), replicates(2)), {"steps": 20, "windows": 4}),
        "quick": Space(
            (listing("kind", ("selective", "selective-raw")), replicates(8)), {"steps": 160, "windows": 128}
        ),
        "paper": Space(
            (listing("kind", ("selective", "selective-raw")), replicates(32)), {"steps": 400, "windows": 256}
        ),
    },
    static=("kind", "steps", "windows"),
    shard_cells=4,
    precision="float32",
    packages=PACKAGES,
    side_by_side=False,
    coordinates={"variant": SELECTIVE_VARIANTS, "stage": _STAGE, "layer": (1.0, 2.0)},
)

MIRROR = Experiment(
    name="tokens/mirror",
    title="A Mamba block and its mirror image, trained side by side",
    cell=mirrored_training,
    parameters={"bits": Quantity("b", "width of a float", "bit"), "steps": _STEPS, "replicate": _SEED},
    outputs={"losses": Quantity("\\ell_t", "training loss of a step", "nat", ("variant", "step"))},
    scales={
        "smoke": Space((listing("bits", (32,)), replicates(2)), {"steps": 4}),
        "quick": Space((listing("bits", (32, 64)), replicates(2)), {"steps": 40}),
        "paper": Space((listing("bits", (32, 64)), replicates(8)), {"steps": 120}),
    },
    static=("bits", "steps"),
    packages=PACKAGES,
    side_by_side=False,
    coordinates={"variant": MIRROR_VARIANTS},
)

EXPERIMENTS = (MAMBA_LANGUAGE, SELECTIVE_LANGUAGE, MIRROR)
