"""A body before an opponent with a memory of one round: their joint state, and how disturbances of it die."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Real

from ._solve import attractor
from .body import Body, chances, checked_body, output
from .reactive import Rule, answered


class Met(NamedTuple):
    """A joint state with a memory-one opponent: the reservoir, the agent's action and the opponent's."""

    state: Float[Array, " d"]
    action: Float[Array, ""]
    opponent: Float[Array, ""]


def met_state(body: Body, share: Real[ArrayLike, ""], rule: Rule) -> Met:
    """The joint state that a body with share alpha and a memory-one opponent reach without noise from x = 0, o = first.

    Before win-stay lose-shift every body that ever defects a little ends at o = 1/2.
    share alpha in [0, 1]; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    (share,) = chances(body.bias.dtype, share=share)
    start = jnp.concatenate([jnp.zeros_like(body.bias), jnp.array([rule.first, 1.0], body.bias.dtype)])
    rest = attractor(lambda y: met_map(body, share, rule, y), start)
    return Met(rest[:-2], share * output(body, rest[:-2])[0] + (1 - share) * rest[-1], rest[-2])


def met_spectrum(body: Body, share: Real[ArrayLike, ""], rule: Rule) -> Complex[Array, " modes"]:
    """Eigenvalues of a round about that state, the slowest first. Those about o = 1/2 before win-stay lose-shift are
    2a* - 1, a 0, and the body's own: the opponent forgets by itself, since there it does not look at the agent.

    share alpha in [0, 1]; ValueError otherwise.  (derived here)
    """
    rest = met_state(body, share, rule)
    body = checked_body(body)
    (share,) = chances(body.bias.dtype, share=share)
    flat = jnp.append(rest.state, jnp.stack([rest.opponent, rest.opponent]))
    return slowest_first(jnp.linalg.eigvals(jax.jacobian(lambda y: met_map(body, share, rule, y))(flat)))


def met_map(body: Body, share: Array, rule: Rule, y: Float[Array, " entries"]) -> Float[Array, " entries"]:
    """A noise-free round of (x, o, o seen): the agent acts on what it saw last, the opponent on what it had in mind."""
    state, other, seen = y[:-2], y[-2], y[-1]
    action = share * output(body, state)[0] + (1 - share) * seen
    moved = jnp.tanh(body.recurrent @ state + body.own_input * action + body.other_input * other + body.bias)
    return jnp.append(moved, jnp.stack([answered(rule, other, action), other]))


def slowest_first(eigenvalues: Complex[Array, " modes"]) -> Complex[Array, " modes"]:
    """Eigenvalues by falling modulus."""
    return eigenvalues[jnp.argsort(-jnp.abs(eigenvalues))]


class Mode(NamedTuple):
    """How a small disturbance dies: its factor of a round, and the rounds of an oscillation (inf without one)."""

    rate: Float[Array, "..."]
    period: Float[Array, "..."]


def mode(eigenvalue: Complex[Array, "..."]) -> Mode:
    """|lambda| and 2 pi/|arg lambda|; 2 for a negative eigenvalue, which retaliates every other round."""
    angle = jnp.abs(jnp.angle(eigenvalue))
    return Mode(jnp.abs(eigenvalue), jnp.where(angle > 0, 2 * jnp.pi / jnp.where(angle > 0, angle, 1), jnp.inf))
