"""Tables to try a calibration on, in the format of `agents_table`."""

from __future__ import annotations

import itertools

import jax
import jax.random as jr
import numpy as np
import pandas as pd

from dynamics.synergy import agents_votes, leaf_biases, transmissions
from experiments.synergy.digits import digits_table

COMPUTES = (1.0, 4.0, 16.0, 64.0)
TRUTH = {"scale": 0.2, "beta": 0.25, "correlation": 0.15, "fidelity": 0.9}


def synthetic_table(tasks: int = 300, agents: int = 5, seed: int = 0) -> pd.DataFrame:
    """Agents drawn from the paper's model with the parameters `TRUTH`: a group a task, a message for each answer.

    The answers at the lowest compute carry a trial of the channel, one random bit each.
    """
    with jax.enable_x64(True):
        vote_key, channel_key = jr.split(jr.key(seed))
        biases = leaf_biases(np.array(COMPUTES), TRUTH["scale"], TRUTH["beta"])
        votes = np.asarray(agents_votes(vote_key, agents, TRUTH["correlation"], biases, tasks))
        sent, received = np.asarray(transmissions(channel_key, TRUTH["fidelity"], tasks * agents)).astype(int)
    places = list(itertools.product(range(tasks), range(len(COMPUTES)), range(agents)))
    task, level, agent = np.array(places).T
    first = level == 0
    bit = np.cumsum(first) - 1
    return pd.DataFrame(
        {
            "task": task + 1,
            "agent": [f"a{i + 1}" for i in agent],
            "compute": np.array(COMPUTES, int)[level],
            "correct": (votes[level, agent, task] > 0).astype(int),
            "sent": np.where(first, sent[bit].astype(str), ""),
            "received": np.where(first, received[bit].astype(str), ""),
        }
    )


TABLES = {"synthetic": synthetic_table, "digits": digits_table}
