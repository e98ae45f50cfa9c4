"""One token alone: its flow, its blow-up time, and how both answer to its initial value."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.tokens import blow_up, line_attention, line_flow, make_line
from experiments.experiment import Experiment, Quantity
from experiments.space import Axis, Space, cases, listing, random_design
from experiments.tokens.line_quantities import BIAS, COUPLING, DECAY, EXACT, SLOPE, STEPS, TOKEN

LOG_TIMES = (-2.0, 0.0, 2.0, 5.0, 40.0)
_LAST_SENSITIVE = 3


def one_token(key, *, token, coupling, slope, decay, bias, exact):
    """x(t) where it exists for ever, and dx(t)/dx_0 at t = e^5 by differentiating the solver (0 under exact hold)."""
    del key
    line = make_line(coupling, slope, decay, bias, exact_zoh=bool(exact))

    def flow(token, times):
        solved = line_flow(token[None], line, jnp.asarray(times, float))
        return solved.tokens[:, 0], solved

    def late(token):
        return flow(token, LOG_TIMES[_LAST_SENSITIVE : _LAST_SENSITIVE + 1])[0][0]

    tokens, solved = flow(token, LOG_TIMES)
    sensitivity = jnp.zeros_like(token) if exact else jax.grad(late)(token)
    return {"x": tokens, "sensitivity": sensitivity, "steps": solved.steps, "code": solved.status}


def one_burst(key, *, token, coupling, slope, decay, bias, exact):
    """T* along 1/|x|, and dT*/dx_0 by differentiating the solver (0 under exact hold)."""
    del key
    line = make_line(coupling, slope, decay, bias, exact_zoh=bool(exact))

    def time(token):
        solved = blow_up(token[None], line, 0)
        return solved.time, solved

    if exact:
        (value, solved), sensitivity = time(token), jnp.zeros_like(token)
    else:
        (value, solved), sensitivity = jax.value_and_grad(time, has_aux=True)(token)
    return {"time": value, "sensitivity": sensitivity, "steps": solved.steps}


def late_burst(key, *, log_size, before, coupling, slope, decay, bias, exact):
    """What time is left to a token that has already grown to |s x| = e^log_size, with one predecessor before it."""
    del key
    line = make_line(coupling, slope, decay, bias, exact_zoh=bool(exact))
    size = jnp.exp(log_size)
    solved = blow_up(jnp.stack([before, size]) / slope, line, 1)
    power = 0.5 if exact else 1 / 3
    return {"compensated": size / jnp.abs(slope) * solved.time**power, "steps": solved.steps}


def input_of_tokens(key, *, first, second, third, fourth, coupling, slope, decay, bias):
    """d ln|x_l|/dt / mu from the hidden attention, token by token."""
    del key
    x = jnp.stack([first, second, third, fourth])
    pull = line_attention(x, make_line(coupling, slope, decay, bias)) @ x
    return {"influence": pull / (coupling * x)}


def _systems(count: int, seed: int, bursting: bool) -> Axis:
    """Random systems: half convergent and half slow, or all with a blow-up."""
    box = {"token": (0.1, 3.0), "coupling": (0.3, 2.0), "slope": (0.3, 1.5), "bias": (-3.0, 1.0), "decay": (0.2, 3.0)}
    drawn = {name: np.asarray(values) for name, values in random_design("system", count, seed, **box).columns.items()}
    place = np.arange(count)
    side = np.where(place % 2 == 0, 1.0, -1.0)
    drawn["slope"] = drawn["slope"] * side
    if bursting:
        drawn["token"] = drawn["token"] * side
    else:
        falling = place % 4 < 2
        drawn["coupling"] = np.where(falling, -1, 1) * drawn["coupling"]
        drawn["token"] = np.where(falling & (place % 8 < 4), 1, -1) * drawn["token"] * side
    return cases("system", **{name: values.tolist() for name, values in drawn.items()})


_PARAMETERS = {"token": TOKEN, "coupling": COUPLING, "slope": SLOPE, "decay": DECAY, "bias": BIAS, "exact": EXACT}
_SENSITIVITY = Quantity("dx/dx_0", "derivative of the token with respect to its initial value")

ONE_TOKEN = Experiment(
    name="tokens/one-token",
    title="One token that lives for ever",
    cell=one_token,
    parameters=_PARAMETERS,
    outputs={"x": Quantity("x(t)", "token", dims=("log_time",)), "sensitivity": _SENSITIVITY, "steps": STEPS},
    scales={
        name: Space((_systems(count, 5, False), listing("exact", (0, 1))))
        for name, count in (("quick", 24), ("paper", 400))
    },
    static=("exact",),
    coordinates={"log_time": LOG_TIMES},
)
ONE_BURST = Experiment(
    name="tokens/one-burst",
    title="Blow-up time of one token",
    cell=one_burst,
    parameters=_PARAMETERS,
    outputs={
        "time": Quantity("T^*", "blow-up time"),
        "sensitivity": Quantity("dT^*/dx_0", "derivative of the blow-up time"),
        "steps": STEPS,
    },
    scales={
        name: Space((_systems(count, 6, True), listing("exact", (0, 1))))
        for name, count in (("quick", 24), ("paper", 400))
    },
    static=("exact",),
)
LATE_BURST = Experiment(
    name="tokens/late-burst",
    title="The last stretch of a blow-up",
    cell=late_burst,
    parameters={
        "log_size": Quantity("ln u", "logarithm of |s x| where the clock starts"),
        "before": Quantity("s x_1", "argument of the token before it"),
        "coupling": COUPLING,
        "slope": SLOPE,
        "decay": DECAY,
        "bias": BIAS,
        "exact": EXACT,
    },
    outputs={"compensated": Quantity(r"|x| (T^* - t)^p", "p = 1/3, or 1/2 under exact hold"), "steps": STEPS},
    scales={
        name: Space(
            (
                listing("log_size", sizes),
                cases(
                    "system",
                    before=(-0.8, -1.5, -3.0, 0.3),
                    coupling=(1.0, 0.4, 2.0, 0.7),
                    slope=(1.0, -0.6, 0.8, 1.5),
                    decay=(0.5, 2.0, 1.0, 4.0),
                ),
                listing("exact", (0, 1)),
            ),
            {"bias": 0.0},
        )
        for name, sizes in (
            ("quick", (-1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)),
            ("paper", tuple(np.linspace(-1.0, 14.0, 31))),
        )
    },
    static=("exact",),
)
INPUT_OF_TOKENS = Experiment(
    name="tokens/input-of-tokens",
    title="What drives each of four tokens, from the hidden attention",
    cell=input_of_tokens,
    parameters={
        **{name: Quantity(f"x_{i}", "token") for i, name in enumerate(("first", "second", "third", "fourth"), 1)},
        "coupling": COUPLING,
        "slope": SLOPE,
        "decay": DECAY,
        "bias": BIAS,
    },
    outputs={"influence": Quantity("G_l", "growth rate of token l over mu", dims=("token",))},
    scales={
        name: Space(
            (
                random_design(
                    "system",
                    count,
                    7,
                    **dict.fromkeys(("first", "second", "third", "fourth"), (-4.0, 4.0)),
                    coupling=(-2.0, 2.0),
                    slope=(-2.0, 2.0),
                    decay=(0.0, 3.0),
                    bias=(-4.0, 1.0),
                ),
            )
        )
        for name, count in (("quick", 400), ("paper", 10_000))
    },
    coordinates={"token": (1.0, 2.0, 3.0, 4.0)},
)

EXPERIMENTS = (ONE_TOKEN, ONE_BURST, LATE_BURST, INPUT_OF_TOKENS)
