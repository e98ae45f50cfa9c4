"""Tokens with two channels: what becomes of random systems, one token alone and three in a row."""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr

from dynamics.tokens import layer_of_matrix, step_sizes, token_fate, token_flow
from dynamics.tokens.regimes import CONE, CONVERGENT, OK, REGIMES
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, listing, replicates

DECAY, LOG_HORIZON, TOLERANCE, REST = 0.5, 20.0, 1e-8, 1e-4
CHANNELS = ("x", "y")
# Signs of the two eigenvalues in the paper's figure 6.
SPECTRA = {"A": (1, 1), "B": (1, -1), "C": (-1, -1)}


def random_matrix(key, first_sign, second_sign, symmetric):
    """A real matrix with eigenvalues of these signs and moduli U(0.3, 1.5), in a random (orthonormal) basis."""
    moduli_key, basis_key, angle_key = jr.split(key, 3)
    spectrum = jnp.stack([first_sign, second_sign]) * jr.uniform(moduli_key, (2,), float, 0.3, 1.5)
    angle = jr.uniform(angle_key, (), float, 0, jnp.pi)
    turn = jnp.array([[jnp.cos(angle), -jnp.sin(angle)], [jnp.sin(angle), jnp.cos(angle)]])
    basis = jnp.where(symmetric, turn, jr.normal(basis_key, (2, 2), float))
    return basis * spectrum @ jnp.linalg.inv(basis)


def random_system(key, first_sign, second_sign, symmetric, shared):
    """Matrix, rows of S_Delta and three tokens, all entries of the latter two standard normal."""
    matrix_key, step_key, token_key = jr.split(key, 3)
    step_map = jr.normal(step_key, (2, 2), float)
    step_map = jnp.where(shared, step_map[:1], step_map)
    matrix = random_matrix(matrix_key, first_sign, second_sign, symmetric)
    return matrix, step_map, jr.normal(token_key, (3, 2), float)


def first_token(key, *, first_sign, second_sign, symmetric, shared):
    """The fate of one token: its system, and how its solve ended."""
    matrix, step_map, tokens = random_system(key, first_sign, second_sign, symmetric, shared)
    layer = layer_of_matrix(matrix, step_map, DECAY)
    fate = token_fate(tokens[:1], layer, LOG_HORIZON, rest=REST, tolerance=TOLERANCE)
    end = fate.tokens[0]
    # At rest |Delta o x| |x . M x| t <= REST |x|, which leaves this much of the form of the direction.
    least = jnp.min(step_sizes(end[None], layer))
    square, rests = end @ end, fate.regime[0] == CONE
    return {
        "matrix": matrix,
        "step_map": step_map,
        "token": tokens[0],
        "growth": jnp.where(rests, 0.0, jnp.sign(fate.growth[0])),
        "inverse_time": 1 / fate.time,
        "form": end @ matrix @ end / square,
        "form_left": jnp.where(rests, 2 * REST * jnp.exp(-fate.log_time) / jnp.where(rests, least * square, 1.0), 0.0),
        "log_length": fate.log_length[0],
        "log_time": fate.log_time,
        "regime": fate.regime[0],
        "status": fate.status,
    }


def three_tokens(key, *, first_sign, second_sign, symmetric, shared):
    """Whether each of three tokens, in its own causal subsystem, converges to 0; and its regime there."""
    matrix, step_map, tokens = random_system(key, first_sign, second_sign, symmetric, shared)
    layer = layer_of_matrix(matrix, step_map, DECAY)
    # Where one token rests and another moves the flow grows stiff; what is seen after so many steps is then stored.
    fates = [token_fate(tokens[:n], layer, LOG_HORIZON, tolerance=1e-6, max_steps=400) for n in (1, 2, 3)]
    return {
        "converges": jnp.stack([(fate.regime[-1] == CONVERGENT) & (fate.status == OK) for fate in fates]),
        "regime": jnp.stack([fate.regime[-1] for fate in fates]),
        "resting": fates[-1].resting,
        "status": jnp.stack([fate.status for fate in fates]),
    }


# Panels: three spectra turned by 30 degrees; D stops on the cone; E and F are not symmetric.
_COS, _SIN = 0.75**0.5, 0.5
_TURN = ((_COS, -_SIN), (_SIN, _COS))
PANELS = ("A", "B", "C", "D", "E", "F")
_STEPS = ((0.5, -0.8), (-0.3, 0.4))
ANGLES = (20, 80, 130, 200, 250, 320)
POINTS = 120


def panel_matrices():
    """M of each panel."""
    turn = jnp.array(_TURN)
    symmetric = [turn * jnp.array(pair) @ turn.T for pair in ((1.2, 0.5), (1.0, -0.8), (-1.2, -0.5))]
    return jnp.stack([*symmetric, jnp.diag(jnp.array([1.0, -1.0])), *map(jnp.array, (_TO_ZERO, _TO_INFINITY))])


_TO_ZERO, _TO_INFINITY = ((1.0, -4.0), (0.0, 1.5)), ((-1.0, 4.0), (0.0, -1.5))


