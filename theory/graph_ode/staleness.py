"""How a partition ages, and what re-encoding can and cannot do about it (P26 to P31; derived here).

The specification's horizon law takes e^(sigma_max dt) for the Lipschitz constant of one frame. That is the slope at the
uniform state only: the quadratic term amplifies where u > 0, and `growth_per_frame` adds the g^2/3 that makes it a
bound everywhere.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int, Integer, Real

from theory import _arguments as arguments

Number = Real[ArrayLike, "..."]
Modes = Real[ArrayLike, "..."]


def frozen_growth(error: Number, rate: Number, time: Number) -> Float[Array, ...]:
    """Error of a frozen partition when all energy grows at one rate: RMSE(0) e^(sigma t), as every deviation (P26)."""
    arguments.positive("error", error, "[)")
    arguments.within("rate", rate, -math.inf, math.inf, "()")
    arguments.positive("time", time, "[)")
    error, rate, time = arguments.floats(error, rate, time)
    return error * jnp.exp(rate * time)


def moments(spectrum: Modes, rates: Modes, time: Number) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(S_t, C_t): variance at time t, and covariance of u(0) and u(t) at one place, of modes that grow on their own."""
    arguments.within("spectrum", spectrum, 0.0, math.inf, "[)")
    arguments.within("rates", rates, -math.inf, math.inf, "()")
    arguments.positive("time", time, "[)")
    spectrum, rates = arguments.floats(spectrum, rates)
    time = arguments.floats(time)[0]
    return jnp.sum(spectrum * jnp.exp(2 * rates * time)), jnp.sum(spectrum * jnp.exp(rates * time))


def stale_error(start: Number, now: Number, shared: Number, fresh: Number) -> Float[Array, ...]:
    """Mean square error of a partition made at time 0, of a Gaussian field and fine codes of its value (P27):
    S_t - C_t^2/S_0 + (C_t/S_0)^2 MSE(0).

    start: S_0.  now: S_t.  shared: C_t.  fresh: MSE(0), the quantisation error when the partition was made. The first
    two terms are what u(0) does not tell of u(t), which no code of the value alone can know.
    """
    arguments.positive("start", start)
    arguments.positive("now", now)
    arguments.within("shared", shared, -math.inf, math.inf, "()")
    arguments.positive("fresh", fresh, "[)")
    start, now, shared, fresh = arguments.floats(start, now, shared, fresh)
    slope = shared / start
    return now - slope * shared + slope**2 * fresh


def history_error(
    history: Real[ArrayLike, "frames frames"], shared: Real[ArrayLike, " frames"], now: Real[ArrayLike, ""]
) -> Float[Array, ""]:
    """The same limit for codes of a whole history, infinitely fine: S_t - c . G^-1 c, by the multiple correlation.

    history: G, covariances of the frames a code sees.  shared: c, their covariances with the frame to come.
    """
    arguments.within("history", history, -math.inf, math.inf, "()")
    arguments.within("shared", shared, -math.inf, math.inf, "()")
    arguments.positive("now", now)
    gram, c = arguments.floats(history)[0], arguments.floats(shared)[0]
    return arguments.floats(now)[0] - c @ jnp.linalg.solve(gram, c)


def cosine_from_distance(squared: Number, latent: Number) -> Float[Array, ...]:
    """chi of latent and codeword when both have |.|^2 = e, as layer norms make them: 1 - |E - c|^2/(2e) (P28)."""
    arguments.positive("squared", squared, "[)")
    arguments.positive("latent", latent)
    squared, latent = arguments.floats(squared, latent)
    return 1 - squared / (2 * latent)


def codeword_length(latent: Number, within: Number) -> Float[Array, ...]:
    """|c|^2 of the mean of a cluster of latents of |.|^2 = e: e less the variance within the cluster (P28)."""
    arguments.positive("latent", latent)
    arguments.positive("within", within, "[)")
    latent, within = arguments.floats(latent, within)
    return latent - within


def join_partition(
    first: Integer[ArrayLike, " pixels"], second: Integer[ArrayLike, " pixels"]
) -> Int[Array, " pixels"]:
    """Labels of the join of two partitions: pixels are together iff they are together in both (P29).

    Whatever is lifted through the first and then the second is constant on its atoms, and so is every later partition
    of windows that were predicted whole: re-encoding without a decoder merges, and never splits beyond the join.
    """
    pairs = np.stack([np.asarray(first), np.asarray(second)])
    return jnp.asarray(np.unique(pairs, axis=1, return_inverse=True)[1].reshape(-1))


def constant_on(labels: Labels, values: Labels) -> Bool[Array, ""]:
    """Whether values are equal wherever labels are."""
    labels, values = np.asarray(labels), np.asarray(values)
    return jnp.asarray(len(np.unique(np.stack([labels, values]), axis=1).T) == len(np.unique(labels)))


def growth_per_frame(rate: Number, quadratic: Number, spacing: Number) -> Float[Array, ...]:
    """A Lipschitz constant, in mean square, of one frame of Swift-Hohenberg: exp((sigma_max + g^2/3) dt).

    rate: sigma_max, the largest linear growth rate.  quadratic: g.  The slope of g u^2 - u^3 is at most g^2/3, at
    u = g/3; with g = 0 this is e^(sigma_max dt).
    """
    arguments.within("rate", rate, -math.inf, math.inf, "()")
    arguments.within("quadratic", quadratic, -math.inf, math.inf, "()")
    arguments.positive("spacing", spacing)
    rate, quadratic, spacing = arguments.floats(rate, quadratic, spacing)
    return jnp.exp((rate + quadratic**2 / 3) * spacing)


def horizon_error(error: Number, lipschitz: Number, frames: Number) -> Float[Array, ...]:
    """Error after n frames of a model that errs by eps a frame: at most eps (L^n - 1)/(L - 1), n eps at L = 1 (P31)."""
    arguments.positive("error", error, "[)")
    arguments.positive("lipschitz", lipschitz)
    arguments.positive("frames", frames, "[)")
    error, lipschitz, frames = arguments.floats(error, lipschitz, frames)
    log = jnp.log(lipschitz)
    same = jnp.abs(log) < 1e-12
    safe = jnp.where(same, 1.0, log)
    return error * jnp.where(same, frames, jnp.expm1(safe * frames) / jnp.expm1(safe))


def saturated_error(deviation: Number) -> Float[Array, ...]:
    """Root mean square distance of two unrelated fields of one mean and standard deviation: sqrt(2) std (P31)."""
    arguments.positive("deviation", deviation, "[)")
    return math.sqrt(2) * arguments.floats(deviation)[0]
