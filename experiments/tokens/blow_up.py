"""mu > 0 with some s x > 0: who blows up, when, in which order, and who follows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.tokens import blow_up, line_fate, line_flow, line_phase, make_line
from dynamics.tokens.regimes import BLOWING_UP, FINITE, FOLLOWER_LOGLOG, FOLLOWER_POWER, SLOW
from experiments.codes import OK, STEP_LIMIT
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, grid, listing, random_design
from experiments.tokens.line_quantities import BIAS, COUPLING, DECAY, STEPS

LOG_HORIZON = 100.0
SIZES = (0.9, 0.7, 0.8)
LEADER_LOG_SIZES = (5.0, 10.0, 20.0, 50.0, 200.0, 1000.0, 5000.0)
HALVINGS = 24


def _sequence(x, line):
    """1/T_l of every beginning of a sequence, and what its tokens do at the end of the whole."""
    # Tokens at 0 are silent: a beginning is the sequence with its later tokens struck out, all in one compilation.
    beginnings = jnp.tril(jnp.ones((x.shape[0], x.shape[0]))) * x
    fates = jax.vmap(lambda start: line_fate(start, line, LOG_HORIZON))(beginnings)
    end = jax.tree.map(lambda leaf: leaf[-1], fates)
    leader = jnp.argmax(end.regime == BLOWING_UP)
    leading = (end.regime == BLOWING_UP) | (end.regime == FOLLOWER_POWER)
    diverging = leading | (end.regime == FOLLOWER_LOGLOG) | (end.regime == SLOW)
    return {
        "inverse_life": 1 / fates.time,
        "diverges": jnp.where(diverging, 1.0, 0.0),
        "finite": jnp.where(end.regime == FINITE, end.tokens, 0.0),
        "ratio": jnp.where(leading, end.sign * end.sign[leader] * jnp.exp(end.log_size - end.log_size[leader]), 0.0),
        "steps": fates.steps,
        "code": jnp.where(jnp.any(fates.status == STEP_LIMIT), STEP_LIMIT, OK).astype(jnp.int8),
    }


def sign_patterns(key, *, first, second, third, decay):
    """Three tokens of the sizes 0.9, 0.7, 0.8 and the given signs, mu = s = 1."""
    del key
    x = jnp.stack([first, second, third]) * jnp.asarray(SIZES)
    return _sequence(x, make_line(1.0, 1.0, decay))


def sequences(key, *, first, second, third, fourth, coupling, decay, bias):
    """Four tokens of any sizes and signs, s = 1."""
    del key
    return _sequence(jnp.stack([first, second, third, fourth]), make_line(coupling, 1.0, decay, bias))


def blow_up_order(key, *, leader, decay, bias):
    """u_2(0) between which the first of two tokens stops being finite at the blow-up, by bisection of solves."""
    del key
    line = make_line(1.0, 1.0, decay, bias)

    def halve(_, bracket):
        low, high, steps = bracket
        middle = (low + high) / 2
        fate = line_fate(jnp.stack([leader, middle]), line, LOG_HORIZON)
        second_first = fate.regime[0] == FINITE
        return (
            jnp.where(second_first, low, middle),
            jnp.where(second_first, middle, high),
            jnp.maximum(steps, fate.steps),
        )

    low, high, steps = jax.lax.fori_loop(0, HALVINGS, halve, (0 * leader, leader, jnp.asarray(0)))
    return {"low": low, "high": high, "steps": steps}


def follower(key, *, leader, second, decay):
    """Where the second of two tokens stands when the first has grown to sizes up to e^5000."""
    del key
    solved = line_phase(jnp.stack([leader, second]), make_line(1.0, 1.0, decay), jnp.asarray(LEADER_LOG_SIZES))
    return {"log_follower": solved.log_size[:, 1], "steps": solved.steps, "code": solved.status}


def constant_step(key, *, coupling, share, decay):
    """Four tokens under a constant step ln 2, at a share of the life of the fastest (or at that time, decaying)."""
    del key
    start = jnp.asarray([1.0, -0.8, 1.6, 0.4])
    line = make_line(coupling, 0.0, decay)
    # No token alone lives shorter than the largest one under all the input there is.
    time = share / (2 * jnp.abs(coupling) * jnp.log(2.0) * jnp.sum(start**2))
    solved = line_flow(start, line, jnp.log(time)[None])
    return {"time": time, "x": solved.tokens[0], "steps": solved.steps, "code": solved.status}


def approach(key, *, second, decay):
    """Figure F3: the tokens (1, x_2) as functions of the time that is left, along the size of the first to blow up."""
    del key
    line = make_line(1.0, 1.0, decay)
    sizes = jnp.asarray(APPROACH_LOG_SIZES)
    first_leads = second < 0.8
    start = jnp.stack([jnp.ones_like(second), second])
    by_first = line_phase(start, line, sizes).log_size
    by_second = line_phase(start, line, sizes, along=1).log_size
    log_size = jnp.where(first_leads, by_first, by_second)

    def left(row):
        x = jnp.exp(row)
        return jnp.where(first_leads, blow_up(x[:1], line, 0).time, blow_up(x, line, 1).time)

    return {"log_size": log_size, "left": jax.vmap(left)(log_size)}


APPROACH_LOG_SIZES = tuple(float(v) for v in np.linspace(0.05, 11.0, 24))
_SIGNS = np.array([[1.0 - 2.0 * (k >> i & 1) for i in (2, 1, 0)] for k in range(8)])
_OUTPUTS = {
    "inverse_life": Quantity("1/T_l", "reciprocal of the life of tokens 1..l, 0 for ever", dims=("token",)),
    "diverges": Quantity("d_l", "1 if token l diverges as the whole sequence ends", dims=("token",)),
    "finite": Quantity("x_l(T^*)", "token at T* where it is finite, else 0", dims=("token",)),
    "ratio": Quantity("x_l/x_p", "ratio to the first token to blow up where it has a limit, else 0", dims=("token",)),
    "steps": Quantity("n_l", "steps of the solver", dims=("token",)),
}

SIGN_PATTERNS = Experiment(
    name="tokens/sign-patterns",
    title="Three tokens of every sign pattern",
    cell=sign_patterns,
    parameters={
        **{name: Quantity(rf"\sigma_{i}", "sign of s x") for i, name in enumerate(("first", "second", "third"), 1)},
        "decay": DECAY,
    },
    outputs=_OUTPUTS,
    scales={
        name: Space(
            (
                cases("pattern", **{n: _SIGNS[:, i].tolist() for i, n in enumerate(("first", "second", "third"))}),
                listing("decay", decays),
            )
        )
        for name, decays in (("quick", (0.0, 0.5, 2.0)), ("paper", (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)))
    },
    coordinates={"token": (1.0, 2.0, 3.0)},
)
SEQUENCES = Experiment(
    name="tokens/sequences",
    title="Four tokens of random sizes and signs",
    cell=sequences,
    parameters={
        **{name: Quantity(f"x_{i}", "token") for i, name in enumerate(("first", "second", "third", "fourth"), 1)},
        "coupling": COUPLING,
        "decay": DECAY,
        "bias": BIAS,
    },
    outputs=_OUTPUTS,
    scales={
        name: Space(
            (
                random_design(
                    "system",
                    count,
                    10,
                    **dict.fromkeys(("first", "second", "third", "fourth"), (-2.0, 2.0)),
                    coupling=(0.3, 2.0),
                    decay=(0.0, 3.0),
                    bias=(-2.0, 1.0),
                ),
            )
        )
        for name, count in (("quick", 60), ("paper", 1500))
    },
    coordinates={"token": (1.0, 2.0, 3.0, 4.0)},
)
BLOW_UP_ORDER = Experiment(
    name="tokens/blow-up-order",
    title="Which of two tokens blows up first, by bisection",
    cell=blow_up_order,
    parameters={"leader": Quantity("u_1(0)", "first token, s x > 0"), "decay": DECAY, "bias": BIAS},
    outputs={
        "low": Quantity("u_2^-", "largest second token seen to follow"),
        "high": Quantity("u_2^+", "smallest second token seen to be first"),
        "steps": STEPS,
    },
    scales={
        "quick": Space(
            (listing("leader", (0.1, 1.0, 2.0, 5.0)), listing("decay", (0.1, 0.5, 1.0, 4.0))), {"bias": 0.0}
        ),
        "paper": Space(
            (
                grid("leader", 0.05, 6.0, 16, log=True),
                listing("decay", (0.1, 0.5, 1.0, 4.0)),
                listing("bias", (-1.0, 0.0)),
            )
        ),
    },
)
FOLLOWER = Experiment(
    name="tokens/follower",
    title="Log-log followers, until the leader is at e^5000",
    cell=follower,
    parameters={
        "leader": Quantity("u_1(0)", "first token"),
        "second": Quantity("u_2(0)", "second token, below the order threshold"),
        "decay": DECAY,
    },
    outputs={"log_follower": Quantity(r"\ln u_2", "logarithm of the follower", dims=("log_leader",)), "steps": STEPS},
    scales={
        "quick": Space(
            (cases("pair", leader=(1.0, 1.0, 2.0, 0.5), second=(0.5, 0.7, 1.0, 0.2), decay=(0.5, 1.0, 0.8, 2.0)),)
        ),
        "paper": Space((random_design("pair", 60, 11, leader=(1.0, 3.0), second=(0.1, 0.5), decay=(0.3, 2.0)),)),
    },
    coordinates={"log_leader": LEADER_LOG_SIZES},
)
CONSTANT_STEP = Experiment(
    name="tokens/constant-step",
    title="Four tokens under a constant step size",
    cell=constant_step,
    parameters={
        "coupling": COUPLING,
        "share": Quantity("f", "time over 1/(2 |mu| ln 2 sum x^2)"),
        "decay": DECAY,
    },
    outputs={
        "time": Quantity("t", "time"),
        "x": Quantity("x_l", "tokens at t", dims=("token",)),
        "steps": STEPS,
    },
    scales={
        name: Space((listing("coupling", (-0.7, 0.4)), listing("share", shares), listing("decay", decays)))
        for name, shares, decays in (
            ("quick", (0.3, 0.95), (0.0, 0.5, 3.0)),
            ("paper", (0.1, 0.3, 0.5, 0.7, 0.9, 0.99), (0.0, 0.1, 0.25, 0.5, 1.0, 3.0)),
        )
    },
    coordinates={"token": (1.0, 2.0, 3.0, 4.0)},
)
APPROACH = Experiment(
    name="tokens/approach",
    title="Two tokens on their way into a blow-up (figure F3)",
    cell=approach,
    parameters={"second": Quantity("x_2(0)", "second token beside x_1 = 1"), "decay": DECAY},
    outputs={
        "log_size": Quantity(r"\ln |x_l|", "logarithms of the tokens", dims=("log_leader", "token")),
        "left": Quantity("T^* - t", "time left", dims=("log_leader",)),
    },
    scales=dict.fromkeys(("quick", "paper"), Space((listing("second", (0.5, 0.9)),), {"decay": 0.5})),
    coordinates={"log_leader": APPROACH_LOG_SIZES, "token": (1.0, 2.0)},
)

EXPERIMENTS = (SIGN_PATTERNS, SEQUENCES, BLOW_UP_ORDER, FOLLOWER, CONSTANT_STEP, APPROACH)
