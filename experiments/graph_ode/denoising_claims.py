"""Denoising without a network against its closed forms (P34, P35), and the released noise table.

Where the released code contradicts itself (two tables) what it takes for granted is the claim, and what it does instead
the sharp version.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of, paired_difference, rounding
from experiments.evidence import Exact
from experiments.graph_ode.denoising import DENSE, LEVELS, SHRUNK, SIDE
from experiments.laws import elementwise
from theory import graph_ode as theory

TABLES, DENOISER, SAMPLER = "graph_ode/noise-tables", "graph_ode/gaussian-denoiser", "graph_ode/sampler-gain"
LAST, FILTERED = "graph_ode/last-step", "graph_ode/filtered-noise"
DERIVED = Source("derived here")
CODE = Source("2505.17459", "its official code")
# A running sum of 1000 logarithms, a square root and a square.
TABLE_ERRORS = 2 * LEVELS
EPS = float(np.finfo(float).eps)


def _levels(law, shift=0, levels=LEVELS):
    def predict(ds):
        rows = [
            law(np.asarray(ds.level) + shift, levels, first, last)
            for first, last in zip(ds["first"].values, ds["last"].values, strict=True)
        ]
        return ds.abar.copy(data=np.asarray(rows))

    return predict


def _spectrum(side, scale=1.0):
    """The spectrum of the cells' fields, all modes of `fft2`."""
    k = np.fft.fftfreq(side)
    return scale * 2 * np.exp(-11 * (k[:, None] ** 2 + k**2))


def _over_modes(law, spectrum):
    """Mean over all modes of a law of (variance, abar), at each level."""

    def predict(ds):
        abar = ds.abar.isel(replicate=0, drop=True)
        return abar.copy(data=[float(np.mean(law(spectrum, a))) for a in abar.values])

    return predict


def _by_mode(law):
    """law(variance, abar) of the modes that the cells store: the first column of `fft2`."""

    def predict(ds):
        abar = ds.abar.isel(replicate=0, drop=True)
        rows = [law(_spectrum(SIDE)[:, 0], a) for a in abar.values]
        return xr.DataArray(np.asarray(rows), dims=("level", "mode"), coords={"level": ds.level, "mode": ds.mode})

    return predict


def _power_per_pixel(ds):
    return mean_of(ds.power / SIDE**2, "replicate")


def _cross_per_pixel(ds):
    return mean_of(ds.cross / SIDE**2, "replicate")


def _variance_law(s2, a):
    return theory.noised_variance(s2, a)


def _dense(ds, unscaled=False):
    """-sqrt(1 - abar) times the dense law's score at the small fields."""
    pixels = DENSE**2
    spectrum = _spectrum(DENSE)
    first = np.fft.ifft2(spectrum).real
    rows, columns = np.divmod(np.arange(pixels), DENSE)
    apart = (rows[:, None] - rows) % DENSE, (columns[:, None] - columns) % DENSE
    covariance, mean = jnp.asarray(first[apart]), jnp.full(pixels, 0.2)
    field = ds.field.transpose(..., "pixel")
    abar = xr.broadcast(ds.abar, field.isel(pixel=0, drop=True))[0].transpose(*field.dims[:-1]).values.ravel()
    score = jax.jit(jax.vmap(theory.gaussian_score, (0, None, None, 0)))
    found = score(jnp.asarray(field.values.reshape(-1, pixels)), mean, covariance, jnp.asarray(abar ** (not unscaled)))
    return field.copy(data=np.reshape(-np.sqrt(1 - abar)[:, None] * found, field.shape))


def _estimates(ds):
    size = np.sqrt((ds.estimate**2).sum("pixel"))
    # Two transforms of 16 pixels, a dense solve whose condition is below 2/0.01 over (1 - abar).
    error = 2**10 * EPS * (1 + size) / (1 - ds.abar)
    return Exact(ds.estimate, error * xr.ones_like(ds.estimate), "rounding of transforms and of a dense solve")


def _product(ds):
    """The gain of the discrete sampler from the closed form of its steps."""
    return _by_stride(ds, lambda levels, variance: theory.ddim_gain(variance, np.asarray(theory.signal_level(levels))))


def _by_stride(ds, law):
    rows = [law(np.array([*range(960, 0, -int(stride)), 0]), ds.variance.values) for stride in ds.stride.values]
    return ds.gain.transpose("stride", "variance").copy(data=np.asarray(rows))


def _limit(ds):
    return elementwise(theory.flow_gain, ds.variance, float(theory.signal_level(960)))


