"""Few linear samples of a field: dense linear algebra, drawn fields, and the fields of Swift-Hohenberg (P16-P18)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import graph_ode as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, random_design, replicates

SH_POINTS, SH_CODES = 64, 30
# Probes per side of figure F8; 41 probes are 1 % of the pixels of a 64 x 64 grid.
SH_SIDES = (2, 4, 8, 16, 32)
ONE_PERCENT = 41
SH_FRAMES = (20, 40, 60, 80)
BAND = 3


def band_spectrum(points: int, centre: float, width: float, floor: float) -> np.ndarray:
    """exp(-(k - k0)^2/w^2) + floor/(1 + k^2), scaled to unit variance: the specification's example is (5, 2, 0.02)."""
    k = np.rint(np.fft.fftfreq(points) * points)
    size = np.hypot(k[:, None], k)
    spectrum = np.exp(-(((size - centre) / width) ** 2)) + floor / (1 + size**2)
    return spectrum / spectrum.sum()


def limited_spectrum(points: int) -> np.ndarray:
    """All modes with both components at most `BAND`, equally strong, and no other."""
    k = np.rint(np.fft.fftfreq(points) * points)
    inside = (np.maximum(abs(k[:, None]), abs(k)) <= BAND).astype(float)
    return inside / inside.sum()


def dense_probes(key, *, points, per_side, centre, width, floor):
    """Errors left by the principal components and by dense kriging, as many of both as there are probes."""
    del key
    spectrum = band_spectrum(points, centre, width, floor)
    return {
        "best": np.asarray(dynamics.dense_best_error(spectrum, per_side**2)),
        "kriging": np.asarray(dynamics.dense_kriging_error(spectrum, per_side)),
    }


def drawn_probes(key, *, points, per_side, fields):
    """Mean square error of interpolating drawn fields, of the example's spectrum and of a band-limited one."""
    errors = []
    for spectrum in (band_spectrum(points, 5.0, 2.0, 0.02), limited_spectrum(points)):
        drawn = jax.vmap(dynamics.gaussian_field, (0, None))(jr.split(key, fields), jnp.asarray(spectrum))
        again = jax.vmap(lambda field: dynamics.interpolated(field, per_side))(drawn)
        errors.append(jnp.mean((again - drawn) ** 2))
    return {"error": errors[0], "limited": errors[1]}


def pattern_probes(key, *, fields):
    """Frames of Swift-Hohenberg grown from noise: spectrum, variance, interpolation from probes, and a code map.

    The code map has 30 codes of the value, by Lloyd's iteration from quantiles of the frame.
    """
    recipe = dynamics.recipe("sh_release", frames=SH_FRAMES[-1] + 1)
    runs = jax.lax.map(lambda k: dynamics.simulate(k, recipe)[np.array(SH_FRAMES), 0], jr.split(key, fields))

    def at(frames):
        frames = frames - jnp.mean(frames)
        spectrum = jnp.mean(jnp.abs(jnp.fft.fft2(frames) / SH_POINTS**2) ** 2, axis=0)
        values = frames.ravel()
        middles = (jnp.arange(SH_CODES) + 0.5) / SH_CODES
        levels = dynamics.lloyd_line(values, jnp.quantile(values, middles), 200)
        codes = dynamics.nearest_on_line(values, levels)
        sides = [jax.vmap(lambda field, m=m: dynamics.interpolated(field, m))(frames) for m in SH_SIDES]
        return {
            # By symmetry S_k = S_-k; estimates are averaged over both.
            "spectrum": (spectrum + jnp.roll(spectrum[::-1, ::-1], 1, (0, 1))) / 2,
            "interpolated": jnp.stack([jnp.mean((again - frames) ** 2) for again in sides]),
            "coded": jnp.mean((levels[codes] - values) ** 2),
            "entropy": _entropy(dynamics.code_shares(codes, SH_CODES)),
        }

    return jax.lax.map(at, jnp.moveaxis(runs, 1, 0))


def _entropy(shares):
    return -jnp.sum(jnp.where(shares > 0, shares * jnp.log2(jnp.where(shares > 0, shares, 1)), 0))


_POINTS, _SIDE = Quantity("n", "points per side"), Quantity("m", "probes per side")
_FIELDS = Quantity("f", "fields in one replicate")
_REPLICATE = Quantity("i", "replicate")
_SIDES = cases("probes", points=(16, 16, 16, 12, 15), per_side=(2, 4, 8, 3, 5))
_SPECTRA = {"centre": (0.0, 6.0), "width": (0.5, 3.0), "floor": (0.001, 0.2)}

DENSE_PROBES = Experiment(
    name="graph_ode/dense-probes",
    title="Linear probes by dense linear algebra",
    cell=dense_probes,
    parameters={
        "points": _POINTS,
        "per_side": _SIDE,
        "centre": Quantity("k_0", "centre of the band of wavenumbers"),
        "width": Quantity("w", "width of the band"),
        "floor": Quantity("c", "energy of the floor beside the band"),
    },
    outputs={
        "best": Quantity("e_1", "error left by principal components"),
        "kriging": Quantity("e_2", "error left by regular probes and the best decoder"),
    },
    scales={
        name: Space((_SIDES, random_design("spectrum", count, 16, **_SPECTRA)))
        for name, count in (("quick", 4), ("paper", 40))
    },
    static=("points", "per_side"),
    compiled=False,
)

DRAWN_PROBES = Experiment(
    name="graph_ode/drawn-probes",
    title="Interpolation of drawn fields from regular probes",
    cell=drawn_probes,
    parameters={"points": _POINTS, "per_side": _SIDE, "fields": _FIELDS, "replicate": _REPLICATE},
    outputs={
        "error": Quantity("e_3", "mean square error, band and floor"),
        "limited": Quantity("e_3", "mean square error, a band-limited field"),
    },
    scales={
        name: Space((cases("probes", points=(32, 27), per_side=(8, 9)), replicates(count)), {"fields": 64})
        for name, count in (("quick", 24), ("paper", 192))
    },
    static=("points", "per_side", "fields"),
)

PATTERN_PROBES = Experiment(
    name="graph_ode/pattern-probes",
    title="Probes and codes of growing Swift-Hohenberg patterns",
    cell=pattern_probes,
    parameters={"fields": _FIELDS, "replicate": _REPLICATE},
    outputs={
        "spectrum": Quantity("S_k", "energy of each mode", dims=("frame", "row", "column")),
        "interpolated": Quantity("e_3", "mean square error of interpolation", dims=("frame", "per_side")),
        "coded": Quantity("e", "mean square error of 30 codes of the value", dims=("frame",)),
        "entropy": Quantity("H(k)", "entropy of the codes", "bit", ("frame",)),
    },
    scales={
        "quick": Space((replicates(8),), {"fields": 2}),
        "paper": Space((replicates(24),), {"fields": 3}),
    },
    static=("fields",),
    precision="float32",
    side_by_side=False,
    packages=("exponax",),
    coordinates={"frame": tuple(map(float, SH_FRAMES)), "per_side": tuple(map(float, SH_SIDES))},
)

EXPERIMENTS = (DENSE_PROBES, DRAWN_PROBES, PATTERN_PROBES)
