"""Experiment 10: Tit-for-Tat with a memory of its own, through the block of defection, and beside the body."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Ordering, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact
from experiments.governance.landscape import ROUNDS
from experiments.governance.memory import BLOCK, MEMORIES, REGAINED
from theory import governance as theory

MEMORY, ENDS, PAPER = "governance/memory", "governance/both-ends", "2602.20846"
_LENGTH, _AFTER = BLOCK[1:]


def _filters(values):
    """The filters' columns, in the order of MEMORIES."""
    return values.sel(agent=[f"g={memory:g}" for memory in MEMORIES])


def _law(law):
    """law(memory) of every filter."""
    return lambda ds: xr.DataArray([float(law(memory)) for memory in MEMORIES], dims="agent") + 0 * _filters(ds.depth)


def _back(memory):
    return theory.echo_recovery_rounds(memory, _LENGTH, REGAINED)


def _calmer(ds):
    """ln of every filter's expected variance over the body's."""
    filters = np.asarray(theory.echo_sample_variance(0.9, np.array(MEMORIES), ROUNDS))
    over = xr.DataArray(np.log(filters), dims="memory", coords={"memory": list(MEMORIES)})
    return mean_of(over - np.log(ds.variance.isel(share=1, drop=True)), "replicate")


CLAIMS = (
    Claim(
        id="governance/filters-depth",
        kind="equality",
        statement="experiment 10: a block of 100 defections takes every filter down to g^99",
        source=Source(PAPER, "Exp. 10, table"),
        experiment=MEMORY,
        predict=_law(lambda memory: theory.echo_block_depth(memory, _LENGTH)),
        # A product of 99 factors, each within a rounding error, and sums of what they leave.
        observe=lambda ds: rounding(_filters(ds.depth).astype(np.float32), 256, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("without its lag, g^100", _law(lambda memory: memory**_LENGTH)),
    ),
    Claim(
        id="governance/filters-recovery",
        kind="equality",
        statement="and every filter is back at 0.95 after ceil(ln(0.05/(1 - g^100))/ln g) rounds, or never within the "
        "200 that are played",
        source=Source(PAPER, "Exp. 10, table"),
        experiment=MEMORY,
        predict=_law(lambda memory: min(int(_back(memory)), _AFTER)),
        observe=lambda ds: Exact(_filters(ds.recovery), 0.0, "rounds are whole numbers"),
        comparison=Agreement(),
        decoy=Decoy("as if the slowest were not cut off", _law(_back)),
    ),
    Claim(
        id="governance/filters-smooth",
        kind="ordering",
        statement="the body's action varies less than that of any filter of experiment 10, in the geometric mean",
        source=Source(PAPER, "Exp. 10, text"),
        experiment=ENDS,
        predict=lambda ds: xr.DataArray(np.zeros(len(MEMORIES)), dims="memory"),
        observe=_calmer,
        comparison=Ordering(),
        decoy=Decoy(
            "by a factor of a million", lambda ds: xr.DataArray(np.full(len(MEMORIES), np.log(1e6)), dims="memory")
        ),
    ),
)
