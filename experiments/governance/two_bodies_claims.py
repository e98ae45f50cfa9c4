"""What theory says of two bodies in one loop: joint rests, how disturbances of them die, and when there are two."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Source
from experiments.evidence import Bracket, Exact
from experiments.governance.two_bodies import RULES
from theory import governance as theory

PAIRS, RULED, TWINS = "governance/two-bodies", "governance/before-rules", "governance/twins"
DERIVED = Source("derived here")
# A round is a few sums of ten terms, of size one, and tanh.
ROUND_ERRORS = 64 * float(np.finfo(float).eps)
# A disturbance that has turned into one mode has no residual but rounding.
CONVERGED = 1e-6
STRATEGIES = (
    theory.TIT_FOR_TAT,
    theory.Rule(1.0, 1 / 3, 1.0, 1 / 3),
    theory.WIN_STAY_LOSE_SHIFT,
)
assert len(STRATEGIES) == len(RULES)


def bodies_of(ds, prefix="", noise=0.15) -> theory.Body:
    """The bodies of a dataset as theory knows them, cells in one row."""
    dims = ds[f"{prefix}intercept"].dims

    def rows(name, *own):
        values = np.asarray(ds[prefix + name].transpose(*dims, *own).values, float)
        return values.reshape(-1, *values.shape[len(dims) :])

    inputs = rows("inputs", "neuron", "player")
    named = (rows("bias", "neuron"), rows("weights", "neuron"), rows("intercept"))
    return theory.Body(
        rows("recurrent", "neuron", "origin"), inputs[..., 0], inputs[..., 1], *named, np.full(len(inputs), noise)
    )


def _on_cells(ds, name):
    """A parameter's value in every cell, in one row."""
    return (0 * ds.intercept + ds[name]).transpose(*ds.intercept.dims).values.ravel()


# One case after another: two batched decompositions in one program may wait for each other for ever.
@jax.jit
def _pairs(first, second, share, other_share, opening):
    def one(case):
        state, spectrum = theory.pair_state(*case), theory.pair_spectrum(*case)
        alone = theory.body_action(case[0], theory.closed_loop_state(case[0], case[2], 1.0))
        return (state.first_action, state.second_action), spectrum, case[2] * alone + 1 - case[2]

    return jax.lax.map(one, (first, second, share, other_share, opening))


@jax.jit
def _ruled(body, share, rule):
    def one(case):
        met, spectrum = theory.met_state(*case), theory.met_spectrum(*case)
        own = theory.spectral_radius(theory.loop_jacobian(case[0], met.state, case[1]))
        return (met.action, met.opponent), spectrum, own

    return jax.lax.map(one, (body, share, rule))


def _paired(ds):
    return _pairs(
        bodies_of(ds), bodies_of(ds, "other_"), *(_on_cells(ds, n) for n in ("share", "other_share", "opening"))
    )


def _met(ds):
    rules = theory.Rule(*np.array(STRATEGIES).T)
    chosen = theory.Rule(*(values[_on_cells(ds, "rule").astype(int)] for values in rules))
    return _ruled(bodies_of(ds), _on_cells(ds, "share"), chosen)


def _like(ds, values):
    return ds.intercept.copy(data=np.asarray(values, float).reshape(ds.intercept.shape))


def _both(ds, first, second):
    return xr.concat([_like(ds, first), _like(ds, second)], "who")


def _response(ds):
    """How far a joint rest moves per unit of error of a round: |(I - J)^-1|."""
    matrices = ds.jacobian.transpose(*ds.intercept.dims, "entry", "from_entry").values
    return _like(ds, np.linalg.norm(np.linalg.inv(np.eye(matrices.shape[-1]) - matrices), 2, axis=(-2, -1)))


def _rests(ds):
    seen = xr.concat([ds.action, ds.other_action], "who").transpose("who", *ds.intercept.dims)
    error = _response(ds) * (ds.moved + ROUND_ERRORS)
    return Exact(seen, error.expand_dims(who=2), "rounding and what the last round still moved, by |(I - J)^-1|")


def modes_of(ds) -> tuple[np.ndarray, np.ndarray]:
    """The slowest eigenvalue that two disturbances of every cell found, and a proven bound of its error.

    With Q orthonormal and H = Q^T J Q, an eigenvector s of H has the residual r = |J Q s - theta Q s|: theta is an
    eigenvalue of a matrix no further than r from J, hence (Bauer and Fike) within cond(V) r of one of J.
    """
    dims = ds.intercept.dims
    kept, pushed = (
        ds[name].transpose(*dims, "entry", "which").values.reshape(-1, ds.sizes["entry"], 2)
        for name in ("disturbed", "pushed")
    )
    jacobians = ds.jacobian.transpose(*dims, "entry", "from_entry").values.reshape(-1, *kept.shape[1:2] * 2)
    values, errors = [], []
    for q, jq, jacobian in zip(kept, pushed, jacobians, strict=True):
        found, mixed = np.linalg.eig(q.T @ jq)
        residual = np.linalg.norm(jq @ mixed - q @ mixed * found, axis=0)
        settled = residual < CONVERGED
        best = np.argmax(np.where(settled, abs(found), -1)) if settled.any() else np.argmin(residual)
        condition = np.linalg.cond(np.linalg.eig(jacobian)[1])
        values.append(found[best])
        errors.append(condition * (residual[best] + ROUND_ERRORS))
    return np.array(values), np.array(errors)


BECAUSE = "residual of the disturbance times the condition of the eigenvectors (Bauer-Fike)"


