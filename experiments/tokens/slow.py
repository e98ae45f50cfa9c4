"""mu > 0 and s x < 0 everywhere: four tokens that grow like ln t, to ln t = 3000."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.tokens import line_attention, line_fate, line_flow, line_phase, make_line
from dynamics.tokens.regimes import SLOW
from experiments.experiment import Experiment, Quantity
from experiments.space import Axis, Space, cases, random_design
from experiments.tokens.line_quantities import BIAS, COUPLING, DECAY, STEPS

LOG_TIMES = (1.0, 2.0, 3.5, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 50.0, 80.0, 120.0, 180.0, 300.0, 1000.0, 3000.0)
SHARED_AT = (5.0, 10.0, 20.0)
FAR = 1e5


def slow(key, *, first, second, third, fourth, coupling, decay, bias):
    """Four tokens of sizes u_1..u_4 (slope -1): u_l along ln t, their ratios at u_1 = 1e5, first-token shares."""
    del key
    start = jnp.stack([first, second, third, fourth])
    line = make_line(coupling, -1.0, decay, bias)
    solved = line_flow(start, line, jnp.asarray(LOG_TIMES, float))
    orbit = line_phase(start, line, jnp.asarray([np.log(FAR)]))

    def share(tokens):
        inputs = line_attention(tokens, line) * tokens
        return inputs[:, 0] / jnp.sum(inputs, axis=1)

    shared = solved.tokens[np.array([LOG_TIMES.index(time) for time in SHARED_AT])]
    return {
        "u": solved.tokens,
        "ratio": jnp.exp(orbit.log_size[0] - orbit.log_size[0, 0]),
        "share": jax.vmap(share)(shared),
        "steps": jnp.maximum(solved.steps, orbit.steps),
        "code": solved.status,
    }


def gap(key, *, first, second, third, coupling, slope, decay, bias):
    """Whether three tokens are still growing slowly, none blown up, at ln t = 100."""
    del key
    start = -jnp.stack([first, second, third]) / slope
    fate = line_fate(start, make_line(coupling, slope, decay, bias), 100.0)
    return {"slow": jnp.mean((fate.regime == SLOW) & ~jnp.isfinite(fate.time), dtype=start.dtype), "steps": fate.steps}


def _systems(count: int) -> Axis:
    """The specification's four systems, and random ones."""
    names = ("first", "second", "third", "fourth")
    box = dict.fromkeys(names, (0.3, 6.0)) | {"coupling": (0.3, 3.0), "decay": (0.0, 3.0), "bias": (-1.0, 1.0)}
    drawn = random_design("system", count, 8, **box).columns
    told = {
        "first": (2.5, 2.5, 2.5, 5.0),
        "second": (3.0, 3.0, 3.0, 1.0),
        "third": (2.2, 2.2, 2.2, 1.0),
        "fourth": (4.0, 4.0, 4.0, 1.0),
        "coupling": (1.0, 1.0, 1.0, 2.0),
        "decay": (0.5, 0.0, 3.0, 0.5),
        "bias": (0.0, 0.0, 0.0, 0.0),
    }
    return cases("system", **{name: (*told[name], *drawn[name]) for name in told})


_SIZES = {
    name: Quantity(f"u_{i}(0)", "initial |s x|") for i, name in enumerate(("first", "second", "third", "fourth"), 1)
}

SLOW_TOKENS = Experiment(
    name="tokens/slow",
    title="Four tokens that grow like ln t",
    cell=slow,
    parameters={**_SIZES, "coupling": COUPLING, "decay": DECAY, "bias": BIAS},
    outputs={
        "u": Quantity("u_l(t)", "|s x_l|", dims=("log_time", "token")),
        "ratio": Quantity("c_l", "|x_l/x_1| where u_1 = 1e5", dims=("token",)),
        "share": Quantity(r"\pi_l", "share of the first token in the input of token l", dims=("shared_at", "token")),
        "steps": STEPS,
    },
    scales={name: Space((_systems(count),)) for name, count in (("quick", 8), ("paper", 120))},
    coordinates={"log_time": LOG_TIMES, "token": (1.0, 2.0, 3.0, 4.0), "shared_at": SHARED_AT},
)

# All inside the gap that the published hypothesis leaves open, up to its threshold r.
_GAP = {name: (0.05, 2.11) for name in ("first", "second", "third")}

GAP = Experiment(
    name="tokens/gap",
    title="Tokens closer to 0 than the published threshold",
    cell=gap,
    parameters={
        **{name: _SIZES[name] for name in _GAP},
        "coupling": COUPLING,
        "slope": Quantity("s", "slope of the step size"),
        "decay": DECAY,
        "bias": BIAS,
    },
    outputs={"slow": Quantity("f", "share of tokens that grow slowly, none having blown up"), "steps": STEPS},
    scales={
        name: Space(
            (random_design("system", count, 9, **_GAP, coupling=(0.3, 3.0), slope=(0.3, 2.0), decay=(0.0, 3.0)),),
            {"bias": 0.0},
        )
        for name, count in (("quick", 60), ("paper", 2000))
    },
)

EXPERIMENTS = (SLOW_TOKENS, GAP)
