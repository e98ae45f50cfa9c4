"""Attention as a flow against its closed forms, and the released prediction step against its own equation."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Crossing, Exact
from experiments.graph_ode.graph_flow import ORDERS
from experiments.laws import elementwise
from theory import graph_ode as theory

DERIVED = Source("derived here")
FLOW, STEP, MODES = "graph_ode/attention-flow", "graph_ode/one-step", "graph_ode/cycle-modes"
PINNED, RELEASED = "graph_ode/pinned-diagonal", "graph_ode/released-step"
# At most 37 jumps of sums over 8 nodes; 18 over 6; a step of four stages.
FLOW_ERRORS, STATE_ERRORS, STEP_ERRORS = 37 * 10, 18 * 8, 64

# Compiled once: matrices are judged one after another.
kernel, dobrushin, stationary = map(
    jax.jit, (theory.attention_kernel, theory.dobrushin_coefficient, theory.stationary_distribution)
)


def _by_matrix(law, ds):
    """law(A) at every point of the data."""
    attention = ds.attention.transpose(..., "node", "other")
    points = attention.isel(node=0, other=0, drop=True)
    flat = attention.values.reshape(-1, *attention.shape[-2:])
    return points.copy(data=np.reshape([float(law(matrix)) for matrix in flat], points.shape))


def _stationary(ds):
    attention = ds.attention.transpose(..., "node", "other")
    flat = attention.values.reshape(-1, *attention.shape[-2:])
    rows = [np.asarray(stationary(matrix)) for matrix in flat]
    return attention.isel(other=0, drop=True).copy(data=np.reshape(rows, attention.shape[:-1]))


def _kept_mean(ds):
    """What the kernel makes of the stationary distribution, carried from the left."""
    pushed = (_stationary(ds) * ds.kernel).sum("node").rename(other="node")
    return rounding(pushed, 4 * FLOW_ERRORS, scale=1.0)


def _spread_out(ds):
    return ds.sel(spread=ds.spread > 0)


def _shrunk(ds):
    """osc x(t)/osc x(0)."""
    return np.ptp(ds.state.transpose(..., "node").values, axis=-1) / np.ptp(
        ds.start.transpose(..., "node").values, axis=-1
    )


def _oscillation(ds):
    chosen = _spread_out(ds)
    value = chosen.state.transpose(..., "node").isel(node=0, drop=True)
    return rounding(value.copy(data=_shrunk(chosen)), 8 * FLOW_ERRORS, scale=1.0)


def _contracted(factor=1.0):
    def predict(ds):
        chosen = _spread_out(ds)
        coefficient = _by_matrix(dobrushin, chosen)
        return elementwise(theory.oscillation_bound, np.clip(coefficient, 0, 1), factor * chosen.time)

    return predict


def _by_logits(factor):
    def predict(ds):
        coefficient = elementwise(theory.coefficient_bound, factor * _spread_out(ds).spread)
        return elementwise(theory.oscillation_bound, coefficient, _spread_out(ds).time)

    return predict


def _uniform(ds):
    chosen = ds.sel(spread=0.0, drop=True)
    return rounding(chosen.state - chosen.start.mean("node"), FLOW_ERRORS, scale=4.0)


def _uniform_law(rate):
    def predict(ds):
        chosen = ds.sel(spread=0.0, drop=True)
        return np.exp(-rate * chosen.time) * (chosen.start - chosen.start.mean("node"))

    return predict


def _orders(ds, law):
    """law(order) stacked along the dimension `method`."""
    return xr.concat([law(ORDERS[str(method)]) for method in ds.method.values], ds.method)


def _weights(law):
    """law(order, step), weights of the powers, with zeros up to the number of powers in the data."""

    def predict(ds):
        def padded(order):
            made = np.asarray(law(order, ds.step.values))
            made = np.pad(
                np.broadcast_to(made, (ds.sizes["step"], order + 1)), ((0, 0), (0, ds.sizes["power"] - order - 1))
            )
            return xr.DataArray(made, dims=("step", "power"), coords={"step": ds.step})

        return _orders(ds, padded)

    return predict


def _least_weight(ds):
    order = xr.DataArray([ORDERS[str(method)] for method in ds.method.values], dims="method")
    power = xr.DataArray(np.arange(ds.sizes["power"]), dims="power")
    least = _beside_one(ds).weights.where(power <= order, np.inf).min("power")
    return Crossing(rounding(least, STEP_ERRORS, scale=1e-3), "step")


def _beside_one(ds):
    """Without the step 1, at which margins vanish and their sign is rounding's."""
    return ds.sel(step=ds.step != 1)


