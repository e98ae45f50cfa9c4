"""What the theory of token dynamics can say of a trained network, layer by layer, and what the network then does.

Two datasets: `weights_read` from the weights alone, `tokens_pushed` from a text pushed through our own layers. Both
hold one layer in memory at a time.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from dynamics import tokens as dynamics
from experiments.errors import UserError
from experiments.tokens.architecture import Architecture, layer_of
from experiments.tokens.checkpoint import Checkpoint
from theory import tokens as theory


def token_maps(block: dynamics.Mamba | dynamics.Mamba2) -> list[tuple[jax.Array, jax.Array]]:
    """S_B and S_C of each group, M = S_C^T S_B.

    Mamba: rows of x_proj, acting on the channels after convolution and SiLU. Mamba-2: rows of in_proj, acting on
    the direction of the residual stream (the weight of RMSNorm folded in, which by Sylvester's law of inertia
    changes no sign count), before convolution and SiLU.
    """
    if isinstance(block, dynamics.Mamba):
        rank, states = block.dt_proj.shape[1], block.a_log.shape[1]
        return [(block.x_proj[rank : rank + states], block.x_proj[rank + states :])]
    inner, convolved = block.out_proj.shape[1], block.conv.shape[0]
    rows = block.in_proj[2 * inner : inner + convolved] * block.norm
    b, c = (jnp.split(part, block.groups) for part in jnp.split(rows, 2))
    return list(zip(b, c, strict=True))


def _values_in(block) -> jax.Array:
    """The rows of in_proj that make the values x: z comes second in Mamba, first in Mamba-2."""
    inner = block.out_proj.shape[1]
    rows = slice(0, inner) if isinstance(block, dynamics.Mamba) else slice(inner, 2 * inner)
    return block.in_proj[rows] * block.norm


_half_life = jax.jit(theory.recency_half_life)  # traced, so that a decay that underflows to 0 is no error


def _resting_bias(block) -> jax.Array:
    """Argument of the softplus where the projection gives 0; the limits of Mamba-2's steps as limits of it."""
    if isinstance(block, dynamics.Mamba):
        return block.dt_bias
    limits = jnp.asarray(block.step_limit, block.dt_bias.dtype)
    return jnp.clip(block.dt_bias, *(limits + jnp.log(-jnp.expm1(-limits))))


@jax.jit
def _token_map(s_b, s_c, unit):
    values = theory.symmetric_spectrum(s_b, s_c)
    resolution = theory.spectrum_resolution(s_b, s_c, unit)
    share = theory.negative_share(jnp.where(jnp.abs(values) > resolution, values, 0.0))
    return values, resolution, share, theory.skew_share(s_b, s_c)


def _layer(block, unit: float) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    if isinstance(block, dynamics.Mamba2):
        # Two rounded numbers make each entry: that of in_proj and the norm's weight.
        unit = 2 * ((1 + unit / 2) ** 2 - 1)
    maps = [_token_map(s_b, s_c, unit) for s_b, s_c in token_maps(block)]
    spectra, resolutions, shares, skews = (np.asarray(part) for part in zip(*maps, strict=True))
    rates = jnp.exp(block.a_log.reshape(block.a_log.shape[0], -1))
    bias = _resting_bias(block)
    half_lives = _half_life(rates, bias[:, None])
    values_in, out = _values_in(block), block.out_proj.T
    if isinstance(block, dynamics.Mamba2):
        out = out * block.gate_norm[:, None]
    size = jnp.linalg.norm(values_in) * jnp.linalg.norm(out)
    return {
        "eigenvalue": (("group", "mode"), spectra),
        "resolution": (("group",), resolutions),
        "positive": (("group",), (spectra > resolutions[:, None]).sum(1)),
        "negative": (("group",), (spectra < -resolutions[:, None]).sum(1)),
        "negative_share": (("group",), shares),
        "skew_share": (("group",), skews),
        "bias": (("head",), np.asarray(bias)),
        "step": (("head",), np.asarray(theory.step_size(0.0, 0.0, bias))),
        "rate_least": (("head",), np.asarray(rates.min(1))),
        "rate_most": (("head",), np.asarray(rates.max(1))),
        "half_life_least": (("head",), np.asarray(half_lives.min(1))),
        "half_life_median": (("head",), np.median(half_lives, axis=1)),
        "half_life_most": (("head",), np.asarray(half_lives.max(1))),
        "skip": (("head",), np.asarray(block.skip)),
        "present_tap": ((), np.asarray(jnp.sum(block.conv[:, -1] ** 2) / jnp.maximum(jnp.sum(block.conv**2), 1e-300))),
        "value_alignment": ((), np.asarray(jnp.sum(values_in * out) / jnp.maximum(size, 1e-300))),
    }


