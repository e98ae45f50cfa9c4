"""The learned codebook: a pixelwise VQ autoencoder whose codewords are moving averages (arXiv 2505.17459, section 2).

Encoder and decoder see the last T values of one pixel and nothing else. Training has two stages: an autoencoder without
quantiser; then k-means on its latents and training through the quantiser, straight through in the gradient, with
commitment. Codes that are never used are not replaced; too few live codes are refused by name (`require_live`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from flax import nnx
from jax.sharding import Mesh
from jaxtyping import Array, ArrayLike, Float, Int, PRNGKeyArray

from dynamics import _check
from dynamics.blockwise import summed
from dynamics.graph_ode.codebook import cluster_sums, code_shares, k_means, members, nearest, quantile_start
from dynamics.training import Moving, advance, start, train_with_checkpoints

EPSILON = 1e-6  # of flax's layer norms, whose scale and bias these are
DECAY, SMOOTHING, COMMITMENT, START_ITERATIONS = 0.6, 1e-5, 1.0, 10

Histories = Float[Array, "points time"]


class _Perceptron(nnx.Module):
    """Linear, layer norm and GELU, three times, then linear; with a last norm or without."""

    def __init__(self, widths: tuple[int, ...], last_norm: bool, rngs: nnx.Rngs, dtype):
        self.linears = nnx.List([nnx.Linear(a, b, param_dtype=dtype, rngs=rngs) for a, b in pairwise(widths)])
        normed = widths[1:] if last_norm else widths[1:-1]
        self.norms = nnx.List([nnx.LayerNorm(width, param_dtype=dtype, rngs=rngs) for width in normed])

    def __call__(self, x: Float[Array, "... inputs"]) -> Float[Array, "... outputs"]:
        return _through(self.layers(), x.reshape(-1, x.shape[-1]).T).T.reshape(*x.shape[:-1], -1)

    def layers(self) -> list[_Layer]:
        """What points go through. The mean over features that a norm takes away is out of the kernel before it."""
        layers = []
        for i, linear in enumerate(self.linears):
            matrix, offset, norm = linear.kernel[...].T, linear.bias[...], None
            if i < len(self.norms):
                matrix, offset = matrix - jnp.mean(matrix, axis=0), offset - jnp.mean(offset)
                norm = (self.norms[i].scale[...][:, None], self.norms[i].bias[...][:, None])
            layers.append(_Layer(matrix, offset[:, None], norm))
        return layers


class _Layer(NamedTuple):
    matrix: Float[Array, "outputs inputs"]
    offset: Float[Array, "outputs 1"]
    norm: tuple[Float[Array, "outputs 1"], Float[Array, "outputs 1"]] | None


def _through(layers: list[_Layer], x: Float[Array, "inputs points"]) -> Float[Array, "outputs points"]:
    """Points are columns: norms then add whole rows, which a CPU does for many points at a time."""
    # What is added to every column is a product with ones, so that its gradient is one too: faster than a sum of rows.
    ones = jnp.ones((1, x.shape[1]), x.dtype)
    for i, (matrix, offset, norm) in enumerate(layers):
        x = matrix @ x + offset @ ones
        if norm is not None:
            scale, shift = norm
            x = x * jax.lax.rsqrt(jnp.mean(x**2, axis=0) + EPSILON) * scale + shift @ ones
        if i < len(layers) - 1:
            # The exact GELU by erf: jax.nn's, by erfc, takes three times as long.
            x = x * (1 + jax.lax.erf(x * np.sqrt(0.5).astype(x.dtype))) / 2
    return x


class VectorQuantiser(nnx.Module):
    """Encoder E, decoder D, and codewords as moving averages of the latents they attract.

    history: T.  codes: K.  hidden: h.  latent: e.
    """

    def __init__(
        self,
        key: PRNGKeyArray,
        *,
        codes: int = 30,
        history: int = 10,
        hidden: int = 32,
        latent: int = 32,
        dtype=jnp.float32,
    ):
        for name, value in (("codes", codes), ("history", history), ("hidden", hidden), ("latent", latent)):
            _check.whole(name, value, 1)
        rngs = nnx.Rngs(key)
        inner = (hidden,) * 3
        self.encoder = _Perceptron((history, *inner, latent), True, rngs, dtype)
        self.decoder = _Perceptron((latent, *inner, history), False, rngs, dtype)
        self.sizes = Moving(jnp.ones(codes, dtype))
        self.sums = Moving(jr.normal(rngs.params(), (codes, latent), dtype))

    @property
    def codes(self) -> int:
        """K, live or not."""
        return self.sizes[...].shape[0]

    def latents(self, histories: Float[Array, "... time"]) -> Float[Array, "... latent"]:
        """E(w), which ends in a layer norm."""
        return self.encoder(histories)

    def codewords(self) -> Float[Array, "codes latent"]:
        """c_k = s_k / n_k, the n_k smoothed so that no code divides by zero."""
        sizes = self.sizes[...]
        total = jnp.sum(sizes)
        smooth = total * (sizes + SMOOTHING) / (total + self.codes * SMOOTHING)
        return self.sums[...] / smooth[:, None]

    def prototypes(self) -> Float[Array, "codes time"]:
        """The history that each codeword decodes to."""
        return self.decoder(self.codewords())

    def attract(self, sizes: Float[Array, " codes"], sums: Float[Array, "codes latent"]) -> None:
        """Move the averages towards a batch: how many latents each code was given, and their sums."""
        self.sizes[...] = DECAY * self.sizes[...] + (1 - DECAY) * sizes
        self.sums[...] = DECAY * self.sums[...] + (1 - DECAY) * sums

    def place(self, latents: Float[Array, "points latent"], first: Float[Array, "codes latent"]) -> None:
        """k-means on these latents from the codewords `first`; averages as if every later batch were like this one."""
        latents, first = (array.astype(self.sums[...].dtype) for array in (latents, first))
        centres, _ = k_means(latents, first, START_ITERATIONS)
        sizes, _ = cluster_sums(nearest(latents, centres), latents, self.codes)
        self.sizes[...] = sizes
        self.sums[...] = centres * sizes[:, None]


def autoencoding_loss(model: VectorQuantiser, histories: Histories, mesh: Mesh | None = None) -> Float[Array, ""]:
    """Mean squared error of D(E(w)), no quantiser between. mesh: whose devices share the histories."""

    def part(networks, _, columns):
        encoder, decoder = networks
        return _squares(_through(decoder, _through(encoder, columns)) - columns), ()

    networks = model.encoder.layers(), model.decoder.layers()
    return summed(part, networks, (), histories.T, mesh)[0] / histories.shape[0]


def quantised_loss(model: VectorQuantiser, histories: Histories, mesh: Mesh | None = None) -> Float[Array, ""]:
    """Mean squared error of D(c_k), its gradient passed straight to E(w), plus commitment; the codewords move on.

    mesh: whose devices share the histories.
    """

    def part(networks, centres, columns):
        encoder, decoder = networks
        latents = _through(encoder, columns)
        fixed = jax.lax.stop_gradient(latents).astype(centres.dtype)
        codes = nearest(fixed.T, centres)
        chosen = centres.T @ members(codes, centres.shape[0], centres.dtype)
        error = _squares(_through(decoder, latents + (chosen - fixed)) - columns)
        return error + COMMITMENT * _squares(latents - chosen), cluster_sums(codes, fixed.T, centres.shape[0])

    centres = jax.lax.stop_gradient(model.codewords())
    networks = model.encoder.layers(), model.decoder.layers()
    total, attracted = summed(part, networks, centres, histories.T, mesh)
    model.attract(*attracted)
    return total / histories.shape[0]


def _squares(columns: Float[Array, "features points"]) -> Float[Array, ""]:
    return jnp.sum(columns**2) / columns.shape[0]


def optimiser(rate: float, steps: int) -> optax.GradientTransformation:
    """Adam, clipped to norm 1, its rate falling to a tenth along a cosine. (The published one is not known to us.)"""
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(rate, steps, alpha=0.1)))


class Schedule(NamedTuple):
    """Steps of both stages, histories in a batch, and the rate of Adam."""

    pretraining: int = 500
    quantising: int = 500
    batch: int = 2048
    rate: float = 1e-3


def _drawn(loss: Callable, batch: int, mesh: Mesh | None) -> Callable:
    """The loss on a batch of the training histories that the key draws."""
    if mesh is not None:
        _check.divides("batch", batch, mesh.size)

    def on_batch(model, key, histories):
        return loss(model, histories[jr.randint(key, (batch,), 0, histories.shape[0])], mesh)

    return on_batch


def _with_codewords(model: VectorQuantiser, histories: Histories, batch: int) -> VectorQuantiser:
    # The first histories are as good as any: they were drawn at random.
    shown = histories[: max(batch, 4 * model.codes)]
    model.place(model.latents(shown), model.latents(quantile_start(shown, model.codes)))
    return model


def fit_quantiser(
    key: PRNGKeyArray,
    model: VectorQuantiser,
    histories: Histories,
    schedule: Schedule,
    pretrained: Int[ArrayLike, ""] | None = None,
    mesh: Mesh | None = None,
) -> tuple[VectorQuantiser, Float[Array, " steps"]]:
    """The trained quantiser and the losses of both stages, one after the other.

    Pure: jit it, or vmap it over keys (with the module split by `nnx.split` on the way out) for several seeds.
    `histories` are drawn at random beforehand; a code in use by none of them is never revived.
    pretrained: break the first stage off after so many steps, a number that may be traced; its later losses are 0.
    mesh: whose devices share every batch; the losses agree with those of one device to rounding.
    """
    first, second = jr.split(key)
    until = schedule.pretraining if pretrained is None else pretrained
    losses = []
    for loss, stage_key, steps, end in (
        (autoencoding_loss, first, schedule.pretraining, until),
        (quantised_loss, second, schedule.quantising, schedule.quantising),
    ):
        if loss is quantised_loss:
            model = _with_codewords(model, histories, schedule.batch)
        rule = optimiser(schedule.rate, steps)
        training, course = start(model, _drawn(loss, schedule.batch, mesh), rule, stage_key, steps, data=(histories,))
        course = advance(training, course, end)
        model = training.model(course)
        losses.append(course.losses)
    return model, jnp.concatenate(losses)


def fit_quantiser_in(
    folder: Path,
    key: PRNGKeyArray,
    model: VectorQuantiser,
    histories: Histories,
    schedule: Schedule,
    *,
    every: int = 100,
    settings: dict[str, Any],
    watch: Callable[[int, float], None] = lambda done, loss: None,
    mesh: Mesh | None = None,
) -> tuple[VectorQuantiser, Float[Array, " steps"]]:
    """`fit_quantiser` with checkpoints in `folder`: killed at any instant and called again, it ends in the same
    weights. `settings` say which training this is; a folder that holds another is refused by ValueError."""
    first, second = jr.split(key)
    batch, data, losses = schedule.batch, (histories,), []
    for name, loss, stage_key, steps in (
        ("pretraining", autoencoding_loss, first, schedule.pretraining),
        ("quantising", quantised_loss, second, schedule.quantising),
    ):
        if loss is quantised_loss:
            model = _with_codewords(model, histories, batch)
        training, course = start(
            model, _drawn(loss, batch, mesh), optimiser(schedule.rate, steps), stage_key, steps, data=data
        )
        course = train_with_checkpoints(
            training, course, folder / name, every=every, settings=settings, watch=watch, mesh=mesh
        )
        model = training.model(course)
        losses.append(course.losses)
    return model, jnp.concatenate(losses)


def live_codes(model: VectorQuantiser, histories: Histories) -> Int[Array, ""]:
    """How many codes some of these histories get."""
    return jnp.sum(code_shares(nearest(model.latents(histories), model.codewords()), model.codes) > 0)


def require_live(live: Int[ArrayLike, ""], codes: int) -> int:
    """The collapse guard: ValueError if fewer than half of the codes are live on the training histories."""
    if 2 * int(live) < codes:
        raise ValueError(
            f"The codebook collapsed: {int(live)} of {codes} codes are live on the training data, fewer than half; "
            "pretrain longer, or use k-means on the histories."
        )
    return int(live)