def plane_panel(key, *, panel):
    """Six tokens on the unit circle, up to a length of 20 or to t = 100; in the last three panels one token alone."""
    del key
    matrix = panel_matrices()[panel]
    cone = jnp.array([[-1.0, 0.3], [0.5, 1.0]])
    # The counterexamples are those of a shared step size.
    step_map = jnp.where(panel == 3, cone, jnp.where(panel > 3, jnp.array([0.4, 0.3]), jnp.array(_STEPS)))
    angles = jnp.deg2rad(jnp.array(ANGLES, float))
    circle = jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)
    alone = jnp.where(panel == 3, jnp.array([0.8, 1.0]), jnp.ones(2))
    # Six copies that do not see each other would be a different system: one token is followed by tokens of no size.
    tokens = jnp.where(panel < 3, circle, alone * jnp.array([1.0, *[1e-9] * 5])[:, None])
    layer = layer_of_matrix(matrix, step_map, DECAY)
    fate = token_fate(tokens, layer, jnp.log(100.0), tolerance=TOLERANCE)
    # Points crowd towards a blow-up; a decay is drawn evenly in ln t.
    towards = jnp.log(-jnp.expm1(-jnp.linspace(1e-3, 12.0, POINTS))) + jnp.log(jnp.minimum(fate.time, 100.0))
    log_times = jnp.where(jnp.isfinite(fate.time), towards, jnp.linspace(-5.0, jnp.log(100.0), POINTS))
    flow = token_flow(tokens, layer, log_times, tolerance=TOLERANCE)
    shown = flow.log_length.max(axis=1) <= jnp.log(20.0)
    return {
        "tokens": jnp.where(shown[:, None, None], flow.tokens, 0.0),
        "shown": shown,
        "time": jnp.exp(log_times),
        "regime": fate.regime,
        "form": jnp.einsum("ld,de,le->l", fate.direction, matrix, fate.direction),
    }


PARAMETERS = {
    "first_sign": Quantity("s_1", "sign of the first eigenvalue of M"),
    "second_sign": Quantity("s_2", "sign of the second eigenvalue of M"),
    "symmetric": Quantity("M = M^T", "whether M is symmetric (1) or has a random basis (0)"),
    "shared": Quantity(r"\Delta", "whether the channels share their step size (1) or not (0)"),
    "replicate": Quantity("r", "random system"),
}


def _spectra(**chosen):
    kinds = [
        (spectrum, symmetric, shared)
        for symmetric in chosen["symmetric"]
        for shared in chosen["shared"]
        for spectrum in SPECTRA
    ]
    return cases(
        "kind",
        first_sign=[float(SPECTRA[spectrum][0]) for spectrum, _, _ in kinds],
        second_sign=[float(SPECTRA[spectrum][1]) for spectrum, _, _ in kinds],
        symmetric=[symmetric for _, symmetric, _ in kinds],
        shared=[shared for _, _, shared in kinds],
    )


_REGIME = Quantity("", "what became of the token: " + ", ".join(f"{i} {name}" for i, name in enumerate(REGIMES)))
_STATUS = Quantity("", "how the solve ended")

FIRST_TOKEN = Experiment(
    name="tokens/first-token",
    title="One token with two channels",
    cell=first_token,
    parameters=PARAMETERS,
    outputs={
        "matrix": Quantity("M", "input-output matrix", dims=("row", "column")),
        "step_map": Quantity(r"S_\Delta", "rows of the step-size map", dims=("row", "column")),
        "token": Quantity("x_1(0)", "first token", dims=("column",)),
        "growth": Quantity(r"\mathrm{sgn}\,d|x_1|/dt", "sign of the growth at the end; 0 at rest"),
        "inverse_time": Quantity("1/T^*", "inverse of the blow-up time; 0 without a blow-up"),
        "form": Quantity(r"\theta^T M \theta", "form of the direction at the end"),
        "form_left": Quantity("", "largest form that a token at rest may still have"),
        "log_length": Quantity(r"\ln|x_1|", "logarithm of the length at the end"),
        "log_time": Quantity(r"\ln t", "logarithm of the time at the end"),
        "regime": _REGIME,
        "status": _STATUS,
    },
    scales={
        name: Space((_spectra(symmetric=(0, 1), shared=(0, 1)), replicates(count)))
        for name, count in (("quick", 150), ("paper", 400))
    },
)

THREE_TOKENS = Experiment(
    name="tokens/three-tokens",
    title="Three tokens with two channels: the conjecture of figure 6",
    cell=three_tokens,
    parameters=PARAMETERS,
    outputs={
        "converges": Quantity(r"x_l \to 0", "whether token l converges to 0", dims=("position",)),
        "regime": Quantity("", _REGIME.meaning, dims=("position",)),
        "resting": Quantity("", "whether all three came to rest on the cone"),
        "status": Quantity("", _STATUS.meaning, dims=("position",)),
    },
    scales={
        name: Space((_spectra(symmetric=(1, 0), shared=(1, 0)), replicates(count)))
        for name, count in (("quick", 160), ("paper", 400))
    },
    coordinates={"position": (1, 2, 3)},
    # With a step size for each channel some solves grow stiff and run into the limit of steps; the others end early.
    cost=lambda columns: 1.0 - columns["shared"],
    shard_cells=480,
)

PLANE_PANELS = Experiment(
    name="tokens/plane-panels",
    title="Orbits in the plane",
    cell=plane_panel,
    parameters={"panel": Quantity("", "panel: " + ", ".join(f"{i} {name}" for i, name in enumerate(PANELS)))},
    outputs={
        "tokens": Quantity("x_l(t)", "tokens", dims=("point", "token", "channel")),
        "shown": Quantity("", "whether all lengths are below 20", dims=("point",)),
        "time": Quantity("t", "time", dims=("point",)),
        "regime": Quantity("", _REGIME.meaning, dims=("token",)),
        "form": Quantity(r"\theta^T M \theta", "form of the directions at the end", dims=("token",)),
    },
    scales={name: Space((listing("panel", range(len(PANELS))),)) for name in ("quick", "paper")},
)

EXPERIMENTS = (FIRST_TOKEN, THREE_TOKENS, PLANE_PANELS)