ATTRIBUTES = {
    "eigenvalue": ("lambda", "nonzero eigenvalues of the symmetric part of M = S_C^T S_B"),
    "resolution": ("", "eigenvalues below it are rounding of the stored weights"),
    "positive": ("n_+", "positive eigenvalues above the resolution"),
    "negative": ("n_-", "negative eigenvalues below minus the resolution"),
    "negative_share": ("", "share of directions theta with theta^T M theta < 0"),
    "skew_share": ("", "share of |M|^2 that is skew"),
    "bias": ("b", "argument of the softplus at rest"),
    "step": ("Delta", "step size at rest, softplus of its bias"),
    "rate_least": ("a", "slowest decay -A of a head's states"),
    "rate_most": ("a", "fastest decay -A of a head's states"),
    "half_life_least": ("", "recency half-life ln 2/(a Delta) at rest of the head's fastest state, in tokens"),
    "half_life_median": ("", "recency half-life at rest, median over the head's states, in tokens"),
    "half_life_most": ("", "recency half-life ln 2/(a Delta) at rest of the head's slowest state, in tokens"),
    "skip": ("D", "weight of the skip around the scan"),
    "present_tap": ("", "share of the convolution's energy on the present token"),
    "value_alignment": ("", "cosine between W_out^T and the rows W_x of W_in: 1 where W_out W_x is W_x^T W_x"),
    "norm": ("|x_l|", "norm of each token in the residual stream"),
    "leading_share": ("lambda_1", "leading eigenvalue of the Gram matrix of the normalised tokens, over their number"),
    "effective_rank": ("erank", "exp of the entropy of the singular values of the normalised tokens"),
    "participation": ("r", "1/sum_k lambda_k^2 of the same Gram matrix"),
    "self_positive": ("", "share of the tokens with C(x_l) . B(x_l) > 0"),
    "step_used": ("Delta", "least, median and greatest step size over tokens and heads"),
}


def _named(data: xr.Dataset) -> xr.Dataset:
    for name, variable in data.data_vars.items():
        symbol, meaning = ATTRIBUTES[name]
        variable.attrs |= {"symbol": symbol, "long_name": meaning}
    return data


def _silent(text: str) -> None:
    del text


def weights_read(checkpoint: Checkpoint, architecture: Architecture, watch=_silent) -> xr.Dataset:
    """What the weights alone say: dims layer, group, head (a channel of Mamba) and mode.

    watch: told in words how far it is.
    """
    layers = []
    for number in range(architecture.layers):
        watch(f"weights of layer {number} of {architecture.layers}")
        variables = _layer(layer_of(checkpoint, architecture, number), architecture.unit)
        for name, (_, values) in variables.items():
            # A step that underflows forgets nothing, so a half-life may be infinite.
            if not np.isfinite(values).all() and not (name.startswith("half_life") and (values > 0).all()):
                raise UserError(f"Layer {number} of {checkpoint.path}: `{name}` overflows, the weights are too large.")
        layers.append(xr.Dataset(variables))
    data = xr.concat(layers, "layer").assign_coords(layer=np.arange(architecture.layers))
    return _named(data)


