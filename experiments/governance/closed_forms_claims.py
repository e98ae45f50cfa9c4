"""Theory without Monte Carlo against simulation: histories, linear response, rest, payoffs."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact
from theory import governance as theory

GAMES, WEAK, REST = "governance/noisy-games", "governance/weak-noise", "governance/at-rest"
PAPER = "2602.20846"
DERIVED = Source("derived here")
# Products of ten terms through a contraction of rate about 1/4, and tanh.
LOOP_ERRORS = 128
# The exact clamp measures radii by Gelfand's formula at the 2^20-th power, to ln(C)/2^20 with C of a few.
GELFAND = 4 / 2**20


def _bodies(ds, noise):
    """The bodies of a dataset, cells in one row."""
    names = ("recurrent", "own_input", "other_input", "bias", "readout")
    cells = ds.offset.size
    rows = [ds[name].values.reshape(cells, *(ds[name].shape[ds.offset.ndim :])) for name in names]
    return theory.Body(*rows, ds.offset.values.ravel(), np.full(cells, noise))


def _ask(law):
    """law(body, share, cooperation) for every cell of the data, on the points of the cells."""
    compiled = jax.jit(jax.vmap(law))

    def predict(ds):
        like = ds.offset
        zero = xr.zeros_like(like)
        share, cooperation, noise = (
            (zero + ds.get(name, default)).values.ravel()
            for name, default in (("share", 1.0), ("cooperation", 0.9), ("noise", 0.15))
        )
        return compiled(_bodies(ds, noise)._replace(noise=noise), share, cooperation)

    return predict


def _at_slope_a_quarter(body, cooperation):
    answer = theory.linear_response(body, 1.0, cooperation)
    action = theory.body_action(body, answer.state)
    return answer.action_variance / (4 * action * (1 - action)) ** 2


def _on_cells(law, *own):
    """A law's values as an array on the cells, with dimensions of its own."""
    ask = _ask(law)

    def predict(ds):
        """The law at every cell."""
        values = np.asarray(ask(ds))
        return xr.DataArray(values.reshape(*ds.offset.shape, *values.shape[1:]), dims=(*ds.offset.dims, *own))

    return predict


history = _on_cells(lambda body, share, cooperation: theory.action_law(body, share, cooperation).variance)
history_mean = _on_cells(lambda body, share, cooperation: theory.action_law(body, share, cooperation).mean)
linear = _on_cells(lambda body, share, cooperation: theory.linear_response(body, share, cooperation).action_variance)
linear_mean = _on_cells(lambda body, share, cooperation: theory.linear_response(body, share, cooperation).mean_action)
steepest = _on_cells(lambda body, share, cooperation: _at_slope_a_quarter(body, cooperation))
bound = _on_cells(lambda body, share, cooperation: theory.smoothing_bound(body, cooperation))
published_bound = _on_cells(lambda body, share, cooperation: theory.published_smoothing_bound(body, cooperation))
rest = _on_cells(lambda body, *_: theory.closed_loop_state(body, 1.0, 1.0), "neuron")
jacobian = _on_cells(
    lambda body, *_: theory.loop_jacobian(body, theory.closed_loop_state(body, 1.0, 1.0)), "neuron", "from_neuron"
)
response = _on_cells(lambda body, *_: theory.action_sensitivity(body, 1.0))


def _alone(predict):
    """The prediction for the body alone."""
    return lambda ds: predict(ds.sel(share=1.0, drop=True))


def _copies(name):
    return lambda ds: mean_of(ds[name], "copy")


def _alone_copies(ds):
    return mean_of(ds.variance.sel(share=1.0, drop=True), "copy")


def _path_payoff(ds):
    base, by_action, by_opponent, by_both = (
        float(theory.payoff(0.0, 0.0)),
        float(theory.payoff(1.0, 0.0) - theory.payoff(0.0, 0.0)),
        float(theory.payoff(0.0, 1.0) - theory.payoff(0.0, 0.0)),
        float(theory.payoff(1.0, 1.0) - theory.payoff(1.0, 0.0) - theory.payoff(0.0, 1.0) + theory.payoff(0.0, 0.0)),
    )
    return base + by_action * ds.mean_action + by_opponent * ds.opponent + by_both * ds.together


def _payoff_beside_the_line(ds):
    """u + (1 + q) a - 4 (o - q): the payoff less what the action costs, freed of the opponent's luck."""
    slope = xr.DataArray(np.asarray(theory.payoff_slope(ds.cooperation.values)), dims=ds.cooperation.dims)
    return mean_of(ds.mean_payoff - slope * ds.mean_action - 4 * (ds.opponent - ds.cooperation), "copy")