def _within_bound(ds):
    """The gain of the finest steps, which the flow's exceeds by no more than the bound on what steps lose."""
    finest = ds.gain.sel(stride=1, drop=True)
    signals = np.asarray(theory.signal_level(np.arange(960, -1, -1)))
    lost = elementwise(lambda s2: theory.ddim_deficit_bound(s2, signals), ds.variance)
    return Exact(finest, _limit(ds) * lost, "half the sum of the squared turns bounds the share that steps lose")


def _turned(law):
    return lambda ds: _by_stride(ds, lambda levels, s2: law(s2, np.asarray(theory.signal_level(levels))))


def _lost(ds):
    return 1 - ds.gain.transpose("stride", "variance") / _limit(ds)


def _filtered_error(ds):
    spectrum = _spectrum(SIDE, 0.02)
    rows = [
        [
            float(np.mean(theory.filter_error(factor * theory.wiener_filter(spectrum, noise), spectrum, noise)))
            for factor in ds.factor.values
        ]
        for noise in ds.noise.values
    ]
    return xr.DataArray(rows, dims=("noise", "factor"), coords={"noise": ds.noise, "factor": ds.factor})


def _worse(ds):
    """How much larger the error is with another factor than the Wiener gain's own."""
    best = ds.error.sel(factor=1.0, drop=True)
    others = ds.error.sel(factor=[factor for factor in SHRUNK if factor != 1.0])
    return paired_difference(others / best, xr.ones_like(others), "replicate")


