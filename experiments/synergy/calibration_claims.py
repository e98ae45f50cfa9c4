"""What estimates of rho and beta are worth: biases, spreads, coverage, and the test of the copy mixture."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr
from scipy import stats

from experiments.claim import Agreement, Claim, Decoy, Ordering, Source
from experiments.estimates import mean_of, variance_of
from experiments.evidence import Proportion
from experiments.laws import by_number, elementwise
from experiments.synergy.calibration_study import COMPUTES, LEVEL
from experiments.synergy.estimation import fit_counts
from theory import synergy

ESTIMATES, INTERVALS = "synergy/correlation-estimates", "synergy/correlation-intervals"
LEAVES, MIXED, TESTS = "synergy/leaf-estimates", "synergy/mixed-difficulty", "synergy/law-tests"
DERIVED = Source("derived here")
CALIBRATION = Source("2601.17311", "App. J")
# Of a spread: the specification asks for agreement within ten percent.
TENTH = 0.1
SIZE = 0.05


def _spread(name):
    return lambda ds: variance_of(ds[name], "replicate").as_deviation()


def _of_groups(law, **fixed):
    """law(fan_in, correlation, bias, groups) at each setting."""

    def predict(ds):
        point = {name: fixed.get(name, ds[name]) for name in ("correlation", "bias", "groups")}
        point = [value if isinstance(value, xr.DataArray) else xr.full_like(ds.bias, value) for value in point.values()]
        return by_number(law, ds.fan_in, *point)

    return predict


def _uncentred(ds):
    return ds.correlation + (1 - ds.correlation) * ds.bias**2


def _covered(name):
    return lambda ds: Proportion(ds[name].sum("replicate"), ds.sizes["replicate"])


def _coverage_of_independent_votes(ds):
    """How often an interval holds rho that is as wide as if votes were independent."""
    narrow, wide = (_of_groups(synergy.correlation_deviation, **fixed)(ds) for fixed in ({"correlation": 0.0}, {}))
    reach = stats.norm.isf((1 - LEVEL) / 2)
    return wide.copy(data=1 - 2 * stats.norm.sf(reach * (narrow / wide).values))


def _of_leaves(law):
    """law(computes, answers, scale, exponent) at each number of answers."""

    def predict(ds):
        values = [
            float(law(np.array(COMPUTES), float(answers), float(ds.scale), float(ds.leaf_exponent)))
            for answers in ds.answers.values
        ]
        return xr.DataArray(values, {"answers": ds.answers.values}, ("answers",))

    return predict


def _line_error(ds):
    return mean_of(ds.line - ds.leaf_exponent, "replicate")


def _many(ds):
    return ds.sel(answers=[20_000.0])


def _inflated(ds):
    mean, variance = 0.1 + ds.easy / 2, (ds.easy / 2) ** 2
    return elementwise(synergy.inflated_correlation, ds.correlation, mean, variance)


def rejected(ds: xr.Dataset, law: str, fitted: str = "copies", size: float = SIZE) -> Proportion:
    """How often the test at `size` rejects the law `fitted` on votes that follow `law`."""
    own = ds[fitted].sel(law=law)
    limit = stats.chi2.isf(size, int(ds.fan_in) - 2)
    return Proportion((own > limit).sum("replicate"), own.sizes["replicate"])


def power(ds: xr.Dataset) -> xr.DataArray:
    """Large-sample power against beta-binomial votes: a chi-square tail, off-centre by n times one group's misfit."""
    fan_in = int(ds.fan_in)
    with jax.enable_x64(True):
        cells = np.asarray(synergy.beta_binomial_vote_counts(fan_in, float(ds.correlation), float(ds.bias)))
        # The nearest copy mixture; counts of a million groups, so that the fit's start does not matter.
        nearest = np.asarray(fit_counts(synergy.copied_vote_counts, 1e6 * cells[None]).expected)[0] / 1e6
    misfit = np.sum((cells - nearest) ** 2 / nearest)
    limit = stats.chi2.isf(SIZE, fan_in - 2)
    tail = stats.ncx2.sf(limit, fan_in - 2, ds.groups.values * misfit)
    return xr.DataArray(tail, {"groups": ds.groups.values}, ("groups",))


def _powers(ds):
    return rejected(ds.sel(groups=[200, 400, 800]), "beta-binomial")


def _size(value):
    return lambda ds: xr.full_like(rejected(ds, "copies").value, value)