def _line(ds):
    worth = np.asarray(theory.expected_payoff(0.0, ds.cooperation.values))
    return xr.zeros_like(ds.offset) + xr.DataArray(worth, dims=ds.cooperation.dims)


def _as_if_known(ds):
    """An agent that cooperates exactly when the opponent does would be paid for a o = a."""
    return _line(ds) - (1 - ds.cooperation) * history_mean(ds)


def _published_by_hand(ds):
    """The published bound from stored numbers, by NumPy."""
    norm = np.linalg.norm(ds.jacobian.transpose(..., "neuron", "from_neuron").values, 2, axis=(-2, -1))
    power = (ds.readout**2).sum("neuron") * (ds.other_input**2).sum("neuron")
    value = power.copy(data=power.values * 0.09 / 16 / (1 - norm) ** 2)
    return Exact(value, 1e-9 * value, "solver tolerance of the singular values")


def _dyad(ds):
    spectrum = jax.vmap(theory.rank_one_spectrum)
    return spectrum(ds.left.values, ds.right.values, _bodies(ds, 0.15), ds.dyad_state.values)


def _dyad_radius(ds):
    return ds.offset.copy(data=np.abs(np.linalg.eigvals(np.asarray(_dyad(ds)))).max(axis=-1))


def _dyad_without_feedback(ds):
    return ds.offset.copy(data=np.abs(np.asarray(_dyad(ds))[:, 0, 0]))


def _radius_seen(ds):
    radius = ds.offset.copy(data=np.abs(np.linalg.eigvals(ds.dyad_jacobian.values)).max(axis=-1))
    return Exact(radius, 1e-10, "eigenvalues of a product of dyads in float64")


def _oja(ds):
    return ds.oja_rest.copy(data=np.asarray(jax.vmap(theory.oja_rest, (0, None))(ds.moments.values, 0.99)))


def _one_kappa(ds):
    radius = np.linalg.eigvalsh(ds.moments.values)[:, -1]
    return ds.oja_rest.copy(data=ds.moments.values * (0.99 / radius)[:, None, None])


def _oja_seen(ds):
    error = GELFAND * abs(ds.oja_rest) + LOOP_ERRORS * np.finfo(float).eps
    return Exact(ds.oja_rest, error, "Gelfand's formula at the 2^20-th power")


