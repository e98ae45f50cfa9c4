"""How many tokens a row of SoftSort mixes, against the spread of the scores in units of the temperature."""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
from jax.scipy.special import entr

from dynamics.tokens import networks
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing, replicates

SPREADS = (0.05, 0.2, 0.5, 1.0, 2.0, 3.0, 6.0, 10.0)


def softsort_blur(key, *, tokens, spread):
    """Mean over rows of exp(entropy)/L at temperature 1, for normal scores of this standard deviation."""
    rows = networks.soft_permutation(spread * jr.normal(key, (tokens,), float), 1.0)
    return {"support": jnp.mean(jnp.exp(jnp.sum(entr(rows), axis=1))) / tokens}


SOFTSORT_BLUR = Experiment(
    name="tokens/softsort-blur",
    title="Support of the rows of SoftSort",
    cell=softsort_blur,
    parameters={
        "tokens": Quantity("L", "tokens"),
        "spread": Quantity(r"\sigma/\tau", "standard deviation of the scores over the temperature"),
        "replicate": Quantity("i", "draw of the scores"),
    },
    outputs={"support": Quantity("e^H/L", "effective support of a row over L, mean over rows")},
    scales={
        # What is left of order 1/L stays below the noise of this many draws.
        name: Space((listing("spread", SPREADS), replicates(count)), {"tokens": tokens})
        for name, count, tokens in (("quick", 24, 1024), ("paper", 48, 2048))
    },
    static=("tokens",),
    side_by_side=False,
)

EXPERIMENTS = (SOFTSORT_BLUR,)
