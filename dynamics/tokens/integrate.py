"""One door to Diffrax for all flows of the row: tolerances by dtype, failures as statuses, no callbacks."""

from collections.abc import Callable

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix
from jaxtyping import Array, Bool, Int8, PyTree

from dynamics.tokens.regimes import NON_FINITE, OK, STEP_LIMIT

MAX_STEPS = 4096


class Solved(eqx.Module):
    """Saved states (leading axis: save points), status and number of steps; `stopped` if the event came first."""

    states: PyTree
    status: Int8[Array, ""]
    steps: Array
    stopped: Bool[Array, ""]


def integrate(
    velocity: Callable,
    state: PyTree,
    parameters: PyTree,
    start,
    end,
    *,
    save: diffrax.SaveAt | None = None,
    stop: Callable | None = None,
    land: bool = False,
    tolerance: float | None = None,
    absolute: PyTree | float | None = None,
    stiff: bool = False,
    max_steps: int = MAX_STEPS,
) -> Solved:
    """Solve d state / d tau = velocity(tau, state, parameters) from `start` to `end`, at relative `tolerance`.

    stop: real function of (tau, state, parameters); the solve ends with the step in which it first falls below zero,
    or, with `land`, just where it does.
    tolerance: 1e-11 in float64 and 1e-5 in float32 unless given (both absolute and relative, states being
    logarithms, directions and clocks).  stiff: an implicit solver.
    """
    dtype = jnp.result_type(*jax.tree.leaves(state))
    tolerance = tolerance or (1e-11 if dtype == jnp.float64 else 1e-5)
    event = None
    if stop is not None:
        # Rounding in long solves keeps a root finder from the solver's own tolerance.
        finder = optimistix.Newton(rtol=10 * tolerance, atol=10 * tolerance) if land else None

        def passed(t, y, args, **_):
            room = stop(t, y, args)
            # Diffrax compares a float event with a default float, whatever the dtype of the solve.
            return room.astype(jnp.result_type(float)) if land else room < 0

        event = diffrax.Event(passed, finder)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(velocity),
        diffrax.Kvaerno5() if stiff else diffrax.Dopri8(),
        start,
        end,
        None,
        state,
        parameters,
        saveat=diffrax.SaveAt(t1=True) if save is None else save,
        stepsize_controller=diffrax.PIDController(tolerance, tolerance if absolute is None else absolute),
        event=event,
        max_steps=max_steps,
        throw=False,
    )
    stopped = solution.result == diffrax.RESULTS.event_occurred
    ended = stopped | (solution.result == diffrax.RESULTS.successful)
    limit = solution.result == diffrax.RESULTS.max_steps_reached
    status = jnp.where(ended, OK, jnp.where(limit, STEP_LIMIT, NON_FINITE)).astype(jnp.int8)
    return Solved(solution.ys, status, solution.stats["num_steps"], stopped)