def _unit_step(ds):
    return ds.weights.sel({"step": 1.0, "method": "rk4"}, drop=True)


def _growth(select):
    def observe(ds):
        rate = select(_beside_one(ds)).rate
        return Crossing(rounding(rate, STEP_ERRORS, scale=1.0), "step")

    return observe


def _alternating(ds):
    """The mode of opposite neighbours, z = -2h."""
    return ds.sel(turns=12, drop=True)


def _missed(ds):
    """|R(z) - e^z| of one step of size 1."""
    chosen = ds.sel(step=1.0, drop=True)
    real, imag = theory.exact_multiplier(1.0, 2 * np.pi * chosen.turns.values / 24)
    like = xr.DataArray(np.asarray(real), dims="turns", coords={"turns": chosen.turns})
    error = np.hypot(chosen.real_part - like, chosen.imaginary_part - like.copy(data=np.asarray(imag)))
    return rounding(error, STEP_ERRORS, scale=1.0)


def _most_missed(factor):
    return lambda ds: _orders(ds, lambda order: xr.DataArray(factor * float(theory.step_error(order))))


def _limits(ds):
    return _orders(ds, lambda order: xr.DataArray(float(theory.stable_attention_step(order))))


def _self_weight(law):
    def predict(ds):
        rows = [law(int(nodes), ds.score.values) for nodes in ds.nodes.values]
        return ds.self_weight.transpose("nodes", "score").copy(data=np.stack(rows))

    return predict


def _integrated(ds):
    """h_0 + int_0^1 (A - I) h."""
    attention, start = (
        ds.attention.transpose("replicate", "node", "other"),
        ds.start.transpose("replicate", "node", ...),
    )
    made = [
        np.asarray(theory.attention_kernel(a, 1.0)) @ x for a, x in zip(attention.values, start.values, strict=True)
    ]
    return start.copy(data=np.stack(made))


def _to_the_mean(ds):
    start = ds.start.transpose("replicate", "node", ...)
    return start.copy(data=np.stack([np.asarray(theory.uniform_state(x, 1.0)) for x in start.values]))


def _moved(ds):
    """How far the integrated prediction stands from the released one, on the same weights."""
    return rounding(abs(ds.value_exact - ds.value_released).max("node"), STATE_ERRORS, scale=4.0)


