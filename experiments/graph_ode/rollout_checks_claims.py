"""P38 to P40: scores on stationary fields, rollouts in batches, their slopes and their bits."""

from __future__ import annotations

from experiments.claim import Agreement, Claim, Decoy, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact
from experiments.laws import elementwise
from theory.graph_ode import scores

CHECKS, STATIONARY = "graph_ode/rollout-checks", "graph_ode/stationary-scores"
DERIVED = Source("derived here")
# Three blocks of sums over some hundred pixels and a few layers, on numbers of order one.
ROUNDINGS = 2**14


def _variance(ds):
    return float(ds.deviation) ** 2


CLAIMS = (
    Claim(
        id="graph_ode/P38-persistence",
        kind="equality",
        statement="the mean square error of persistence at lag 1 is 2 (S_0 - C_1) on stationary fields",
        source=DERIVED,
        experiment=STATIONARY,
        predict=lambda ds: elementwise(scores.persistence_rmse, _variance(ds), ds.memory * _variance(ds)) ** 2,
        observe=lambda ds: mean_of(ds.persistence, "replicate"),
        comparison=Agreement(resolution=1e-3),
        decoy=Decoy("S_0 - C_1", lambda ds: (1 - ds.memory) * _variance(ds)),
    ),
    Claim(
        id="graph_ode/P38-mean",
        kind="identity",
        statement="the NMSE of the mean is var / (mean^2 + var) against the mean square, as the released code divides",
        source=DERIVED,
        experiment=STATIONARY,
        predict=lambda ds: elementwise(scores.mean_field_nmse, ds.sample_mean, ds.sample_variance),
        observe=lambda ds: rounding(ds.nmse, 1024),
        comparison=Agreement(),
        decoy=Decoy("1, as against the variance", lambda ds: ds.nmse_variance),
    ),
    Claim(
        id="graph_ode/P39-batch",
        kind="identity",
        statement="rollouts of a batch are the rollouts of its members (the released code fails this)",
        source=DERIVED,
        experiment=CHECKS,
        predict=lambda ds: ds.alone,
        observe=lambda ds: rounding(ds.together, ROUNDINGS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("those of their neighbours", lambda ds: ds.alone.roll(member=1, roll_coords=False)),
    ),
    Claim(
        id="graph_ode/P39-gradient",
        kind="identity",
        statement="the slope of a rollout's error is its central difference to 1e-4",
        source=DERIVED,
        experiment=CHECKS,
        predict=lambda ds: ds.difference,
        observe=lambda ds: Exact(ds.slope, 1e-4 * abs(ds.slope), "second order of the difference, and its rounding"),
        comparison=Agreement(),
        decoy=Decoy("0.1 % more", lambda ds: 1.001 * ds.difference),
    ),
    Claim(
        id="graph_ode/P40-bits",
        kind="identity",
        statement="equal keys give rollouts equal to the bit, with random members too",
        source=DERIVED,
        experiment=CHECKS,
        predict=lambda ds: ds.alone.isel(member=0),
        observe=lambda ds: rounding(ds.again, ROUNDINGS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("whatever the key", lambda ds: ds.otherwise),
    ),
    Claim(
        id="graph_ode/P40-mean",
        kind="identity",
        statement="with means as representatives the key changes nothing",
        source=DERIVED,
        experiment=CHECKS,
        predict=lambda ds: ds["mean"],
        observe=lambda ds: Exact(ds.mean_otherwise, 0.0, "the same program on the same numbers"),
        comparison=Agreement(),
        decoy=Decoy("it does as with random members", lambda ds: ds.otherwise),
    ),
)