def spread(tokens: np.ndarray) -> tuple[float, float, float]:
    """Leading Gram share, participation ratio and effective rank of the directions of the tokens (zeros left out)."""
    directed = jnp.asarray(tokens)[np.linalg.norm(tokens, axis=1) > 0]
    if not directed.size:
        return 0.0, 0.0, 0.0
    measures = dynamics.leading_share, dynamics.participation_ratio, dynamics.effective_rank
    return tuple(float(measure(directed)) for measure in measures)


def embedded(checkpoint: Checkpoint, architecture: Architecture, ids: np.ndarray) -> jax.Array:
    """The embedding of the token ids; UserError for ids outside the vocabulary."""
    if architecture.embedding is None:
        raise UserError(f"{checkpoint.path} has no embedding, so no tokens can be pushed through it.")
    ids = np.asarray(ids)
    if not ids.size:
        raise UserError("There are no tokens to push: the text is empty.")
    if ids.min() < 0 or ids.max() >= architecture.vocabulary:
        worst = ids.max() if ids.max() >= architecture.vocabulary else ids.min()
        raise UserError(f"Token ids must lie in [0, {architecture.vocabulary - 1}], but one is {worst}.")
    return jnp.asarray(checkpoint.tensor(architecture.embedding, ids), float)


def hidden_states(checkpoint: Checkpoint, architecture: Architecture, ids: np.ndarray):
    """Yield (residual stream, what the layer showed) for the embedding (None) and after each layer, without a norm."""
    x = embedded(checkpoint, architecture, ids)
    yield x, None
    step = jax.jit(dynamics.apply_block)
    for number in range(architecture.layers):
        x, seen = step(layer_of(checkpoint, architecture, number), x)
        if not bool(jnp.isfinite(x).all()):
            raise UserError(f"The tokens overflow in layer {number} of {checkpoint.path}: the weights are too large.")
        yield x, seen


def final_norm(checkpoint: Checkpoint, architecture: Architecture, x: jax.Array) -> jax.Array:
    """The norm between the last layer and the unembedding."""
    name = f"{architecture.prefix}norm_f.weight"
    weight = checkpoint.tensor(name)
    if weight.shape != (architecture.width,):
        raise UserError(f"Tensor `{name}` must have shape ({architecture.width},), but has {weight.shape}.")
    return dynamics.rms_norm(x, jnp.asarray(weight, float), architecture.epsilon)


def tokens_pushed(checkpoint: Checkpoint, architecture: Architecture, ids: np.ndarray, watch=_silent) -> xr.Dataset:
    """Norms, Gram share and ranks against depth, and what each layer did with the tokens.

    Depth 0 is the embedding, depth k the residual stream after k layers, the last one follows the final norm.
    watch: told in words how far it is.
    """
    norms, spreads, positive, steps = [], [], [], []

    def look(x):
        norms.append(np.linalg.norm(x, axis=1))
        spreads.append(spread(np.asarray(x)))

    for x, seen in hidden_states(checkpoint, architecture, ids):
        watch(f"tokens in layer {len(steps)} of {architecture.layers}")
        look(x)
        if seen is not None:
            positive.append(np.asarray((seen.self_weight > 0).mean(0), float))
            steps.append(np.quantile(np.asarray(seen.steps), (0.0, 0.5, 1.0)))
    look(final_norm(checkpoint, architecture, x))
    leading, participation, rank = np.array(spreads).T
    stages = ["embedding", *(f"layer {number}" for number in range(architecture.layers)), "final norm"]
    data = xr.Dataset(
        {
            "norm": (("depth", "token"), np.array(norms)),
            "leading_share": ("depth", leading),
            "participation": ("depth", participation),
            "effective_rank": ("depth", rank),
            "self_positive": (("layer", "group"), np.array(positive)),
            "step_used": (("layer", "end"), np.array(steps)),
        },
        {
            "depth": np.arange(len(norms)),
            "stage": ("depth", stages),
            "layer": np.arange(len(steps)),
            "id": ("token", np.asarray(ids)),
        },
    )
    return _named(data)
