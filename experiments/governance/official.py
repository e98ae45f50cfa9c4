"""Experiment 6 as published: the official code's twenty bodies, drawn again number by number."""

from __future__ import annotations

import numpy as np

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.sentinel import AGENTS, phases_of
from experiments.space import Space, listing

BASE, STRIDE, BODIES = 500, 1000, 20
PHASES = ("first", "defection", "second", "noise", "third")
_ENDS = np.cumsum((500, 50, 500, 200))


def official_sentinel(key, *, seed):
    """One of the published bodies of experiment 6."""
    del key
    payoff = np.asarray(phases_of(gov.Published(BASE + STRIDE * int(seed)))["payoff"])
    mirror = AGENTS.index("alpha=0")
    return {
        "total": payoff.sum(-1),
        "lead": np.array([part.sum() for part in np.split(payoff[0] - payoff[mirror], _ENDS)]),
    }


OFFICIAL_SENTINEL = Experiment(
    name="governance/official-sentinel",
    title="Experiment 6's twenty published bodies, in the official code's own random numbers",
    cell=official_sentinel,
    parameters={"seed": Quantity("i", "seed index")},
    outputs={
        "total": Quantity("U", "payoff over all rounds", dims=("agent",)),
        "lead": Quantity("U_S - U_T", "the sentinel's payoff ahead of Tit-for-Tat, by phase", dims=("phase",)),
    },
    scales={name: Space((listing("seed", range(BODIES)),)) for name in ("quick", "paper")},
    compiled=False,
    coordinates={"agent": AGENTS, "phase": PHASES},
)

EXPERIMENTS = (OFFICIAL_SENTINEL,)
