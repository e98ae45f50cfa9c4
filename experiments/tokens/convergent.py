"""mu < 0: five tokens on their way to 0, to ln t = 300 and beyond."""

from __future__ import annotations

import jax.numpy as jnp

from dynamics.tokens import line_attention, line_flow, make_line
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, listing
from experiments.tokens.line_quantities import BIAS, COUPLING, DECAY, EXACT, SLOPE, STEPS

START = (1.2, -0.6, 2.0, 0.3, -1.5)
LOG_TIMES = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 100.0, 140.0, 200.0, 300.0, 1000.0, 3000.0)
ATTENDED = 300.0
# Figure F1's ten tokens.
LONG_START = (1.2, -0.6, 2.0, 0.3, -1.5, 0.9, -2.2, 0.5, 1.1, -0.4)
LONG_TIMES = tuple(-3.0 + 0.5 * i for i in range(87))


def convergent(key, *, coupling, slope, decay, bias, exact):
    """|x_l| sqrt(t) along ln t, and t P_lj at ln t = 300."""
    del key
    line = make_line(coupling, slope, decay, bias, exact_zoh=bool(exact))
    log_times = jnp.asarray(LOG_TIMES, float)
    solved = line_flow(jnp.asarray(START, float), line, log_times)
    place = LOG_TIMES.index(ATTENDED)
    return {
        "scaled": jnp.exp(solved.log_size + log_times[:, None] / 2),
        "attention": line_attention(solved.tokens[place], line) * jnp.exp(log_times[place]),
        "steps": solved.steps,
        "code": solved.status,
    }


def ten_tokens(key, *, coupling, slope, decay):
    """Figure F1: ten tokens to ln t = 40, and t P_lj there."""
    del key
    line = make_line(coupling, slope, decay)
    solved = line_flow(jnp.asarray(LONG_START, float), line, jnp.asarray(LONG_TIMES, float))
    return {
        "log_size": solved.log_size,
        "attention": line_attention(solved.tokens[-1], line) * jnp.exp(LONG_TIMES[-1]),
        "code": solved.status,
    }


def _systems(*rows: tuple[float, float, float, float]):
    coupling, slope, decay, bias = zip(*rows, strict=True)
    return cases("system", coupling=coupling, slope=slope, decay=decay, bias=bias)


_QUICK = (
    (-0.8, 0.7, 0.5, 0.0),
    (-0.8, 0.7, 0.25, 0.0),
    (-0.7, 0.5, 0.6, -1.0),
    (-1.3, -0.9, 1.5, 0.5),
    (-0.4, 1.2, 3.0, -2.0),
)
_MORE = tuple((-0.2 - 0.17 * i, (-1) ** i * (0.3 + 0.1 * i), 0.25 + 0.3 * i, -2.0 + 0.3 * i) for i in range(10))

CONVERGENT = Experiment(
    name="tokens/convergent",
    title="Five tokens on their way to 0",
    cell=convergent,
    parameters={"coupling": COUPLING, "slope": SLOPE, "decay": DECAY, "bias": BIAS, "exact": EXACT},
    outputs={
        "scaled": Quantity(r"|x_l| \sqrt{t}", "token in the unit of its decay", dims=("log_time", "token")),
        "attention": Quantity("t P_{lj}", "hidden attention at ln t = 300", dims=("token", "source")),
        "steps": STEPS,
    },
    scales={
        "quick": Space((_systems(*_QUICK), listing("exact", (0, 1)))),
        "paper": Space((_systems(*_QUICK, *_MORE), listing("exact", (0, 1)))),
    },
    static=("exact",),
    coordinates={"log_time": LOG_TIMES, "token": (1.0, 2.0, 3.0, 4.0, 5.0), "source": (1.0, 2.0, 3.0, 4.0, 5.0)},
)
UNDAMPED = Experiment(
    name="tokens/undamped",
    title="Five tokens on their way to 0 without decay of the state",
    cell=convergent,
    parameters=CONVERGENT.parameters,
    outputs=CONVERGENT.outputs,
    scales={
        name: Space((listing("coupling", couplings),), {"slope": 0.7, "decay": 0.0, "bias": 0.0, "exact": 0})
        for name, couplings in (("quick", (-0.8, -2.0)), ("paper", (-0.4, -0.8, -2.0, -3.0)))
    },
    static=("exact",),
    coordinates=CONVERGENT.coordinates,
)
TEN_TOKENS = Experiment(
    name="tokens/ten-tokens",
    title="Ten tokens on their way to 0 (figure F1)",
    cell=ten_tokens,
    parameters={"coupling": COUPLING, "slope": SLOPE, "decay": DECAY},
    outputs={
        "log_size": Quantity(r"\ln |x_l|", "logarithm of the token's size", dims=("log_time", "token")),
        "attention": Quantity("t P_{lj}", "hidden attention at ln t = 40", dims=("token", "source")),
    },
    scales=dict.fromkeys(("quick", "paper"), Space((listing("decay", (0.5,)),), {"coupling": -0.8, "slope": 0.7})),
    coordinates={
        "log_time": LONG_TIMES,
        "token": tuple(map(float, range(1, 11))),
        "source": tuple(map(float, range(1, 11))),
    },
)

EXPERIMENTS = (CONVERGENT, UNDAMPED, TEN_TOKENS)