CLAIMS = (
    Claim(
        id="graph_ode/P8",
        kind="identity",
        statement="attention's flow keeps the mean weighed by A's stationary distribution",
        source=DERIVED,
        experiment=FLOW,
        predict=_stationary,
        observe=_kept_mean,
        comparison=Agreement(),
        decoy=Decoy("the plain mean", lambda ds: xr.full_like(ds.start, 1 / ds.sizes["node"])),
    ),
    Claim(
        id="graph_ode/P9",
        kind="bound",
        statement="the range of a state shrinks at least like e^(-(1 - delta) t), delta Dobrushin's coefficient of A",
        source=DERIVED,
        experiment=FLOW,
        predict=_contracted(),
        observe=_oscillation,
        comparison=Bound(side="upper"),
        decoy=Decoy("twice as fast", _contracted(2.0)),
    ),
    Claim(
        id="graph_ode/P9-logits",
        kind="bound",
        statement="with all logits in [-B, B] it shrinks at least like exp(-e^(-2B) t)",
        source=DERIVED,
        experiment=FLOW,
        predict=_by_logits(1.0),
        observe=_oscillation,
        comparison=Bound(side="upper"),
        decoy=Decoy("like e^(-t), whatever the logits", _by_logits(0.0)),
    ),
    Claim(
        id="graph_ode/P9-uniform",
        kind="identity",
        statement="uniform attention multiplies deviations from the mean by e^(-t)",
        source=DERIVED,
        experiment=FLOW,
        predict=_uniform_law(1.0),
        observe=_uniform,
        comparison=Agreement(),
        decoy=Decoy("by e^(-8t/7), as if no node looked at itself", _uniform_law(8 / 7)),
    ),
    Claim(
        id="graph_ode/P10",
        kind="identity",
        statement="an RK4 step of size 1 is the stochastic matrix (9 + 8A + 6A^2 + A^4)/24: permutations of four "
        "things by fixed points",
        source=DERIVED,
        experiment=STEP,
        predict=lambda ds: np.pad(np.asarray(theory.rencontres_weights(4)), (0, 2)),
        observe=lambda ds: rounding(_unit_step(ds), STEP_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy(
            "the Poisson weights of the exact flow",
            lambda ds: np.pad(np.exp(-1) / np.array([1, 1, 2, 6, 24]), (0, 2)),
        ),
    ),
    Claim(
        id="graph_ode/P11",
        kind="identity",
        statement="a step of size h has the weights h^k/k! sum_(j <= s - k) (-h)^j/j! of the powers of A",
        source=DERIVED,
        experiment=STEP,
        predict=_weights(theory.step_weights),
        observe=lambda ds: rounding(ds.weights, STEP_ERRORS, scale=2.0),
        comparison=Agreement(),
        decoy=Decoy("those of a step of size 1", _weights(lambda order, step: theory.rencontres_weights(order))),
    ),
    Claim(
        id="graph_ode/P11-positive",
        kind="threshold",
        statement="steps of orders 1 to 4 are stochastic matrices up to h = 1, and no further",
        source=DERIVED,
        experiment=STEP,
        predict=lambda ds: float(theory.monotone_attention_step()),
        observe=_least_weight,
        comparison=Agreement(),
        decoy=Decoy("as long as they are stable", _limits),
    ),
    Claim(
        id="graph_ode/P12",
        kind="threshold",
        statement="beyond h = 1 Euler's method amplifies every mode of a directed cycle",
        source=DERIVED,
        experiment=MODES,
        predict=lambda ds: float(theory.stable_attention_step(1)),
        observe=_growth(lambda ds: ds.sel({"method": "euler"}, drop=True)),
        comparison=Agreement(),
        decoy=Decoy("beyond h = 1.1", lambda ds: 1.1),
    ),
    Claim(
        id="graph_ode/P12-orders",
        kind="threshold",
        statement="on all stochastic A the orders 1 to 4 are stable up to h = 1, 1, 1.2564, 1.3926",
        source=DERIVED,
        experiment=MODES,
        predict=_limits,
        observe=_growth(_alternating),
        comparison=Agreement(),
        decoy=Decoy("up to h = 1, as Euler", lambda ds: 1.0),
    ),
    Claim(
        id="graph_ode/P13",
        kind="bound",
        statement="one step of size 1 misses the flow's factors by at most |R(-2) - e^(-2)|, 0.198 for RK4",
        source=DERIVED,
        experiment=MODES,
        predict=_most_missed(1.0),
        observe=_missed,
        comparison=Bound(side="upper"),
        decoy=Decoy("by at most nine tenths of that", _most_missed(0.9)),
    ),
    Claim(
        id="graph_ode/P14",
        kind="identity",
        statement="with its diagonal pinned, a layer's edge bias alone sets the self-weight 1/(1 + (K - 1) e^b)",
        source=DERIVED,
        experiment=PINNED,
        predict=_self_weight(theory.self_weight),
        observe=lambda ds: rounding(ds.self_weight, STEP_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("none: every node weighs 1/K", _self_weight(lambda nodes, score: np.full(score.shape, 1 / nodes))),
    ),
    Claim(
        id="graph_ode/P15",
        kind="identity",
        statement="the prediction step takes h_0 to h_0 + int_0^1 (A - I) h dt",
        source=Source("2505.17459", "method figure (GraphODE)"),
        experiment=RELEASED,
        predict=_integrated,
        observe=lambda ds: rounding(ds.state_released, STATE_ERRORS, scale=4.0),
        comparison=Agreement(),
        decoy=Decoy("to where uniform attention takes it", _to_the_mean),
        sharp=Sharp("the released step, whose time grid has one entry, returns h_0 itself", lambda ds: ds.start),
    ),
    Claim(
        id="graph_ode/P15-exact",
        kind="identity",
        statement="under a grid that integrates, the state is e^(A - I) h_0",
        source=DERIVED,
        experiment=RELEASED,
        predict=_integrated,
        observe=lambda ds: rounding(ds.state_exact, 4 * STATE_ERRORS, scale=4.0),
        comparison=Agreement(),
        decoy=Decoy("h_0, as in the released code", lambda ds: ds.start),
    ),
    Claim(
        id="graph_ode/P15-gradient",
        kind="identity",
        statement="the released step gives attention and edges a gradient of exactly zero: no training can reach them",
        source=DERIVED,
        experiment=RELEASED,
        predict=lambda ds: 0.0,
        observe=lambda ds: Exact(ds.gradient_released, 0.0, "stored as computed"),
        comparison=Agreement(),
        decoy=Decoy("that of the grid [0, 1]", lambda ds: ds.gradient_one_step),
    ),
    Claim(
        id="graph_ode/P15-differs",
        kind="ordering",
        statement="on the same weights, integrating changes the prediction",
        source=DERIVED,
        experiment=RELEASED,
        predict=lambda ds: 0.0,
        observe=_moved,
        comparison=Ordering(),
        decoy=Decoy("by more than the whole prediction", lambda ds: 1 + abs(ds.value_released).max("node")),
    ),
)
