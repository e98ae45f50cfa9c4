"""The whole pipeline run forward: encode, advance the probes, lift, decode, append, in one scan over blocks of frames.

When the codes are made anew is a `Rule` of three numbers, so that many rules are one vmap: at every k-th block, when
the probes' consistency chi with their codewords falls below tau, or when their distance from them exceeds delta.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int

from dynamics import _check
from dynamics.graph_ode.codebook import Coder, assign, consistency, distance
from dynamics.graph_ode.lifting import lift
from dynamics.graph_ode.probes import Probes, choose_probes, probe_graph, read_probes

NEVER = 2**30


class Rule(NamedTuple):
    """Encode anew before block b > 0 if b is a multiple of `every`, or chi < `tau`, or the distance > `delta`."""

    every: Int[Array, "*rules"]
    tau: Float[Array, "*rules"]
    delta: Float[Array, "*rules"]


def rule(text: str) -> Rule:
    """`never`, `every:k`, `chi:tau` or `dist:delta`; ValueError, naming the form, for anything else."""
    kind, _, number = text.partition(":")
    every, tau, delta = NEVER, -2.0, float("inf")
    try:
        if kind == "every":
            every = int(number)
        elif kind == "chi":
            tau = float(number)
        elif kind == "dist":
            delta = float(number)
        elif text != "never":
            raise ValueError
    except ValueError:
        raise ValueError(f"Argument `adapt` must be never, every:k, chi:tau or dist:delta, but is {text!r}.") from None
    if every < 1 or not -2 <= tau <= 1 or not delta >= 0:
        raise ValueError(f"Argument `adapt` must have k >= 1, tau in [-1, 1] or delta >= 0, but is {text!r}.")
    return Rule(jnp.asarray(every, jnp.int32), jnp.asarray(tau), jnp.asarray(delta))


def rules(texts) -> Rule:
    """Several rules side by side, to be vmapped over."""
    return jax.tree.map(lambda *parts: jnp.stack(parts), *map(rule, texts))


class Pipeline(NamedTuple):
    """What was fitted. Coders and predictors have a leading axis of channels, one of each for a channel alone; the
    decoder sees all channels together: (field, key) -> field in [0, 1]."""

    coders: Any
    predictors: Any
    decoder: Any


class Rollout(NamedTuple):
    """Frames forecast; how often the codes were made anew (the first encoding does not count), and before each block
    whether they were, and what the rules saw: chi and the distance of the codes in use until then."""

    frames: Float[Array, "horizon channels height width"]
    encodings: Int[Array, ""]
    encoded: Bool[Array, " blocks"]
    chi: Float[Array, " blocks"]
    distance: Float[Array, " blocks"]


def histories(window: Float[Array, "history channels height width"]) -> Float[Array, "channels pixels history"]:
    """Pixels' pasts, channel by channel, row by row."""
    history, channels = window.shape[:2]
    return jnp.moveaxis(window.reshape(history, channels, -1), 0, -1)


def advance(
    predictor, probes: Probes, pasts: Float[Array, "pixels history"], shape: tuple[int, int], block: int
) -> Float[Array, "block codes"]:
    """The next `block` values of the probes of one channel, each fed back."""
    graph = probe_graph(probes, pasts, shape)

    def step(window, _):
        following = jnp.where(graph.present, predictor(window, graph.edges, graph.present), 0)
        return jnp.concatenate([window[:, 1:], following[:, None]], axis=1), following

    return jax.lax.scan(step, graph.values, length=block)[1]


def lifted_block(
    coder: Coder,
    predictor,
    codes: Int[Array, " pixels"],
    pasts: Float[Array, "pixels history"],
    key,
    shape: tuple[int, int],
    block: int,
    how: str,
    lifting: str,
) -> Float[Array, "block pixels"]:
    """The lifted fields of the next `block` frames of one channel, with these codes."""
    probes = choose_probes(key, codes, coder.codewords().shape[0], shape, how)
    now = read_probes(probes, pasts[:, -1:])[:, 0]
    values = advance(predictor, probes, pasts, shape, block)
    return jax.vmap(lambda v: lift(codes, v, lifting, pasts[:, -1], now))(values)


