"""From samples to evidence: the estimators that claims are read with."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import stats

from experiments.evidence import Exact, Mean, Monotone, Proportion, Variance
from experiments.labels import Values, aligned, labelled


def mean_of(samples: Values, dim: str | int) -> Mean:
    """Mean of independent samples along a dimension (its name, or its position), with Student's t."""
    array, dim, count = _replicates(samples, dim)
    spread = array.std(dim, ddof=1)
    return Mean(array.mean(dim), spread / np.sqrt(count), samples=count, dof=count - 1)


def paired_difference(a: Values, b: Values, dim: str | int) -> Mean:
    """Mean of a - b over replicates that used the same seeds; both must have the same points."""
    first, second = labelled(a, "a"), labelled(b, "b")
    if set(first.dims) != set(second.dims):
        raise ValueError(f"`a` and `b` must have equal dimensions, not {first.dims} and {second.dims}.")
    return mean_of(first - aligned(b, first, "b"), dim)


def variance_of(samples: Values, dim: str | int) -> Variance:
    """Variance of independent normal samples along a dimension."""
    array, dim, count = _replicates(samples, dim)
    return Variance(array.var(dim, ddof=1), count)


def bias_of_votes(positive: Values, votes: Values) -> Monotone:
    """Bias 2p - 1 of independent votes in {-1, 1}, of which `positive` were +1, with the exact interval."""
    return Proportion(positive, votes).as_bias()


def rounding(value: Values, errors: float, scale: Values = 0.0) -> Exact:
    """A computed value that lies within so many rounding errors of its own dtype.

    errors: how many, in units of eps * max(|value|, scale).  scale: size of the terms that were subtracted,
    where a difference of large numbers is the value.
    """
    array = value if isinstance(value, xr.DataArray) else np.asarray(value)
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"`value` must be floating, not {array.dtype}; whole numbers are Exact with error 0.")
    points = labelled(value, "value")
    size = np.maximum(abs(points), abs(aligned(scale, points, "scale")))
    error = errors * float(np.finfo(array.dtype).eps) * size
    return Exact(points, error, f"{errors:g} rounding errors of {array.dtype}")


def slope(x: Values, y: Values, sigma: Values = None, *, dim: str | None = None, samples: Values = None) -> Mean:
    """Slope of the least-squares line of y on x, at independent points along `dim` (the only one by default).

    sigma: standard errors of y, which weigh the points; without it the scatter about the line measures the
    error (Student's t).  samples: replicates behind each y, if more of them would narrow the interval. A
    curved law shows up in neither: fit where the law is straight, or claim a bound.
    """
    points = labelled(y, "y")
    if dim is None and points.ndim != 1:
        raise ValueError(f"`dim` must name the dimension to fit along, one of {points.dims}.")
    dim = str(points.dims[0]) if dim is None else dim
    count, places = points.sizes[dim], aligned(x, points, "x")
    noise = None if sigma is None else aligned(sigma, points, "sigma")
    if noise is not None and (noise <= 0).any():
        raise ValueError("`sigma` must be positive.")
    if count < 2 + (noise is None):
        raise ValueError(f"A slope needs {2 + (noise is None)} points, but `{dim}` has {count}.")
    weight = xr.ones_like(points) if noise is None else noise**-2
    centred = places - (weight * places).sum(dim) / weight.sum(dim)
    moment = (weight * centred**2).sum(dim)
    if (moment <= 0).any():
        raise ValueError("`x` must take at least two values.")
    estimate = (weight * centred * points).sum(dim) / moment
    if noise is not None:
        return Mean(estimate, moment**-0.5, samples=samples)
    residual = points - points.mean(dim) - estimate * centred
    scatter = (residual**2).sum(dim) / (count - 2)
    return Mean(estimate, np.sqrt(scatter / moment), samples=samples, dof=count - 2)


def power_law_slope(
    x: Values, y: Values, sigma: Values = None, *, dim: str | None = None, samples: Values = None
) -> Mean:
    """Exponent p of y = c x^p: the `slope` of log y on log x, with sigma still the standard errors of y."""
    points = labelled(y, "y")
    places = aligned(x, points, "x")
    if (points <= 0).any() or (places <= 0).any():
        raise ValueError("`x` and `y` must be positive for a power law.")
    noise = None if sigma is None else aligned(sigma, points, "sigma") / points
    return slope(np.log(places), np.log(points), noise, dim=dim, samples=samples)


def wilson_interval(successes: Values, trials: Values, level: float = 0.05) -> tuple[xr.DataArray, xr.DataArray]:
    """Wilson's interval of a proportion, for drawing: it covers on average, a claim needs it always."""
    counted = Proportion(successes, trials)
    z2 = float(stats.norm.isf(level / 2)) ** 2
    won, lost = counted.successes, counted.trials - counted.successes
    middle, half = won + z2 / 2, np.sqrt(z2 * (won * lost / counted.trials + z2 / 4))
    # Rounding would leave -1e-17 where one outcome was never seen.
    low, high = (middle - half) / (counted.trials + z2), (middle + half) / (counted.trials + z2)
    return low.where(won > 0, 0.0), high.where(lost > 0, 1.0)


def _replicates(samples: Values, dim: str | int) -> tuple[xr.DataArray, str, int]:
    array = labelled(samples, "samples")
    name = str(array.dims[dim]) if isinstance(dim, int) else dim
    if name not in array.dims:
        raise ValueError(f"`dim` must be one of {array.dims}, but is {name!r}.")
    if array.sizes[name] < 2:
        raise ValueError(f"`{name}` holds {array.sizes[name]} sample: an error bar needs two or more.")
    return array, name, array.sizes[name]
