"""Flows on graphs in time: exact for a frozen stochastic matrix, and by the explicit steps that libraries take.

A flow acts on the leading axis of its state, the nodes; all other axes are carried along.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from dynamics import _check

State = Float[Array, "nodes *more"]
Field = Callable[[State], State]

# Butcher tableaus: the rows of stage weights, then the weights of the sum. Order 4 is the 3/8 rule, which the solver
# of the released code takes on a fixed grid.
TABLEAUS: dict[str, tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]] = {
    "euler": (((),), (1.0,)),
    "heun": (((), (1.0,)), (0.5, 0.5)),
    "kutta3": (((), (0.5,), (-1.0, 2.0)), (1 / 6, 2 / 3, 1 / 6)),
    "rk4": (((), (1 / 3,), (-1 / 3, 1.0), (1.0, -1.0, 1.0)), (1 / 8, 3 / 8, 3 / 8, 1 / 8)),
    "classical": (((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}


def explicit_step(method: str, field: Field, state: State, step: Float[Array, ""] | float) -> State:
    """One step of an explicit Runge-Kutta method named in `TABLEAUS`, stage by stage."""
    if method not in TABLEAUS:
        raise ValueError(f"Argument `method` must be one of {', '.join(TABLEAUS)}, but is {method!r}.")
    rows, weights = TABLEAUS[method]
    slopes: list[State] = []
    for row in rows:
        slopes.append(field(state + step * sum(a * k for a, k in zip(row, slopes, strict=True))))
    return state + step * sum(b * k for b, k in zip(weights, slopes, strict=True))


def explicit_flow(method: str, field: Field, state: State, step: Float[Array, ""] | float, steps: int) -> State:
    """The state after so many steps of equal size."""
    steps = _check.whole("steps", steps, 0)
    return jax.lax.fori_loop(0, steps, lambda _, x: explicit_step(method, field, x, step), state)


def on_grid(method: str, field: Field, state: State, grid: Sequence[float]) -> Float[Array, "times nodes *more"]:
    """States at the times of a grid, one step from each to the next, as fixed-grid solvers return them.

    The first is the start itself: a grid of one time takes no step at all. ValueError for an empty grid.
    """
    if not len(grid):
        raise ValueError("Argument `grid` must hold at least one time, but is empty.")
    states = [state]
    for start, stop in itertools.pairwise(grid):
        states.append(explicit_step(method, field, states[-1], stop - start))
    return jnp.stack(states)


def attention_field(attention: Float[Array | np.ndarray, "nodes nodes"]) -> Field:
    """x' = (A - I) x of a frozen row-stochastic A."""
    return lambda x: jnp.tensordot(attention, x, 1) - x


def heat_field(laplacian: Float[Array | np.ndarray, "nodes nodes"]) -> Field:
    """x' = -L x."""
    return lambda x: -jnp.tensordot(laplacian, x, 1)


def terms_for(longest: float, dtype=float) -> int:
    """How many jumps hold all but a rounding error of a Poisson count of mean `longest`, in [0, 500]."""
    _check.within(0.0, 500.0, longest=longest)
    beyond = special.pdtrc(np.arange(1000), longest)
    return int(np.argmax(beyond < jnp.finfo(dtype).eps / 8))


def stochastic_flow(
    attention: Float[Array | np.ndarray, "nodes nodes"],
    state: State,
    time: Float[Array, ""] | float = 1.0,
    *,
    longest: float = 1.0,
) -> State:
    """e^(t (A - I)) x of a row-stochastic A, exact to rounding: the mean of A^n x over a Poisson count n of jumps.

    All terms are non-negative multiples of what A makes of x, so nothing cancels; no LAPACK, and the gradient is as
    cheap. time in [0, longest], `longest` static; ValueError outside, NaN where a traced time is.
    """
    terms = terms_for(longest, jnp.result_type(state))
    _check.within(0.0, longest, time=time)
    time = jnp.asarray(time, jnp.result_type(state))

    def earlier(i, later):
        return state + (time / (terms - i)) * jnp.tensordot(attention, later, 1)

    # A few terms are written out, which the compiler likes; a loop of static length has a gradient too.
    total = jax.lax.fori_loop(0, terms, earlier, state, unroll=terms <= 32)
    return jnp.where((time >= 0) & (time <= longest), jnp.exp(-time), jnp.nan) * total


def heat_flow(
    laplacian: Float[Array | np.ndarray, "nodes nodes"],
    state: State,
    time: Float[Array, ""] | float,
    *,
    longest: float,
) -> State:
    """e^(-t L) x as the stochastic flow of I - L/d, d the largest degree, for d t in [0, longest], `longest` static."""
    laplacian = jnp.asarray(laplacian, float)
    degree = jnp.max(jnp.diagonal(laplacian))
    jump = jnp.eye(len(laplacian), dtype=laplacian.dtype) - laplacian / degree
    return stochastic_flow(jump, state, time * degree, longest=longest)


def solved_flow(field: Field, state: State, time: float = 1.0, *, tolerance: float = 1e-6) -> State:
    """The state at `time` >= 0 by an adaptive solver, Tsitouras 5(4), of relative and absolute error `tolerance`."""
    _check.within(0.0, float("inf"), time=time)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, x, args: field(x)),
        diffrax.Tsit5(),
        0.0,
        time,
        None,
        state,
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        throw=False,
    )
    reached = solution.ys[-1]
    return jnp.where(diffrax.is_successful(solution.result), reached, jnp.nan)