def rollout(
    pipeline: Pipeline,
    window: Float[Array, "history channels height width"],
    adapt: Rule,
    key=None,
    *,
    horizon: int,
    block: int = 5,
    how: str = "mean",
    lifting: str = "copy",
) -> Rollout:
    """`horizon` frames after the window.

    adapt: see `rule`.  key: for random members and decoders that draw; nothing else uses it.  block: frames between
    two chances to encode.  how: the probes' representative, "mean", "random" or "random_n".  lifting: "copy" or
    "increment". `never` keeps the first partition and reads its probes anew from the decoded fields.
    """
    horizon, block = _check.whole("horizon", horizon, 1), _check.whole("block", block, 1)
    key = jr.key(0) if key is None else key
    channels, *shape = window.shape[1:]
    shape = tuple(shape)
    count = -(-horizon // block)

    def drift(coder, codes, pasts, key):
        probes = choose_probes(key, codes, coder.codewords().shape[0], shape, how)
        reads = read_probes(probes, pasts)
        return consistency(coder, reads, probes.present), distance(coder, reads, probes.present)

    def one(coder, predictor, codes, pasts, key):
        return lifted_block(coder, predictor, codes, pasts, key, shape, block, how, lifting)

    def step(carry, number):
        window, codes = carry
        pasts = histories(window)
        probe_key, decode_key = jr.split(jr.fold_in(key, number))
        keys = jr.split(probe_key, channels)
        chi, away = jax.vmap(drift)(pipeline.coders, codes, pasts, keys)
        chi, away = jnp.mean(chi), jnp.sqrt(jnp.mean(away**2))
        due = (number % adapt.every == 0) | (chi < adapt.tau) | (away > adapt.delta) | (number == 0)
        fresh = jax.vmap(assign)(pipeline.coders, pasts).astype(jnp.int32)
        codes = jnp.where(due, fresh, codes)
        lifted = jax.vmap(one)(pipeline.coders, pipeline.predictors, codes, pasts, keys)
        fields = jnp.moveaxis(lifted, 0, 1).reshape(block, channels, *shape)
        frames = jax.vmap(pipeline.decoder)(fields, jr.split(decode_key, block)).astype(window.dtype)
        window = jnp.concatenate([window, frames])[-window.shape[0] :]
        return (window, codes), (frames, due, chi, away)

    first = jnp.zeros((channels, shape[0] * shape[1]), jnp.int32)
    _, (frames, due, chi, away) = jax.lax.scan(step, (window, first), jnp.arange(count, dtype=jnp.int32))
    frames = frames.reshape(count * block, channels, *shape)[:horizon]
    return Rollout(frames, jnp.sum(due[1:]), due, chi, away)


def encoded(coders, window: Float[Array, "history channels height width"]):
    """Codes (channels, pixels) of a window and the graph of each channel, with mean representatives."""
    shape = window.shape[-2:]

    def one(coder, pasts):
        codes = assign(coder, pasts)
        probes = choose_probes(jr.key(0), codes, coder.codewords().shape[0], shape)
        return codes, probe_graph(probes, pasts, shape)

    return jax.vmap(one)(coders, histories(window))


def rebuilt(coders, window: Float[Array, "history channels height width"], key, how: str = "mean"):
    """The lifted field of a window's last frame, from the true values of its probes."""
    shape = window.shape[-2:]

    def one(coder, pasts, key):
        codes = assign(coder, pasts)
        probes = choose_probes(key, codes, coder.codewords().shape[0], shape, how)
        return lift(codes, read_probes(probes, pasts[:, -1:])[:, 0])

    keys = jr.split(key, window.shape[1])
    return jax.vmap(one)(coders, histories(window), keys).reshape(window.shape[1:])