def _rates(ds):
    values, errors = modes_of(ds)
    return Exact(_like(ds, abs(values)), _like(ds, errors), BECAUSE)


def _turns(ds):
    values, errors = modes_of(ds)
    error = np.arcsin(np.minimum(errors / abs(values), 1)) / (2 * np.pi)
    return Exact(_like(ds, abs(np.angle(values)) / (2 * np.pi)), _like(ds, error), BECAUSE)


def _leading(found):
    return np.asarray(found[1])[:, 0]


def _mirrored(ds):
    share, other = _on_cells(ds, "share"), _on_cells(ds, "other_share")
    return _like(ds, np.sqrt((1 - share) * (1 - other)))


def _second_rest(ds):
    """Gains of the grid between which the second rest appears; what is not at rest decides nothing."""
    apart = abs(ds.action.sel(opening=1.0) - ds.action.sel(opening=0.0))
    still = ds.moved.max("opening") < 1e-12
    gain = ds.gain + 0 * apart
    low = gain.where(still & (apart < 1e-9)).max("gain")
    high = gain.where(still & (apart > 1e-3)).min("gain")
    return Bracket(low, high, "neighbouring gains of the grid, both at rest")


def _folded(law):
    """A law of the fresh bodies, which their shares do not matter to."""

    def predict(ds):
        found = jax.lax.map(law, bodies_of(ds.isel(gain=0, shares=0)))
        return xr.DataArray(np.asarray(found), dims="body", coords={"body": ds.body})

    return predict


def _shifting(ds):
    return ds.isel(rule=[2])


def _forgotten(ds):
    """|2a - 1|, unless the body's own loop is slower."""
    found = _met(ds)
    return _like(ds, np.maximum(abs(2 * np.asarray(found[0][0]) - 1), np.asarray(found[2])))


CLAIMS = (
    Claim(
        id="governance/pair-rest",
        kind="equality",
        statement="two bodies in one loop come to rest in the joint state in which each answers the other's answer",
        source=DERIVED,
        experiment=PAIRS,
        predict=lambda ds: _both(ds, *_paired(ds)[0]),
        observe=_rests,
        comparison=Agreement(),
        decoy=Decoy("each as before a cooperator", lambda ds: _both(ds, *[_paired(ds)[2]] * 2)),
    ),
    Claim(
        id="governance/pair-rate",
        kind="rate",
        statement="a small disturbance of two bodies dies by the modulus of the slowest joint eigenvalue each round",
        source=DERIVED,
        experiment=PAIRS,
        predict=lambda ds: _like(ds, abs(_leading(_paired(ds)))),
        observe=_rates,
        comparison=Agreement(),
        decoy=Decoy("by what is mirrored alone, sqrt((1 - alpha_1)(1 - alpha_2))", _mirrored),
    ),
    Claim(
        id="governance/pair-turns",
        kind="rate",
        statement="and turns by that eigenvalue's angle: not at all, over tens of rounds, or every other round",
        source=DERIVED,
        experiment=PAIRS,
        predict=lambda ds: _like(ds, abs(np.angle(_leading(_paired(ds)))) / (2 * np.pi)),
        observe=_turns,
        comparison=Agreement(),
        decoy=Decoy("mutual retaliation every other round", lambda ds: _like(ds, np.full(ds.intercept.size, 0.5))),
    ),
    Claim(
        id="governance/twin-fold",
        kind="threshold",
        statement="twins, and a body before an echo, have a second rest from the same gain of the readout on, whatever "
        "their shares: the least logit(a)/z(a)",
        source=DERIVED,
        experiment=TWINS,
        predict=_folded(lambda body: theory.twin_fold(body).gain),
        observe=_second_rest,
        comparison=Agreement(),
        decoy=Decoy(
            "the gain at which defection as it was taught, a = 0.05, is a rest",
            _folded(lambda body: theory.twin_gain(body, 0.05)),
        ),
    ),
    Claim(
        id="governance/rule-rest",
        kind="equality",
        statement="a body before Tit-for-Tat or its generous kin rests in their joint state, and drives win-stay "
        "lose-shift to cooperate by half, however kind it is",
        source=DERIVED,
        experiment=RULED,
        predict=lambda ds: _both(ds, *_met(ds)[0]),
        observe=_rests,
        comparison=Agreement(),
        decoy=Decoy("an opponent who copies the agent", lambda ds: _both(ds, *[_met(ds)[0][0]] * 2)),
    ),
    Claim(
        id="governance/rule-rate",
        kind="rate",
        statement="disturbances of these loops die by the slowest joint eigenvalue",
        source=DERIVED,
        experiment=RULED,
        predict=lambda ds: _like(ds, abs(_leading(_met(ds)))),
        observe=_rates,
        comparison=Agreement(),
        decoy=Decoy(
            "by the echo's square root, sqrt(1 - alpha)", lambda ds: _like(ds, np.sqrt(1 - _on_cells(ds, "share")))
        ),
    ),
    Claim(
        id="governance/shift-rate",
        kind="rate",
        statement="before win-stay lose-shift, at one half, a disturbance dies by |2a - 1|: the kinder the agent, the "
        "longer, and below one half it alternates",
        source=DERIVED,
        experiment=RULED,
        predict=lambda ds: _forgotten(_shifting(ds)),
        observe=lambda ds: _rates(_shifting(ds)),
        comparison=Agreement(),
        decoy=Decoy("by the agent's action itself", lambda ds: _like(_shifting(ds), _met(_shifting(ds))[0][0])),
    ),
)