CLAIMS = (
    Claim(
        id="synergy/C48",
        kind="equality",
        statement="(C - U)/(1 - U) estimates the correlation without bias, U being the mean product of votes of "
        "different tasks",
        source=CALIBRATION,
        experiment=ESTIMATES,
        predict=lambda ds: ds.correlation,
        observe=lambda ds: mean_of(ds.moment, "replicate"),
        comparison=Agreement(resolution=0.01),
        decoy=Decoy("products not centred: rho + (1 - rho) u^2", _uncentred),
    ),
    Claim(
        id="synergy/C48-deviation",
        kind="equality",
        statement="its standard deviation is that of (C_g - 2 u (1 - rho) M_g)/(1 - u^2) over sqrt(n)",
        source=DERIVED,
        experiment=ESTIMATES,
        predict=_of_groups(synergy.correlation_deviation),
        observe=_spread("moment"),
        comparison=Agreement(resolution=TENTH, relative=True),
        decoy=Decoy("that of independent votes", _of_groups(synergy.correlation_deviation, correlation=0.0)),
    ),
    Claim(
        id="synergy/C48-likelihood",
        kind="equality",
        statement="maximum likelihood under the copy mixture reaches Cramer and Rao's bound",
        source=DERIVED,
        experiment=ESTIMATES,
        predict=_of_groups(synergy.correlation_deviation_bound),
        observe=_spread("likelihood"),
        comparison=Agreement(resolution=TENTH, relative=True),
        decoy=Decoy("the deviation of the moment estimate", _of_groups(synergy.correlation_deviation)),
    ),
    Claim(
        id="synergy/C48-coverage",
        kind="equality",
        statement="95 % intervals of the bootstrap over tasks hold rho in 95 % of all draws",
        source=DERIVED,
        experiment=INTERVALS,
        predict=lambda ds: xr.full_like(ds.bias, LEVEL),
        observe=_covered("moment"),
        comparison=Agreement(resolution=0.06),
        decoy=Decoy("intervals as wide as for independent votes", _coverage_of_independent_votes),
    ),
    Claim(
        id="synergy/C48-fisher",
        kind="equality",
        statement="95 % intervals of the likelihood hold rho in 95 % of all draws",
        source=DERIVED,
        experiment=INTERVALS,
        predict=lambda ds: xr.full_like(ds.bias, LEVEL),
        observe=_covered("likelihood"),
        comparison=Agreement(resolution=0.06),
        decoy=Decoy("intervals as wide as for independent votes", _coverage_of_independent_votes),
    ),
    Claim(
        id="synergy/C49",
        kind="equality",
        statement="the binomial likelihood's beta spreads by Fisher's matrix, sum_k n_k/(1 - mu_k^2) g g^T",
        source=DERIVED,
        experiment=LEAVES,
        predict=_of_leaves(synergy.leaf_exponent_deviation),
        observe=_spread("likelihood"),
        comparison=Agreement(resolution=TENTH, relative=True),
        decoy=Decoy("the spread of the line through logarithms", _of_leaves(synergy.log_log_deviation)),
    ),
    Claim(
        id="synergy/C49-line",
        kind="ordering",
        statement="the line through (log x, log mu) overestimates beta",
        source=CALIBRATION,
        experiment=LEAVES,
        predict=lambda ds: xr.zeros_like(_line_error(ds).value),
        observe=_line_error,
        comparison=Ordering(),
        decoy=Decoy("by a fifth of it", lambda ds: xr.full_like(_line_error(ds).value, 0.2) * ds.leaf_exponent),
    ),
    Claim(
        id="synergy/C49-bias",
        kind="equality",
        statement="by -sum_k X_k Var_k/(2 mu_k^2)/sum X_k^2 where answers are many (20 000 a compute)",
        source=DERIVED,
        experiment=LEAVES,
        predict=lambda ds: _of_leaves(synergy.log_log_bias)(_many(ds)),
        observe=lambda ds: _line_error(_many(ds)),
        comparison=Agreement(resolution=0.0015),
        decoy=Decoy("with the other sign", lambda ds: -_of_leaves(synergy.log_log_bias)(_many(ds))),
    ),
    Claim(
        id="synergy/C50",
        kind="equality",
        statement="unequal tasks inflate the measured correlation to (rho (1 - E u^2) + Var u)/(1 - (E u)^2)",
        source=DERIVED,
        experiment=MIXED,
        predict=_inflated,
        observe=lambda ds: mean_of(ds.moment, "replicate"),
        comparison=Agreement(resolution=0.02),
        decoy=Decoy("no inflation", lambda ds: xr.zeros_like(_inflated(ds)) + ds.correlation),
    ),
    Claim(
        id="synergy/mixture-test",
        kind="equality",
        statement="the chi-square test of the copy mixture rejects 5 % of votes that follow it",
        source=DERIVED,
        experiment=TESTS,
        predict=_size(SIZE),
        observe=lambda ds: rejected(ds, "copies"),
        comparison=Agreement(resolution=0.04),
        decoy=Decoy(
            "no degree of freedom spent on rho and u",
            lambda ds: _size(stats.chi2.sf(stats.chi2.isf(SIZE, int(ds.fan_in)), int(ds.fan_in) - 2))(ds),
        ),
    ),
    Claim(
        id="synergy/mixture-power",
        kind="ordering",
        statement="200 groups of five tell copies from beta-binomial votes of equal bias 0.3 and correlation 0.2 with "
        "a power above 0.8",
        source=DERIVED,
        experiment=TESTS,
        predict=lambda ds: xr.full_like(_powers(ds).value, 0.8),
        observe=_powers,
        comparison=Ordering(),
        decoy=Decoy("never failing", lambda ds: xr.full_like(_powers(ds).value, 0.999)),
    ),
)
