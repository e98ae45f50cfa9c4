"""Free energy F(alpha) = -u(alpha) + lambda C(alpha), and the share of the body that minimises it.

C is the divergence of the state's law from the habituated one: of the Gaussian of equal moments, or of the history
mixture itself. Both are smooth in alpha, so that the optimum is a root of F' and not a point of a grid.
"""

from collections.abc import Callable
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import positive, whole
from .body import Body, chances, checked_body
from .divergence import gaussian_divergence, mixture_divergence
from .game import DILEMMA, Game, expected_payoff
from .histories import MEMORY, history_mixture, law_of, mixed, mixture_moments, quiet_moments

_HALVINGS = 50


def state_cost(
    body: Body,
    body_share: Real[ArrayLike, ""],
    cooperation: Real[ArrayLike, ""],
    normals: Float[ArrayLike, "draws d"] | None = None,
) -> Float[Array, ""]:
    """C(alpha), KL of the state against an opponent of cooperation q from the habituated state, in nats.

    normals: standard normal draws for the mixture's own divergence; None takes the Gaussian of equal moments, which is
    a lower bound.  body_share alpha, cooperation q in [0, 1]; ValueError otherwise.  (arXiv 2602.20846, free energy)
    """
    return _cost(history_mixture(body, body_share, cooperation), quiet_moments(body), normals)


def _cost(mixture, habit, normals):
    if normals is None:
        return gaussian_divergence(mixture_moments(mixture), habit)
    return mixture_divergence(mixture, habit, normals).value


def free_energy(
    body: Body,
    body_share: Real[ArrayLike, ""],
    cooperation: Real[ArrayLike, ""],
    price: Real[ArrayLike, ""],
    normals: Float[ArrayLike, "draws d"] | None = None,
    game: Game = DILEMMA,
) -> Float[Array, ""]:
    """F(alpha) = -E u + lambda C.

    price lambda >= 0; body_share, cooperation, normals as for `state_cost`; ValueError otherwise.
    (arXiv 2602.20846, free energy)
    """
    positive("price", price, "[)")
    body = checked_body(body)
    share, cooperation = chances(body.bias.dtype, body_share=body_share, cooperation=cooperation)
    mixture, echoes = mixed(body, share, cooperation, MEMORY)
    mean = law_of(body, share, mixture, echoes).mean
    earned = expected_payoff(jnp.clip(mean, 0, 1), cooperation, game)
    return price * _cost(mixture, quiet_moments(body), normals) - earned


def minimiser(energy: Callable[[Array], Array], points: SupportsIndex = 21, dtype=float) -> Float[Array, ""]:
    """Where a smooth function on [0, 1] is lowest: the lowest point of a grid, then the root of the slope beside it.

    At an end of the interval if the slope there does not turn.  The derivative with respect to whatever `energy`
    closes over is implicit inside and 0 at the ends.  points >= 3; ValueError otherwise.
    """
    points = whole("points", points, 3)

    def slope(share):
        return jax.jvp(energy, (share,), (jnp.ones_like(share),))[1]

    grid = jnp.linspace(0, 1, points, dtype=jnp.result_type(dtype))
    lowest = jnp.argmin(jax.lax.stop_gradient(jax.lax.map(energy, grid)))
    low, high = grid[jnp.maximum(lowest - 1, 0)], grid[jnp.minimum(lowest + 1, points - 1)]
    falls, rises = jax.lax.map(slope, jnp.stack([low, high])) * jnp.array([-1, 1]) > 0
    inside = falls & rises
    end = jnp.where(falls, 1.0, 0.0).astype(grid.dtype)

    def residual(share):
        return jnp.where(jax.lax.stop_gradient(inside), slope(share), share - end)

    def solve(function, start):
        del start

        def halve(_, bracket):
            low, high = bracket
            middle = (low + high) / 2
            below = function(middle) < 0
            return jnp.where(below, middle, low), jnp.where(below, high, middle)

        bracket = jax.lax.fori_loop(0, _HALVINGS, halve, (low, high))
        return jnp.where(inside, (bracket[0] + bracket[1]) / 2, end)

    return jax.lax.custom_root(residual, (low + high) / 2, solve, lambda g, y: y / g(jnp.ones_like(y)))


def optimal_share(
    body: Body,
    cooperation: Real[ArrayLike, ""],
    price: Real[ArrayLike, ""],
    normals: Float[ArrayLike, "draws d"] | None = None,
    game: Game = DILEMMA,
) -> Float[Array, ""]:
    """alpha* = argmin F on [0, 1], by the root of F': u'(alpha*) = lambda C'(alpha*) where it is interior.

    price lambda >= 0; cooperation and normals as for `state_cost`; ValueError otherwise.
    (arXiv 2602.20846, Prop. interior optimum)
    """
    body = checked_body(body)
    (cooperation,) = chances(body.bias.dtype, cooperation=cooperation)
    positive("price", price, "[)")
    price = jnp.asarray(price, body.bias.dtype)
    return minimiser(lambda share: free_energy(body, share, cooperation, price, normals, game), dtype=body.bias.dtype)