CLAIMS = (
    Claim(
        id="governance/history-variance",
        kind="equality",
        statement="64 histories of the opponent, each a Gaussian carried five rounds, give the variance of the action "
        "at every share of the body",
        source=DERIVED,
        experiment=GAMES,
        predict=history,
        observe=_copies("variance"),
        comparison=Agreement(resolution=0.5, relative=True),
        decoy=Decoy("linear response, which does not bend", linear),
    ),
    Claim(
        id="governance/history-mean",
        kind="equality",
        statement="the same histories give the mean action",
        source=DERIVED,
        experiment=GAMES,
        predict=history_mean,
        observe=_copies("mean_action"),
        comparison=Agreement(resolution=0.02),
        decoy=Decoy("the action at the mean drive", linear_mean),
    ),
    Claim(
        id="governance/linear-noise",
        kind="equality",
        statement="noise too weak to bend the body moves its action by the variance of a discrete Lyapunov equation",
        source=DERIVED,
        experiment=WEAK,
        predict=linear,
        observe=_copies("variance"),
        comparison=Agreement(resolution=0.2, relative=True),
        decoy=Decoy("the sigmoid's steepest slope 1/4 instead of its slope", steepest),
    ),
    Claim(
        id="governance/smoothing-noise",
        kind="bound",
        statement="against a cooperator Var_1[a] is at most (1/16) ||w||^2 ||w2||^2 eps (1 - eps)/(1 - ||J||)^2, "
        "which is 0",
        source=Source(PAPER, "Thm reservoir smoothing (b)"),
        experiment=WEAK,
        predict=published_bound,
        observe=_copies("variance"),
        comparison=Bound(side="upper", scale=1e-12),
        decoy=Decoy("below zero", lambda ds: published_bound(ds) - 1e-9),
        sharp=Sharp(
            "sigmoid'^2 ||w||^2 (eps (1 - eps) ||D w2||^2 + sigma_xi^2)/(1 - ||J||^2) bounds it",
            bound,
            Bound(side="upper", tight=10.0, resolution=0.5, relative=True),
        ),
    ),
    Claim(
        id="governance/smoothing-published",
        kind="bound",
        statement="Var_1[a] is at most (1/16) ||w||^2 ||w2||^2 eps (1 - eps)/(1 - ||J||)^2",
        source=Source(PAPER, "Thm reservoir smoothing (b)"),
        experiment=GAMES,
        predict=_alone(published_bound),
        observe=_alone_copies,
        comparison=Bound(side="upper", resolution=0.5, relative=True),
        decoy=Decoy("a thousandth of the linear theory's variance", lambda ds: 1e-3 * _alone(linear)(ds)),
    ),
    Claim(
        id="governance/smoothing-vacuous",
        kind="bound",
        statement="the bound of the smoothing theorem is below the variance eps (1 - eps) of tit-for-tat",
        source=Source(PAPER, "Thm reservoir smoothing"),
        experiment=REST,
        predict=lambda ds: xr.full_like(ds.offset, 0.09),
        observe=_published_by_hand,
        comparison=Bound(side="upper"),
        decoy=Decoy("below half of it", lambda ds: xr.full_like(ds.offset, 0.045)),
        sharp=Sharp(
            "it is above eps (1 - eps) and says nothing",
            lambda ds: xr.full_like(ds.offset, 0.09),
            Bound(side="lower", tight=1e3),
        ),
    ),
    Claim(
        id="governance/rest",
        kind="equality",
        statement="without noise a body comes to rest in the self-consistent state x = tanh(W x + w1 a(x) + w2 + b)",
        source=Source(PAPER, "Thm existence of self-consistent fixed points"),
        experiment=REST,
        predict=rest,
        observe=lambda ds: rounding(ds.state, LOOP_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy(
            "the state driven by the constant action 1",
            _on_cells(
                lambda body, *_: theory.driven_state(body.recurrent, body.own_input + body.other_input + body.bias),
                "neuron",
            ),
        ),
    ),
    Claim(
        id="governance/jacobian",
        kind="identity",
        statement="a closed-loop round has the derivative J = diag(1 - x^2)(W + sigmoid' w1 w^T)",
        source=Source(PAPER, "Prop. local stability"),
        experiment=REST,
        predict=jacobian,
        observe=lambda ds: rounding(ds.jacobian, LOOP_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy(
            "without the feedback of the own action",
            _on_cells(
                lambda body, *_: theory.loop_jacobian(body, theory.closed_loop_state(body, 1.0, 1.0), 0.0),
                "neuron",
                "from_neuron",
            ),
        ),
    ),
    Claim(
        id="governance/response",
        kind="identity",
        statement="the settled action answers the opponent by sigmoid' w^T (I - J)^-1 D w2",
        source=DERIVED,
        experiment=REST,
        predict=response,
        observe=lambda ds: rounding(ds.response, 4 * LOOP_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy(
            "the first round's answer alone",
            _on_cells(lambda body, share, cooperation: theory.pulse_response(body, 1.0, 1)[0]),
        ),
    ),
    Claim(
        id="governance/two-by-two",
        kind="identity",
        statement="with W = l r^T the spectral radius of J is that of the 2 x 2 matrix of r and w on D l and D w1",
        source=DERIVED,
        experiment=REST,
        predict=_dyad_radius,
        observe=_radius_seen,
        comparison=Agreement(),
        decoy=Decoy("the dyad without the readout's feedback, |r . D l|", _dyad_without_feedback),
    ),
    Claim(
        id="governance/oja-rest",
        kind="identity",
        statement="Oja's batch rule and the clamp rest at M_ij/(kappa + M_ii) with spectral radius 0.99",
        source=DERIVED,
        experiment=REST,
        predict=_oja,
        observe=_oja_seen,
        comparison=Agreement(),
        decoy=Decoy("the second moments themselves, rescaled", _one_kappa),
    ),
    Claim(
        id="governance/payoff-path",
        kind="identity",
        statement="on every path the mean payoff is 1 + 4 mean(o) - mean(a) - mean(a o)",
        source=DERIVED,
        experiment=GAMES,
        predict=_path_payoff,
        observe=lambda ds: rounding(ds.mean_payoff, 4096, scale=4.0),
        comparison=Agreement(),
        decoy=Decoy(
            "as if both acted independently on every path",
            lambda ds: 1 + 4 * ds.opponent - ds.mean_action * (1 + ds.opponent),
        ),
    ),
    Claim(
        id="governance/payoff-line",
        kind="equality",
        statement="against an opponent who does not react, E u = 1 + 4 q - (1 + q) E a for every share of the body: "
        "who cooperates less is paid more",
        source=DERIVED,
        experiment=GAMES,
        predict=_line,
        observe=_payoff_beside_the_line,
        comparison=Agreement(resolution=0.05),
        decoy=Decoy("as if the agent knew the opponent's move", _as_if_known),
    ),
)
