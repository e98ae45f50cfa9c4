"""The selective scan, y_l = C_l . H_l with H_l = e^(-a Delta_l) H_(l-1) + Delta_l x_l B_l, in O(L D N).

Inputs may come from any projection; `dynamics.tokens.layer` has the paper's. The state H is never stored along the
sequence in the chunked form: a chunk's states are made again in the backward pass, whose memory beyond the inputs is
one state a chunk.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from dynamics.tokens.scan import UNROLLED, chunks, spans
from dynamics.tokens.step_size import held

WAYS = ("chunked", "associative", "sequential", "attention")


def selective_scan(
    x: Float[Array, "tokens channels"],
    delta: Float[Array, "tokens channels"],
    decay: Float[Array, "channels #states"],
    b: Float[Array, "tokens states"],
    c: Float[Array, "tokens states"],
    *,
    how: str | None = None,
    exact_zoh: bool = False,
    causal: bool = True,
    chunk: int = 64,
) -> Float[Array, "tokens channels"]:
    """Output of the selective scan.

    delta: step sizes, not negative.  decay: a >= 0, with one column where all states of a channel decay alike.
    exact_zoh: inputs weighed by (1 - e^(-a Delta)) / a in place of Delta.  causal: else every token sees all others,
    through the decays of the tokens between.  how: "chunked" (default beyond a few tokens), "associative",
    "sequential", or "attention", the O(L^2) form that serves as an oracle.  chunk: tokens in a chunk.
    """
    if how is None:
        how = "sequential" if x.shape[0] <= UNROLLED else "chunked"
    if how not in WAYS:
        raise ValueError(f"Argument `how` must be one of {', '.join(WAYS)}, but is {how!r}.")
    if chunk < 1:
        raise ValueError(f"Argument `chunk` must be at least 1, but is {chunk}.")
    if how == "attention":
        return _by_attention(x, delta, decay, b, c, exact_zoh, causal)

    def one_way(gate, x, delta, b, c):
        tokens = gate, x, delta, b, c
        size = {"chunked": chunk, "associative": x.shape[0], "sequential": 1}[how]
        if how == "sequential":
            return _one_by_one(tokens, decay, exact_zoh)
        return _by_chunks(tokens, decay, exact_zoh, size)

    ahead = one_way(delta, x, delta, b, c)
    if causal:
        return ahead
    # What token l + 1 hands back to token l has passed the gate of l + 1; nothing stands after the last token.
    gate = jnp.concatenate([delta[1:], jnp.zeros_like(delta[:1])])
    behind = one_way(*(jnp.flip(array, 0) for array in (gate, x, delta, b, c)))
    own = jnp.einsum("dn,ln,ln->ld", jnp.ones_like(decay), c, b) if decay.shape[1] > 1 else jnp.sum(c * b, 1)[:, None]
    if exact_zoh:
        own = jnp.einsum("ldn,ln->ld", jnp.broadcast_to(held(delta[..., None] * decay), (*x.shape, b.shape[1])), c * b)
    return ahead + jnp.flip(behind, 0) - own * delta * x


def channel_attention(
    delta: Float[Array, " tokens"],
    decay: Float[Array, " #states"],
    b: Float[Array, "tokens states"],
    c: Float[Array, "tokens states"],
    exact_zoh: bool = False,
    causal: bool = True,
) -> Float[Array, "tokens tokens"]:
    """Hidden attention of one channel: entry (l, j) is the weight of x_j in y_l."""
    between = spans(-delta, causal)
    if decay.shape[0] == 1:
        weight = delta * held(decay * delta) if exact_zoh else delta
        return (c @ b.T) * weight * _faded(decay, between)
    weight = delta[:, None] * (held(decay * delta[:, None]) if exact_zoh else 1.0)
    return jnp.einsum("ln,jn,ljn->lj", c, b * weight, _faded(decay, between[..., None]))


def _faded(decay, between):
    """e^(a between), 0 where a later token would stand; the guard keeps gradients finite there."""
    later = jnp.isneginf(between)
    return jnp.where(later, 0.0, jnp.exp(decay * jnp.where(later, 0.0, between)))


def _by_attention(x, delta, decay, b, c, exact_zoh, causal):
    def channel(column):
        x, delta, decay = column
        return channel_attention(delta, decay, b, c, exact_zoh, causal) @ x

    # One channel at a time: D pairs of tokens at once would need D times the memory.
    return lax.map(channel, (x.T, delta.T, decay)).T


def _terms(gate, x, delta, b, decay, exact_zoh):
    weight = (delta * x)[..., None] * b[..., None, :]
    return jnp.exp(-decay * gate[..., None]), weight * held(decay * delta[..., None]) if exact_zoh else weight


def _one_by_one(tokens, decay, exact_zoh):
    def step(state, token):
        gate, x, delta, b, c = token
        keep, added = _terms(gate, x, delta, b, decay, exact_zoh)
        state = keep * state + added
        return state, state @ c

    start = _rest(tokens, decay)
    return lax.scan(step, start, tokens, unroll=tokens[1].shape[0] <= UNROLLED or 1)[1]


def _by_chunks(tokens, decay, exact_zoh, size):
    def step(state, chunk):
        gate, x, delta, b, c = chunk
        keep, added = _terms(gate, x, delta, b, decay, exact_zoh)
        kept, states = lax.associative_scan(_compose, (keep, added))
        states = kept * state + states
        return states[-1], jnp.einsum("ldn,ln->ld", states, c)

    length = tokens[1].shape[0]
    # Filled up tokens have Delta = 0: they change nothing.
    parts = tuple(chunks(array, size) for array in tokens)
    return lax.scan(jax.checkpoint(step), _rest(tokens, decay), parts)[1].reshape(-1, tokens[1].shape[1])[:length]


def _rest(tokens, decay):
    _, x, _, b, _ = tokens
    return jnp.zeros((x.shape[1], b.shape[1]), jnp.result_type(x, b, decay))


def _compose(first, second):
    return first[0] * second[0], second[0] * first[1] + second[1]
