"""Sums with decay along the tokens: h_l = decay_l h_(l-1) + input_l, in O(L).

Products of decays are never divided into factors e^(-S_l) e^(S_j): in float32 those overflow at S = 89.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

UNROLLED = 16


def decayed_sum(
    decay: Float[Array, "tokens *shape"], inputs: Float[Array, "tokens *more"], how: str = "sequential"
) -> Float[Array, "tokens *more"]:
    """h_l = decay_l h_(l-1) + inputs_l from h_0 = 0, for every l.

    decay: broadcasts against the inputs, both with the tokens first.  how: "sequential" (one token after another) or
    "associative" (logarithmic depth).
    """
    if how == "associative":
        decay = decay.reshape(decay.shape + (1,) * (inputs.ndim - decay.ndim))
        return lax.associative_scan(_compose, (decay, inputs))[1]
    if how != "sequential":
        raise ValueError(f"Argument `how` must be 'sequential' or 'associative', but is {how!r}.")

    def step(state, token):
        kept, added = token
        state = kept * state + added
        return state, state

    if 0 < inputs.shape[0] <= UNROLLED:
        # Written out, not scanned: XLA fuses this, but stores the rows of an unrolled scan one by one, 5 times slower.
        states = [inputs[0]]
        for kept, added in zip(decay[1:], inputs[1:], strict=True):
            states.append(step(states[-1], (kept, added))[0])
        return jnp.stack(states)
    return lax.scan(step, jnp.zeros_like(inputs[0]), (decay, inputs))[1]


def decayed_sum_both_ways(
    decay: Float[Array, "tokens *shape"], inputs: Float[Array, "tokens *more"], how: str = "sequential"
) -> Float[Array, "tokens *more"]:
    """Sum over all tokens j of inputs_j times the decays of the tokens between: those after the earlier one, up to the
    later one included."""
    before = decayed_sum(decay, inputs, how)
    # What token l + 1 hands back to token l has passed the gate of l + 1; nothing stands after the last token.
    gates = jnp.flip(jnp.concatenate([decay[1:], jnp.ones_like(decay[:1])]), 0)
    after = jnp.flip(decayed_sum(gates, jnp.flip(inputs, 0), how), 0)
    return before + after - inputs


def spans(logs: Float[Array, "tokens *shape"], causal: bool = True) -> Float[Array, "tokens tokens *shape"]:
    """Sum of the logs over the tokens after the earlier, up to the later, of l and j: entry (l, j), in O(L^2).

    Each entry is a sum of its own, not a difference of two running sums, whose rounding grows with the length.
    With `causal`, the entries with j > l are -infinity.
    """
    length = logs.shape[0]
    shape = (length, length) + (1,) * (logs.ndim - 1)
    below = jnp.tril(jnp.ones((length, length), bool), -1).reshape(shape)
    upto = jnp.cumsum(jnp.where(below, logs[:, None], 0.0), axis=0)
    if causal:
        return jnp.where(jnp.tril(jnp.ones((length, length), bool)).reshape(shape), upto, -jnp.inf)
    return upto + jnp.swapaxes(upto, 0, 1)


def _compose(first, second):
    return first[0] * second[0], second[0] * first[1] + second[1]


def chunks(array: Float[Array, "tokens *shape"], size: int) -> Float[Array, "chunks size *shape"]:
    """The tokens in chunks of equal size, the last one filled up with zeros."""
    missing = -array.shape[0] % size
    padded = jnp.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1))
    return padded.reshape(-1, size, *array.shape[1:])
