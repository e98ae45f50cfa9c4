"""Many flows of tokens on a line at once: neighbours in cost share a solve, and the solves share the cores.

Side by side every flow waits for the one with the most steps (17 to 122 in an ensemble of all regimes); and XLA runs
a loop over small arrays on one core.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Real

from dynamics.tokens.fate import Fate, line_fate
from dynamics.tokens.line import Line, refuse_non_finite


def line_fates(
    x0: Real[ArrayLike, "flows tokens"],
    lines: Line,
    log_horizon: Real[ArrayLike, ""],
    *,
    tolerance: float | None = None,
    max_steps: int = 4096,
    together: int = 128,
    workers: int | None = None,
) -> Fate:
    """`line_fate` of every flow, with the flows as the leading axis of all that comes back.

    lines: a `Line` whose parameters are numbers or have one value for each flow (`jax.vmap(make_line)(...)`).
    together: flows in one compiled solve.  workers: solves at the same time, as many as there are cores unless given.
    Under a transformation of JAX, where costs cannot be seen, all flows run side by side.
    """
    follow = partial(line_fate, tolerance=tolerance, max_steps=max_steps)
    x0 = x0 if isinstance(x0, jax.core.Tracer) else np.asarray(x0)
    flows = x0.shape[0]
    leaves = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (flows,)), lines)
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((x0, leaves, log_horizon))):
        return jax.vmap(lambda x, line: follow(x, line, log_horizon))(x0, leaves)
    refuse_non_finite("x0", x0)
    order = np.argsort(_rank(x0, leaves), kind="stable")[::-1]
    # Copies of the cheapest fill the last group up, so that all groups are one program.
    groups = np.pad(order, (0, -flows % together), mode="edge").reshape(-1, together)

    wide = jax.config.jax_enable_x64

    def solve(group):
        # A thread does not inherit `with jax.enable_x64(...)` of the thread that started it.
        with jax.enable_x64(wide):
            line = jax.tree.map(lambda leaf: leaf[group], leaves)
            return jax.device_get(_side_by_side(x0[group], line, log_horizon, tolerance, max_steps))

    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        parts = list(pool.map(solve, groups))
    place = np.argsort(order)
    return jax.tree.map(lambda *leaves: jnp.asarray(np.concatenate(leaves)[place]), *parts)


@partial(jax.jit, static_argnums=(3, 4))
def _side_by_side(x0, lines, log_horizon, tolerance, max_steps):
    def follow(x, line):
        return line_fate(x, line, log_horizon, tolerance=tolerance, max_steps=max_steps)

    return jax.vmap(follow)(x0, lines)


def _rank(x0: np.ndarray, lines: Line) -> np.ndarray:
    """Expected number of steps, up to a monotone map: tokens that grow step by step to the horizon take most, those
    that shrink fewer, a blow-up fewest; among these what is near to another fate by its largest s x takes longest."""
    largest = (np.asarray(lines.slope)[:, None] * x0).max(axis=1)
    grows = np.asarray(lines.rate) > 0
    within = np.tanh(np.where(grows & (largest > 0), -largest, largest))
    return within + np.where(grows, np.where(largest > 0, 0, 6), 3)