CLAIMS = (
    Claim(
        id="graph_ode/P34-table",
        kind="identity",
        statement="the running product of 1 - beta is exp of an integral with two corrections at its ends, at every "
        "level of three schedules",
        source=DERIVED,
        experiment=TABLES,
        predict=_levels(theory.signal_level),
        observe=lambda ds: rounding(ds.abar, TABLE_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("small rates: exp(-sum of beta)", _levels(theory.signal_level_approximate)),
    ),
    Claim(
        id="graph_ode/P34-one-table",
        kind="identity",
        statement="the sampler's table is that of the training (taken for granted in the released code)",
        source=CODE,
        experiment=TABLES,
        predict=_levels(theory.signal_level),
        observe=lambda ds: rounding(ds.released, TABLE_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("no noise at any level", lambda ds: xr.ones_like(ds.released)),
        sharp=Sharp(
            "it is the table of one level more, shifted by one: its index n is level n + 1 of 1001",
            _levels(theory.signal_level, shift=1, levels=LEVELS + 1),
        ),
    ),
    Claim(
        id="graph_ode/P34",
        kind="equality",
        statement="a mode of the noised field has variance abar S + 1 - abar",
        source=DERIVED,
        experiment=DENOISER,
        predict=_by_mode(_variance_law),
        observe=_power_per_pixel,
        comparison=Agreement(resolution=0.25, relative=True),
        decoy=Decoy(
            "data and noise added as deviations", _by_mode(lambda s2, a: (np.sqrt(a * s2) + np.sqrt(1 - a)) ** 2)
        ),
    ),
    Claim(
        id="graph_ode/P34-cross",
        kind="equality",
        statement="a mode of the noised field and that of its noise have covariance sqrt(1 - abar), whatever the data: "
        "the numerator of the best estimate of the noise",
        source=DERIVED,
        experiment=DENOISER,
        predict=_by_mode(lambda s2, a: np.full(s2.shape, np.sqrt(1 - a))),
        observe=_cross_per_pixel,
        comparison=Agreement(resolution=0.25),
        decoy=Decoy("1 - abar", _by_mode(lambda s2, a: np.full(s2.shape, 1 - a))),
    ),
    Claim(
        id="graph_ode/P34-score",
        kind="identity",
        statement="the denoiser of a stationary field, mode by mode, is -sqrt(1 - abar) times the score of the dense "
        "Gaussian law",
        source=DERIVED,
        experiment=DENOISER,
        predict=_dense,
        observe=_estimates,
        comparison=Agreement(),
        decoy=Decoy("the score of the data instead of the noised data's", lambda ds: _dense(ds, unscaled=True)),
    ),
    Claim(
        id="graph_ode/P34-loss",
        kind="equality",
        statement="the least loss of any estimate of the noise is the mean over modes of abar S/(abar S + 1 - abar)",
        source=DERIVED,
        experiment=DENOISER,
        predict=_over_modes(theory.least_noise_loss, _spectrum(SIDE)),
        observe=lambda ds: mean_of(ds.noise_loss, "replicate"),
        comparison=Agreement(resolution=0.02),
        decoy=Decoy(
            "the loss of a field without correlations",
            _over_modes(lambda s2, a: theory.least_noise_loss(np.mean(s2), a), _spectrum(SIDE)),
        ),
    ),
    Claim(
        id="graph_ode/P34-two-losses",
        kind="identity",
        statement="the loss of the noise is abar/(1 - abar) times that of the clean field, sample by sample",
        source=DERIVED,
        experiment=DENOISER,
        predict=lambda ds: ds.abar / (1 - ds.abar) * ds.clean_loss,
        observe=lambda ds: rounding(ds.noise_loss, 2**10, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("they are equal", lambda ds: ds.clean_loss),
    ),
    Claim(
        id="graph_ode/P34-wiener",
        kind="equality",
        statement="a multiple of the Wiener gain leaves the mean over modes of (1 - g)^2 S + g^2 q^2",
        source=DERIVED,
        experiment=FILTERED,
        predict=_filtered_error,
        observe=lambda ds: mean_of(ds.error, "replicate"),
        comparison=Agreement(resolution=0.1, relative=True),
        decoy=Decoy("the noise as it was", lambda ds: ds.noise**2 + xr.zeros_like(_filtered_error(ds))),
    ),
    Claim(
        id="graph_ode/P34-optimal",
        kind="ordering",
        statement="the Wiener gain is the best of its multiples: ten or twenty percent more or less cost error",
        source=DERIVED,
        experiment=FILTERED,
        predict=lambda ds: xr.zeros_like(_worse(ds).value),
        observe=_worse,
        comparison=Ordering(),
        decoy=Decoy("they double it", lambda ds: xr.ones_like(_worse(ds).value)),
    ),
    Claim(
        id="graph_ode/P35",
        kind="identity",
        statement="DDIM with the exact denoiser multiplies a mode by the product of its steps' factors",
        source=DERIVED,
        experiment=SAMPLER,
        predict=_product,
        observe=lambda ds: rounding(ds.gain, 2**13, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("by the limit of many steps", lambda ds: _limit(ds) + xr.zeros_like(ds.gain)),
    ),
    Claim(
        id="graph_ode/P35-limit",
        kind="equality",
        statement="as its steps shrink the gain tends to that of the flow, sqrt(s^2/(abar s^2 + 1 - abar))",
        source=DERIVED,
        experiment=SAMPLER,
        predict=_limit,
        observe=_within_bound,
        comparison=Agreement(),
        decoy=Decoy(
            "to that of one step",
            lambda ds: elementwise(lambda s2: theory.clean_gain(s2, float(theory.signal_level(960))), ds.variance),
        ),
    ),
    Claim(
        id="graph_ode/P35-cosines",
        kind="identity",
        statement="the share that its steps lose is 1 - prod cos(turn), turns of the vector (s sqrt(abar), "
        "sqrt(1 - abar))",
        source=DERIVED,
        experiment=SAMPLER,
        predict=_turned(theory.ddim_deficit),
        observe=lambda ds: rounding(_lost(ds), 2**13, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("half the sum of the squared turns", _turned(theory.ddim_deficit_bound)),
    ),
    Claim(
        id="graph_ode/P35-order",
        kind="bound",
        statement="and at most half the sum of the squared turns: of first order in the length of a step",
        source=DERIVED,
        experiment=SAMPLER,
        predict=_turned(theory.ddim_deficit_bound),
        observe=lambda ds: rounding(_lost(ds), 2**13, scale=1.0),
        comparison=Bound(side="upper", tight=1.01),
        decoy=Decoy("two thirds of it", lambda ds: _turned(theory.ddim_deficit_bound)(ds) * 2 / 3),
    ),
    Claim(
        id="graph_ode/P34-residual",
        kind="equality",
        statement="a sampler that knows the noise takes all of it away (taken for granted in the released code)",
        source=CODE,
        experiment=LAST,
        predict=lambda ds: 0.0,
        observe=lambda ds: mean_of(ds.left.sel(table="released", drop=True), "replicate"),
        comparison=Agreement(resolution=2e-5),
        decoy=Decoy("it takes none away", lambda ds: 1 - float(theory.signal_level(4))),
        sharp=Sharp(
            "it leaves beta_1 of its variance, a hundredth of its size", lambda ds: float(theory.residual_noise() ** 2)
        ),
    ),
    Claim(
        id="graph_ode/P34-clean",
        kind="identity",
        statement="with one table whose level 0 has no noise nothing is left",
        source=DERIVED,
        experiment=LAST,
        predict=lambda ds: xr.zeros_like(ds.left.sel(table="one", drop=True)),
        observe=lambda ds: Exact(
            ds.left.sel(table="one", drop=True), (64 * EPS) ** 2, "a mean square of a few rounding errors a pixel"
        ),
        comparison=Agreement(),
        decoy=Decoy("a hundredth of the noise", lambda ds: 1e-4 + xr.zeros_like(ds.left.sel(table="one", drop=True))),
    ),
)
